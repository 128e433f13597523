"""Nothing in a request is unbounded."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLimit:
    """Answers 413, naming the limit, to a body larger than allowed; counts what really arrives."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._limit_bytes:
            await self._refuse(scope, receive, send)
            return
        await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._limit_bytes:
                # A chunked body without a declared length: end it as if the client had gone.
                return {"type": "http.disconnect"}
            return message

        return count

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = {
            "type": "urn:sinergi:problem:too-large",
            "title": f"Permintaan lebih besar dari {self._limit_bytes} byte",
            "status": 413,
            "facts": {"limit_bytes": self._limit_bytes},
        }
        response = JSONResponse(problem, 413, media_type="application/problem+json")
        await response(scope, receive, send)
