"""A simulated SMS gateway: a real HTTP server that sends nothing to anybody.

`python -m simulators.sms_gateway --port 8200`, settings in `gateway_settings`, protocol and magic numbers in
docs/services/notifications.md. It says what it is at GET /simulator, so that a demo can refuse any other gateway.
"""

import asyncio
import hmac
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import typer
import uvicorn
import uvloop
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from simulators.gateway_settings import GatewaySettings
from simulators.magic_numbers import MAGIC_ENDINGS, Reaction, Receipts, Treatment, treatment
from simulators.receipt_post import ReceiptPost
from simulators.sent_record import SentRecord
from simulators.status_file import StatusFile


class Submission(BaseModel):
    """A message to send; `reference` is the client's and makes it the same message when it comes again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    reference: str = Field(pattern=r"^[0-9a-f-]{36}$")
    to: str = Field(pattern=r"^\+[0-9]{8,15}$")
    text: str = Field(min_length=1, max_length=1600)


@dataclass
class Gateway:
    """What the gateway remembers: references and statuses, for a bounded number of messages; no text, no number."""

    settings: GatewaySettings
    post: ReceiptPost
    kept: StatusFile
    sent: SentRecord
    statuses: OrderedDict[str, str] = field(init=False)
    refusals: OrderedDict[str, int] = field(default_factory=OrderedDict)
    counts: dict[str, int] = field(default_factory=lambda: {"accepted": 0, "duplicate": 0, "refused": 0})

    def __post_init__(self) -> None:
        self.statuses = OrderedDict(self.kept.read())

    async def submit(self, message: Submission) -> JSONResponse:
        """Take or refuse a message."""
        if message.reference in self.statuses:
            self.counts["duplicate"] += 1
            return JSONResponse({"error": "duplicate_reference"}, 409)
        how = treatment(message.to, message.reference, self.settings.seed, self.settings.shares)
        refusal = self._refusal(message.reference, how.reaction)
        if refusal is not None:
            self.counts["refused"] += 1
            return refusal
        self.counts["accepted"] += 1
        self.sent.add(message.reference, message.to, message.text)
        self._set_status(message.reference, "accepted")
        self._deliver(message.reference, how)
        if how.reaction is Reaction.ACCEPT_BUT_FAIL:
            return JSONResponse({"error": "internal"}, 500)
        if how.reaction is Reaction.ACCEPT_BUT_HANG:
            await asyncio.sleep(self.settings.hang_seconds)
        return JSONResponse({"reference": message.reference, "status": "accepted"}, 202)

    def _refusal(self, reference: str, reaction: Reaction) -> JSONResponse | None:
        if reaction is Reaction.DEAD_NUMBER:
            return JSONResponse({"error": "dead_number"}, 422)
        if reaction is Reaction.REFUSE:
            return JSONResponse({"error": "content_refused"}, 400)
        if reaction in {Reaction.THROTTLE_TWICE, Reaction.UNAVAILABLE_TWICE}:
            times = self.refusals.get(reference, 0)
            if times < 2:
                self._remember(self.refusals, reference, times + 1)
                if reaction is Reaction.THROTTLE_TWICE:
                    return JSONResponse({"error": "too_many_requests"}, 429, headers={"Retry-After": "1"})
                return JSONResponse({"error": "unavailable"}, 503)
        return None

    def _deliver(self, reference: str, how: Treatment) -> None:
        if how.final is None:
            return
        settings = self.settings
        late = how.receipts is Receipts.LATE
        after_seconds = settings.late_after_seconds if late else settings.receipt_after_seconds
        self._set_status(reference, how.final)
        match how.receipts:
            case Receipts.ONCE | Receipts.LATE:
                self.post.send(reference, [how.final], after_seconds)
            case Receipts.REPEATED:
                self.post.send(reference, [how.final] * 3, after_seconds)
            case Receipts.OUT_OF_ORDER:
                self.post.send(reference, [how.final, "accepted"], after_seconds)
            case Receipts.LOST:
                pass

    def _set_status(self, reference: str, status: str) -> None:
        self._remember(self.statuses, reference, status)
        self.kept.add(reference, status)

    def _remember(self, memory: OrderedDict[str, Any], reference: str, value: str | int) -> None:
        memory[reference] = value
        while len(memory) > self.settings.messages_kept:
            memory.popitem(last=False)


class OnlyOurClient:
    """Middleware that answers 401 to everybody without the secret; what the gateway is, it tells to all."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._expected = f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] != "http" or scope["path"] == "/simulator":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("authorization", "").encode()
        allowed = hmac.compare_digest(given, self._expected)
        await (self._app if allowed else JSONResponse({"error": "unauthorised"}, 401))(scope, receive, send)


def create_app(settings: GatewaySettings) -> FastAPI:
    """The gateway as an ASGI application."""
    secret = settings.secret.get_secret_value()
    post = ReceiptPost(settings.receipts_url, secret)
    gateway = Gateway(settings, post, StatusFile(settings.status_file), SentRecord(settings.sent_file, secret))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await gateway.post.close()

    app = FastAPI(title="Simulated SMS gateway", docs_url=None, redoc_url=None, lifespan=lifespan)

    app.add_middleware(OnlyOurClient, secret=secret)
    _declare(app, gateway)
    return app


def _declare(app: FastAPI, gateway: Gateway) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _error: RequestValidationError) -> JSONResponse:
        # Not FastAPI's 422, which means a dead number here; and nothing of the request is repeated.
        return JSONResponse({"error": "invalid_request"}, 400)

    @app.post("/messages", status_code=202)
    async def post_message(message: Submission) -> JSONResponse:
        return await gateway.submit(message)

    @app.get("/messages/{reference}")
    async def get_message(reference: str) -> JSONResponse:
        status = gateway.statuses.get(reference)
        if status is None:
            return JSONResponse({"error": "unknown_reference"}, 404)
        return JSONResponse({"reference": reference, "status": status})

    @app.get("/simulator")
    async def get_simulator() -> dict[str, Any]:
        return {
            "simulator": "sms-gateway",
            "seed": gateway.settings.seed,
            "magic_endings": sorted(MAGIC_ENDINGS),
            "counts": gateway.counts,
        }


def main(port: int = 0, host: str = "127.0.0.1") -> None:
    """Run until SIGTERM, SIGINT, or the end of the parent (STOP_WHEN_STDIN_CLOSES=1)."""
    settings = GatewaySettings()
    config = uvicorn.Config(create_app(settings), host=host, port=port, log_level="warning", access_log=False)
    uvloop.run(_serve(uvicorn.Server(config)))


async def _serve(server: uvicorn.Server) -> None:
    if os.environ.get("STOP_WHEN_STDIN_CLOSES") == "1":
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _parent_gone)
    await server.serve()


def _parent_gone() -> None:
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    typer.run(main)
