"""The service's own routes called within this process, in the name of an officer who is known already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.types import Message

from chassis.auth import Officer
from chassis.bulk.acts import acts_of, lists_of
from chassis.http import ACTING, Routes
from chassis.problems import answer_with_problems
from chassis.telemetry import NO_SPANS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answered."""

    status: int
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return self.status < 300

    def read(self) -> Any:
        """The content, which is JSON."""
        return orjson.loads(self.content)


class Inside:
    """All routes of a service with its answers to errors, and nothing around them; also where no API is served."""

    def __init__(self, routers: Iterable[Routes]) -> None:
        routers = tuple(routers)
        self.app = FastAPI(openapi_url=None, telemetry=NO_SPANS)
        """Serves nobody; it gets its state from the service's own."""
        self.acts = acts_of(routers)
        self.lists = lists_of(routers)
        answer_with_problems(self.app)
        for router in routers:
            self.app.include_router(router)

    async def call(
        self,
        officer: Officer,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Call one route; permission, region and agency bind as ever. Refusals and errors are answers, too."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": None,
            "server": None,
            ACTING: officer,
        }
        status, content = 500, bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                content.extend(message.get("body", b""))

        await self.app(scope, receive, send)
        return Answer(status, bytes(content))
