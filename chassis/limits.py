"""Nothing in a request is unbounded."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import TooLarge
from chassis.problems import refusal_problem


class RequestLimit:
    """Answers 413, naming the limit, to a body larger than allowed, declared or not."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length")
        if declared is None:
            await self._serve_chunked(scope, receive, send)
        elif not declared.isdigit() or int(declared) > self._limit_bytes:
            await self._refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_chunked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a body of undeclared length up to the limit before anybody works on it."""
        read: list[Message] = []
        size, more = 0, True
        while more and size <= self._limit_bytes:
            read.append(await receive())
            size += len(read[-1].get("body", b""))
            more = bool(read[-1].get("more_body"))
        if size > self._limit_bytes:
            await self._refuse(scope, receive, send)
            return
        waiting = iter(read)

        async def replay() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal_problem(Request(scope, receive), TooLarge(limit_bytes=self._limit_bytes))
        await response(scope, receive, send)
