"""Posts signed delivery receipts, in the background and with a few tries."""

import asyncio
import hashlib
import hmac
import json
import logging
from http import HTTPStatus

import aiohttp

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "X-Gateway-Signature"
_TRIES = 5
_AT_ONCE = 10


class ReceiptPost:
    """Sends receipts to the callback; a callback that stays away loses them, as with real gateways."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._under_way: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def send(self, reference: str, statuses: list[str], after_seconds: float) -> None:
        """Post the statuses one after the other, the first one after the given time."""
        if self._url:
            task = asyncio.create_task(self._send_all(reference, statuses, after_seconds))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Drop what is still under way."""
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        # Not before there is a loop, which the session belongs to.
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        return self._session

    async def _send_all(self, reference: str, statuses: list[str], after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        for status in statuses:
            await self._send(json.dumps({"reference": reference, "status": status}).encode())

    async def _send(self, body: bytes) -> None:
        signature = hmac.digest(self._secret.encode(), body, hashlib.sha256).hex()
        headers = {SIGNATURE_HEADER: f"sha256={signature}", "Content-Type": "application/json"}
        for number in range(_TRIES):
            try:
                async with self._slots, self._open().post(self._url, data=body, headers=headers) as response:
                    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        return
            except (aiohttp.ClientError, TimeoutError):
                log.info("receipt callback does not answer")
            await asyncio.sleep(0.2 * 2**number)
