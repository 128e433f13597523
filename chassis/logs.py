"""Structured logs: one JSON object a line, with trace, case and event where known; never a person's data."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor

from chassis.telemetry import current_case_id, current_trace_id


def _with_trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    # Behind `about`: a redrive's request has a trace, but the lines about its events belong to theirs.
    if "trace_id" not in event and (trace_id := current_trace_id()):
        event["trace_id"] = trace_id
        if "case_id" not in event and (case_id := current_case_id()):
            event["case_id"] = case_id
    return event


@contextmanager
def about(*, trace_id: str | None, **ids: UUID | str | None) -> Iterator[None]:
    """Lines written within carry this trace and these ids, as far as they are known: of one event, timer or job."""
    told = {name: str(value) for name, value in {"trace_id": trace_id, **ids}.items() if value}
    with structlog.contextvars.bound_contextvars(**told):
        yield


def without_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Processor that keeps of an exception its class and places: drivers quote row values in their texts (a NIK)."""
    if event.get("logger") == "asyncio":
        # Its messages hold a task's repr, and in it the text of the exception that nobody retrieved.
        event["event"] = "event_loop_message"
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = _places(error)
    elif isinstance(error, tuple) and error[1] is not None:
        event["error"] = type(error[1]).__name__
        event["at"] = _places(error[1])
    return event


def _places(error: BaseException) -> list[str]:
    places: list[str] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places[-8:]


def start_logging(service: str) -> None:
    """Send structlog's and the libraries' logs to standard output in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                without_values,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("aiokafka", "httpx", "alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    """A structured logger; call it with an event name and keyword facts."""
    return structlog.stdlib.get_logger(name)
