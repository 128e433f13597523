"""A client that keeps asking while a service is being killed and started again, always with the same key."""

import asyncio
import time

import httpx

PATIENCE_SECONDS = 90


class PatientTransport(httpx.AsyncBaseTransport):
    """Repeats a request that met a dead, starting or busy service: safe, since every POST has its key."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self.repeated_count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is not the outage's."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = await self._inner.handle_async_request(request)
                content = await response.aread()
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            else:
                in_progress = response.status_code == 409 and b"request-in-progress" in content
                if (response.status_code != 503 and not in_progress) or time.monotonic() > deadline:
                    return httpx.Response(response.status_code, headers=response.headers, content=content)
            self.repeated_count += 1
            await asyncio.sleep(0.2)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
