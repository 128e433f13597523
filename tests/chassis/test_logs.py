"""Lines of the log are JSON, and tell to which trace, case and event they belong."""

import json
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any
from uuid import UUID

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from chassis import logs, telemetry
from chassis.ids import new_id
from tests.chassis.builders import headers_of, ordered, record
from tests.chassis.sample.service import BUGGY_RUPIAH, TOO_MUCH_RUPIAH
from tests.support.service import ServiceUnderTest

CASE = str(UUID(int=9))
PROGRAM = """
from opentelemetry import trace
from chassis import logs, settings, telemetry
telemetry.start_tracing("sample", settings.ServiceSettings.model_construct())
logs.start_logging("sample")
with telemetry.span("step", trace.SpanKind.INTERNAL):
    logs.logger("x").info("within", count=1)
    with logs.about(trace_id="ab" * 16, case_id="c", event_id=None):
        logs.logger("x").info("about")
"""
NIK = "3328991505900001"
FORGETFUL = f"""
import asyncio, gc, uvloop
from chassis import logs
async def fail():
    raise ValueError("NIK {NIK}")
async def main():
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
logs.start_logging("sample")
uvloop.run(main())
"""

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What is logged, with everything the processors of a service add; spans are made, as in a service."""
    monkeypatch.setattr(telemetry, "tracer", TracerProvider().get_tracer("test"))
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars, logs._with_trace]) as captured:
        yield captured


def headers(event_id: UUID, trace_id: str) -> list[tuple[str, bytes]]:
    """Headers of an event with a trace of its own."""
    told = headers_of(ordered(1), event_id) | {"traceparent": f"00-{trace_id}-{'1' * 16}-01"}
    return [(name, value.encode()) for name, value in told.items()]


def test_a_line_is_json_with_its_trace() -> None:
    """Also where no exporter is set, as by default."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    within, about = (json.loads(line) for line in done.stdout.splitlines())
    assert within["event"] == "within"
    assert within["service"] == "sample"
    assert len(within["trace_id"]) == 32
    assert (about["trace_id"], about["case_id"]) == ("ab" * 16, "c")
    assert "event_id" not in about, "unknown is absent"


async def test_what_is_logged_of_one_event_of_a_batch_is_that_events(sample: ServiceUnderTest, lines: Lines) -> None:
    """A refusal, an error nobody foresaw, and junk, each with its own trace, among others."""
    ids = {kind: new_id() for kind in ("refused", "buggy", "junk")}
    traces = {kind: digit * 32 for kind, digit in (("refused", "a"), ("buggy", "b"), ("junk", "c"))}
    batch = [
        record(ordered(1)),
        record(ordered(2, TOO_MUCH_RUPIAH + 1), headers=headers(ids["refused"], traces["refused"])),
        record(ordered(3, BUGGY_RUPIAH), headers=headers(ids["buggy"], traces["buggy"])),
        record(ordered(4), headers=headers(ids["junk"], traces["junk"]), value=b"{"),
    ]
    await sample.processor().process(batch)
    parked = [line for line in lines if line["event"] == "message_parked"]
    told = {line["event_id"]: (line["trace_id"], line["case_id"]) for line in parked}
    assert told == {str(ids[kind]): (traces[kind], CASE) for kind in ids}


async def test_a_handlers_own_lines_about_one_event_carry_it(
    sample: ServiceUnderTest, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = sample.service.consumers.handle

    async def talkative(tx: Any, run: Any) -> None:
        logs.logger("handler").info("handling")
        await handle(tx, run)

    monkeypatch.setattr(sample.service.consumers, "handle", talkative)
    event_id, trace_id = new_id(), "d" * 32
    await sample.processor().process([record(ordered(1), headers=headers(event_id, trace_id))])
    (line,) = [line for line in lines if line["event"] == "handling"]
    assert (line["event_id"], line["trace_id"], line["case_id"]) == (str(event_id), trace_id, CASE)
    await sample.processor().process([record(ordered(1)), record(ordered(2))])
    assert "event_id" not in lines[-1], "about two events is about none of them"


async def test_failed_timers_and_jobs_name_themselves_and_their_trace(sample: ServiceUnderTest, lines: Lines) -> None:
    with telemetry.tracer.start_as_current_span("request") as request:
        trace_id = f"{request.get_span_context().trace_id:032x}"
        async with sample.service.database.transaction() as tx:
            await tx.schedule("interest", tx.now, UUID(int=1), {"fails": True}, case=UUID(CASE))
            job_id = await tx.start_job(
                "credit-many", {"ids": [str(UUID(int=1))], "amount_rupiah": TOO_MUCH_RUPIAH + 1}
            )
    await sample.service.timers.fire_due(sample.service.database)
    await sample.service.jobs.run_next(sample.service.database, 1000)
    told = {line["event"]: line for line in lines}
    assert told["timer_failed"]["trace_id"] == told["job_failed"]["trace_id"] == trace_id
    assert told["timer_failed"]["timer_id"]
    assert told["timer_failed"]["case_id"] == CASE
    assert told["job_failed"]["job_id"] == str(job_id)


def test_a_line_takes_the_case_of_its_span_unless_there_are_several(lines: Lines) -> None:
    other = UUID(int=8)
    with telemetry.span("request", SpanKind.SERVER):
        logs.logger("x").info("before")
        telemetry.note_event(None, "sample.credited.v1", new_id(), UUID(CASE))
        logs.logger("x").info("about one")
        with logs.about(trace_id="e" * 32):
            logs.logger("x").info("about something else")
        telemetry.note_event(None, "sample.credited.v1", new_id(), other)
        logs.logger("x").info("about two")
    with telemetry.span("send", SpanKind.CLIENT, case_id=CASE):
        logs.logger("x").info("sending")
    assert {line["event"]: line.get("case_id") for line in lines} == {
        "before": None, "about one": CASE, "about something else": None, "about two": None, "sending": CASE,
    }  # fmt: skip


def test_an_error_that_nobody_retrieved_is_logged_without_its_text() -> None:
    """The event loop puts the task's repr, and with it the exception's text, into its message."""
    done = subprocess.run([sys.executable, "-c", FORGETFUL], capture_output=True, text=True, check=True)
    (line,) = (json.loads(line) for line in done.stdout.splitlines())
    assert (line["logger"], line["error"], line["level"]) == ("asyncio", "ValueError", "error")
    assert NIK not in done.stdout + done.stderr
