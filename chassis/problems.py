"""Errors as problem details (RFC 9457), in the reader's language, never repeating what was sent in."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from chassis.database import is_transient
from chassis.errors import Conflict, NotAllowed, Refusal
from chassis.i18n import Language, translate
from chassis.logs import logger
from chassis.telemetry import current_trace_id

log = logger(__name__)

_FIELD_NAME = re.compile(r"^[a-z_][a-z0-9_-]{0,47}$", re.IGNORECASE)
_MEDIA_TYPE = "application/problem+json"


class AlreadyRecorded(Conflict):
    """Another request recorded the same thing first."""

    title = "The same thing is already recorded"


_REFUSED_BY_DATABASE: dict[str, type[Refusal]] = {"23505": AlreadyRecorded, "42501": NotAllowed}
"""Unique violation and row-level security, by SQLSTATE."""


def answer_with_problems(app: FastAPI) -> None:
    """Register the handlers: refusals, invalid requests, unknown paths, and whatever else goes wrong."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


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
    return JSONResponse(body, status, headers={"Content-Language": language}, media_type=_MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    facts = {name: value if isinstance(value, str | int | list) else str(value) for name, value in error.facts.items()}
    more: dict[str, Any] = {"facts": facts} if facts else {}
    return _problem(request, error.status, error.code, error.title, **more)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": _place(item["loc"]), "rule": item["type"], "message": _message(item)} for item in error.errors()
    ]
    return _problem(request, 422, "invalid-request", "The request has invalid fields", errors=errors)


def _place(location: tuple[Any, ...]) -> str:
    # An unknown field's name is the sender's own text: a NIK put in the wrong place must not come back.
    return ".".join(str(part) if isinstance(part, int) or _FIELD_NAME.match(str(part)) else "?" for part in location)


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
    if isinstance(error, DBAPIError) and (
        refusal := _REFUSED_BY_DATABASE.get(str(getattr(error.orig, "sqlstate", "")))
    ):
        # The last line of defence spoke: a race that two checks both passed, or a row outside the officer's scope.
        log.warning("refused_by_database", exc_info=error)
        return await _refused(request, refusal())
    log.error("request_failed", exc_info=error)
    return _problem(
        request,
        500,
        "internal",
        "Something went wrong here; it is recorded under the trace id",
    )
