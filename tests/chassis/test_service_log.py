"""The log of a service that runs as its process does: JSON throughout, and what failed names its trace and its case."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from chassis import telemetry
from chassis.auth import Role
from chassis.ids import new_id
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from tests.chassis.builders import headers_of, ordered
from tests.chassis.kafka import MakeSample, producing, until
from tests.chassis.sample.service import BUGGY_RUPIAH, TOO_MUCH_RUPIAH
from tests.support.service import TestIssuer, settings_for

NIK = "3328991505900001"
CASE, ACCOUNT = UUID(int=9), UUID(int=4)
OF_A_CASE = {"message_parked": CASE, "timer_failed": CASE, "request_failed": ACCOUNT}
"""What goes wrong below, each once, and the case that its line names."""
TRACED = {*OF_A_CASE, "job_failed"}


@dataclass
class Process:
    """The service's process and its log."""

    popen: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """All whole lines. Raises ValueError for one that is no JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def url(self) -> str | None:
        """Where it listens, once it does."""
        found = [re.search(r"http://[\d.:]+", line["event"]) for line in self.lines()]
        return next((match[0] for match in found if match), None)

    async def logged(self, events: set[str]) -> None:
        """Wait until each of these is in the log."""

        async def all_there() -> bool:
            return events <= {line["event"] for line in self.lines()}

        await until(all_there, 60)

    async def end(self) -> None:
        """End it as a supervisor does."""
        self.popen.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self.popen.wait, 60)


@pytest.fixture
async def process(
    kafka: Kafka, prefix: str, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> AsyncIterator[Process]:
    """A process of the sample, which ends with the test."""
    settings = settings_for(sample_urls, issuer, tmp_path, kafka_bootstrap_servers=kafka.bootstrap_servers)
    started = _start([json.dumps(settings, default=str), prefix], tmp_path / "service.log")

    async def listens() -> bool:
        assert started.popen.poll() is None, started.log.read_text()
        return started.url() is not None

    try:
        await until(listens, 60)
        yield started
    finally:
        await started.end()


def _start(arguments: list[str], log: Path) -> Process:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.chassis.service_process", *arguments]
        return Process(subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT), log)


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "not sampled"])
async def test_every_line_is_json_and_what_failed_names_trace_and_case(
    kafka: Kafka, prefix: str, process: Process, make_sample: MakeSample, issuer: TestIssuer,
    monkeypatch: pytest.MonkeyPatch, sampler: Sampler,
) -> None:  # fmt: skip
    monkeypatch.setattr(telemetry, "tracer", TracerProvider(sampler=sampler).get_tracer("test"))
    sample = make_sample()
    with telemetry.tracer.start_as_current_span("request") as request:
        trace_id = f"{request.get_span_context().trace_id:032x}"
        carried = telemetry.carry()
        async with sample.service.database.transaction() as tx:
            await tx.schedule("interest", tx.now, UUID(int=1), {"fails": True}, case=CASE)
            await tx.start_job("credit-many", {"ids": [str(ACCOUNT)], "amount_rupiah": TOO_MUCH_RUPIAH + 1})
    await sample.close()
    headers = headers_of(ordered(1)) | carried
    async with producing(kafka) as producer:
        told = [(name, value.encode()) for name, value in headers.items()]
        await producer.send_and_wait(f"{prefix}outside.orders", f"{{{NIK}".encode(), key=b"k", headers=told)
    body = {"account_id": str(ACCOUNT), "amount_rupiah": BUGGY_RUPIAH}
    token = issuer.token("a", [Role.PETUGAS], "dinsos", "33.28")
    asked = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())} | carried
    async with httpx.AsyncClient(base_url=process.url() or "", trust_env=False) as client:
        refused = await client.post(f"/credits?nik={NIK}", json=body, headers=asked)
        answer = await client.post("/credits", json=body, headers=asked)
    assert refused.status_code == 422
    assert (answer.status_code, answer.json()["trace_id"]) == (500, trace_id)
    await process.logged(TRACED)
    await process.end()
    assert process.log.read_bytes().endswith(b"\n")
    lines = process.lines()
    assert all({"event", "level", "logger", "timestamp"} <= set(line) for line in lines)
    found = {line["event"]: line for line in lines if line["event"] in TRACED}
    assert {event: line["trace_id"] for event, line in found.items()} == dict.fromkeys(TRACED, trace_id)
    assert {event: line.get("case_id") for event, line in found.items()} == {
        **{event: str(case) for event, case in OF_A_CASE.items()},
        "job_failed": None,
    }
    assert NIK not in process.log.read_text()
