"""Errors as problem details (RFC 9457), in the reader's language; of what was sent in, slips in names at most."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.database import is_transient, is_unencodable, sqlstate_of
from chassis.errors import Conflict, NotAllowed, Refusal, Unprocessable
from chassis.i18n import Language, translate
from chassis.logs import logger
from chassis.telemetry import current_trace_id

log = logger(__name__)

_FIELD_NAME = re.compile(r"^[a-z_][a-z0-9_-]{0,47}$", re.IGNORECASE)
MEDIA_TYPE = "application/problem+json"
INVALID_REQUEST = "The request has invalid fields"


class AlreadyRecorded(Conflict):
    """Another request recorded the same thing first."""

    title = "The same thing is already recorded"


class ValueNotStorable(Unprocessable):
    """A value that no column can hold: a NUL character, a number out of range."""

    title = "A value is out of range or holds characters that cannot be kept"


_REFUSED_BY_DATABASE: dict[str, type[Refusal]] = {
    "22": ValueNotStorable,
    "23502": ValueNotStorable,
    "23503": Conflict,
    "23505": AlreadyRecorded,
    "23514": Conflict,
    "42501": NotAllowed,
}
"""What the last line of defence means to a caller, by SQLSTATE or its class."""


def answer_with_problems(app: FastAPI) -> None:
    """Register the handlers: refusals, invalid requests, unknown paths, and whatever else goes wrong."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(_AnswerFailures)


def _problem(request: Request, status: int, code: str, title: str, **more: Any) -> JSONResponse:
    language = Language.of(request)
    body: dict[str, Any] = {
        "type": f"urn:sinergi:problem:{code}",
        "title": translate(request.app.state.package, language, title),
        "status": status,
        **more,
    }
    if trace_id := current_trace_id():
        body["trace_id"] = trace_id
    return JSONResponse(body, status, headers={"Content-Language": language}, media_type=MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return refusal_problem(request, error)


def refusal_problem(request: Request, refusal: Refusal) -> JSONResponse:
    """The answer to a request that a rule refuses."""
    known = refusal.facts.items()
    facts = {name: value if isinstance(value, str | int | list) else str(value) for name, value in known}
    more: dict[str, Any] = {"facts": facts} if facts else {}
    if refusal.detail:
        more["detail"] = translate(request.app.state.package, Language.of(request), refusal.detail, **facts)
    return _problem(request, refusal.status, refusal.code, refusal.title, **more)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_problem_with_body(item) or _problem_with_field(item) for item in error.errors()]
    return _problem(request, 422, "invalid-request", INVALID_REQUEST, errors=errors)


def _problem_with_field(item: dict[str, Any]) -> dict[str, str]:
    return {"field": _place(item), "rule": item["type"], "message": _message(item)}


def _problem_with_body(item: dict[str, Any]) -> dict[str, str] | None:
    """Of a body that was not read as JSON at all, what to send; FastAPI's own words name a field or a dictionary."""
    if item["type"] == "json_invalid":
        message = f"Send JSON: at character {item['loc'][-1]} it is none"
    elif tuple(item["loc"]) == ("body",) and item["type"] == "model_attributes_type":
        message = "Send a JSON object, with the header Content-Type: application/json"
    else:
        return None
    return {"field": "body", "rule": item["type"], "message": message}


def _place(item: dict[str, Any]) -> str:
    # An unknown field's name is the sender's own text: a NIK or a name put in the wrong place must not come back.
    parts = [str(part) if isinstance(part, int) or _FIELD_NAME.match(str(part)) else "?" for part in item["loc"]]
    if item["type"] == "extra_forbidden":
        parts[-1] = "?"
    return ".".join(parts)


def _message(item: dict[str, Any]) -> str:
    message = str(item["msg"])
    # Parsing errors quote the offending characters behind a comma.
    return message.split(",", 1)[0] if item["type"].endswith("parsing") else message


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    titles = {
        404: "There is nothing at this address",
        405: "This method is not supported here",
    }
    title = titles.get(error.status_code, "The request cannot be served")
    return _problem(request, error.status_code, f"http-{error.status_code}", title)


class _AnswerFailures:
    """Turns whatever nobody handled into a problem, inside the HTTP span: no exception text gets into a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; once the answer has begun, an error can only end the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as error:
            if begun:
                raise
            response = await _failed(Request(scope, receive), error)
            await response(scope, receive, send)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    if is_transient(error):
        log.warning("request_unavailable", exc_info=error)
        response = _problem(
            request,
            503,
            "unavailable",
            "Temporarily unavailable; send the same request again",
        )
        response.headers["Retry-After"] = "2"
        return response
    state = sqlstate_of(error)
    refusal = _REFUSED_BY_DATABASE.get(state) or _REFUSED_BY_DATABASE.get(state[:2])
    if refusal is None and is_unencodable(error):
        refusal = ValueNotStorable
    if refusal is not None:
        # A race that two checks both passed, a row outside the officer's scope, a value that cannot be kept.
        log.warning("refused_by_database", exc_info=error)
        return await _refused(request, refusal())
    log.error("request_failed", exc_info=error)
    return _problem(
        request,
        500,
        "internal",
        "Something went wrong here; it is recorded under the trace id",
    )
