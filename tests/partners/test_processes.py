"""The partners as processes of their own, on real Kafka."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact
from contracts.inbound import AssistanceGivenV1, Attendance, AttendanceReportedV1
from demo.errors import DemoError
from demo.outside import partner
from deploy.local.kafka import Kafka
from partners.cloudevents import producer, tell
from tests.partners.test_comparison import PERSON, allocated
from tests.partners.test_register import DAY, FACTS, SITI, SITI_ENROLMENT

NIK = "3328994101900001"


async def _tell(kafka: Kafka, prefix: str, *facts: Fact) -> None:
    async with producer(kafka.bootstrap_servers) as sender:
        for fact in facts:
            await tell(sender, fact, source="test", prefix=prefix)


async def _told(kafka: Kafka, prefix: str, model: type[Fact]) -> tuple[Any, dict[str, bytes]]:
    """The first record of a kind's topic: fact and headers."""
    entry = CATALOGUE[model.event_type]
    consumer = AIOKafkaConsumer(
        prefix + entry.topic.name, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 30)
    finally:
        await consumer.stop()
    fact = model.model_validate_json(record.value)
    assert record.key == str(getattr(fact, entry.key)).encode()
    return fact, dict(record.headers)


async def test_a_training_provider_hears_its_class_and_sends_the_sheet(kafka: Kafka, topic_prefix: str) -> None:
    await _tell(kafka, topic_prefix, *FACTS)
    arguments = ("--bootstrap-servers", kafka.bootstrap_servers, "--topic-prefix", topic_prefix)
    async with partner("training_provider", "--provider", "lpk-elite-slawi", *arguments) as provider:
        marks = {str(SITI): "absent"}
        assert await provider.order(until=DAY, enrolled_count=2, marks=marks) == 1
        assert await provider.order(until=DAY, enrolled_count=2) == 0, "a session is reported once"
        with pytest.raises(DemoError, match="not an order"):
            await provider.order(nonsense=True)
    sheet, headers = await _told(kafka, topic_prefix, AttendanceReportedV1)
    assert sheet.provider_code == "lpk-elite-slawi"
    assert {line.enrolment_id: line.attendance for line in sheet.entries}[SITI_ENROLMENT] is Attendance.ABSENT
    assert headers["ce_type"] == b"training-provider.attendance_reported.v1"
    assert headers["ce_source"] == b"urn:training-provider:lpk-elite-slawi"


class _Registry(BaseHTTPRequestHandler):
    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({**body, "token": self.headers["Authorization"]})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"items": [{"person_id": str(PERSON)}]}).encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def registry_answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Address of a registry that resolves any NIK to one person, and the questions it got."""
    asked: list[dict[str, Any]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Registry", (_Registry,), {"asked": asked}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


async def test_dinas_koperasi_reports_the_double_aid_it_finds(
    kafka: Kafka, topic_prefix: str, registry_answers: tuple[str, list[dict[str, Any]]]
) -> None:
    url, asked = registry_answers
    planned = allocated(PERSON).fact
    given = {"region_code": "33.28.04.2001", "package_code": "gerobak", "amount_rupiah": 2_500_000}
    arguments = ("--bootstrap-servers", kafka.bootstrap_servers, "--topic-prefix", topic_prefix)
    async with partner(
        "dinas_koperasi", "--registry-url", url, *arguments, secrets={"REGISTRY_TOKEN": "a-token"}
    ) as koperasi:
        assert await koperasi.order(nik=NIK, occurred_on=date(2023, 9, 4), **given) == 0
        await _tell(kafka, topic_prefix, planned)
        report, headers = await _told(kafka, topic_prefix, AssistanceGivenV1)
    assert (report.person_id, report.package_code, report.agency) == (PERSON, "gerobak", "dinas-koperasi")
    assert headers["ce_causationid"]
    assert asked == [{"niks": [NIK], "purpose": "data_exchange", "token": "Bearer a-token"}]
