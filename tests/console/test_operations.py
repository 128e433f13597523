"""The operators' page of a case, joined from what every service answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from contracts.envelope import case_id
from tests.console.builders import PERSON, PROGRAMME, enrolled, opened, registered
from tests.support.service import ServiceFactory, ServiceUnderTest

CASE = case_id(PROGRAMME, PERSON)
ENROLLED, CONFIRMED = str(new_id()), str(new_id())
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def _event(event_id: str, kind: str, **more: Any) -> dict[str, Any]:
    told = {
        "position": 1, "event_id": event_id, "type": kind, "subject": str(new_id()), "key": str(PERSON),
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "recorded_at": "2023-11-22T05:00:00Z",
        "published_at": "2023-11-22T05:00:01Z", "data": {"occurred_on": "2023-11-20", "person_id": str(PERSON)},
    }  # fmt: skip
    return told | more


ANSWERS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "training": {"/admin/events": [_event(ENROLLED, "training.enrolled.v1")], "/admin/heard": []},
    "disbursement": {
        "/admin/events": [
            _event(CONFIRMED, "disbursement.allocation_confirmed.v1", causation_id=ENROLLED, published_at=None)
        ],
        "/admin/heard": [
            {"event_id": ENROLLED, "state": "parked", "at": "2023-11-22T05:00:02Z", "reason": "schema", "type": "x"}
        ],
    },
    "notifications": {
        "/admin/events": [],
        "/admin/heard": [{"event_id": ENROLLED, "state": "processed", "at": "2023-11-22T05:00:03Z"}],
    },
    "followup": {"/admin/events": [], "/admin/heard": []},
    "console": {"/admin/events": [], "/admin/heard": [{"event_id": ENROLLED, "state": "unknown"}]},
}
"""What each service tells; the registry is away."""
ALL_DONE = "Tidak ada: semua peristiwa sudah terkirim dan diproses."


class _Services(BaseHTTPRequestHandler):
    """All services on one port, told apart by the first part of the path."""

    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        _, service, rest = address.path.split("/", 2)
        (case,) = parse_qs(address.query)["case"]
        self.asked.append((service, f"/{rest}", self.headers["Authorization"]))
        known = ANSWERS[service][f"/{rest}"] if case == str(CASE) else []
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(known).encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def services() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """The services' common address and what they were asked."""
    asked: list[tuple[str, str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Services", (_Services,), {"asked": asked}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def seeing(start_service: ServiceFactory, services: tuple[str, list[tuple[str, str, str]]]) -> ServiceUnderTest:
    """A console that asks those services; the registry does not answer."""
    urls = {f"{name}_url": f"{services[0]}/{name}" for name in ANSWERS}
    zipkin = "http://127.0.0.1:9412/zipkin"
    return await start_service("console", **urls, registry_url="http://127.0.0.1:9", zipkin_ui_url=zipkin)


async def test_the_page_says_what_waits_where_and_who_is_silent(
    seeing: ServiceUnderTest, services: tuple[str, list[tuple[str, str, str]]]
) -> None:
    operator = seeing.as_(Role.OPERATOR)
    answer = await operator.get(f"/operations/cases/{CASE}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    for words in (
        "Perjalanan teknis berkas", "Terdaftar pada kelas pelatihan", "terkirim setelah 1000 ms", "diparkir",
        "<code>schema</code>", "diproses setelah 3000 ms", "belum tiba", "Peristiwa menunggu dikirim",
        "Tidak menjawab", "ConnectError", "20 November 2023", f"/traces/{TRACE}", "Sebab: 1",
        "22 Nov 2023 12.00.00 WIB",
    ):  # fmt: skip
        assert words in answer.text
    assert {token for _, _, token in services[1]} == {operator.headers["Authorization"]}
    assert {(service, path) for service, path, _ in services[1]} == {
        (service, path) for service in ANSWERS for path in ("/admin/events", "/admin/heard")
    }


async def test_without_a_trace_server_the_page_shows_the_trace_itself(
    start_service: ServiceFactory, services: tuple[str, list[tuple[str, str, str]]]
) -> None:
    urls = {f"{name}_url": f"{services[0]}/{name}" for name in ANSWERS} | {"registry_url": f"{services[0]}/followup"}
    console = await start_service("console", **urls)
    page = await console.as_(Role.OPERATOR).get(f"/operations/cases/{CASE}")
    assert f"<code>{TRACE}</code>" in page.text
    assert "/traces/" not in page.text


async def test_a_case_of_which_everything_is_done_waits_for_nothing(
    start_service: ServiceFactory, services: tuple[str, list[tuple[str, str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said only when every service has answered."""
    heard = [{"event_id": ENROLLED, "state": "processed", "at": "2023-11-22T05:00:03Z"}]
    nothing: dict[str, list[dict[str, Any]]] = {"/admin/events": [], "/admin/heard": []}
    for name in ANSWERS:
        monkeypatch.setitem(ANSWERS, name, nothing | {"/admin/heard": heard})
    monkeypatch.setitem(ANSWERS, "training", nothing | {"/admin/events": [_event(ENROLLED, "training.enrolled.v1")]})
    urls = {f"{name}_url": f"{services[0]}/{name}" for name in ANSWERS}
    for registry, done in ((f"{services[0]}/followup", True), ("http://127.0.0.1:9", False)):
        console = await start_service("console", **urls, registry_url=registry)
        page = await console.as_(Role.OPERATOR).get(f"/operations/cases/{CASE}")
        assert (ALL_DONE in page.text) is done
        assert ("Belum diketahui" in page.text) is not done


async def test_the_same_for_programs_and_in_english(seeing: ServiceUnderTest) -> None:
    operator = seeing.as_(Role.OPERATOR)
    found = (await operator.get(f"/operations/cases/{CASE}/timeline")).json()
    assert [line["event_id"] for line in found["lines"]] == sorted([ENROLLED, CONFIRMED])
    assert {(wait["kind"], wait["service"]) for wait in found["waits"]} == {
        ("publication", "disbursement"), ("mending", "disbursement"), ("arrival", "console"),
    }  # fmt: skip
    assert found["silent"] == [{"service": "registry", "why": "ConnectError"}]
    page = await operator.get(f"/operations/cases/{CASE}", headers={"Accept-Language": "en"})
    assert "What the case waits for" in page.text


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OPERATOR, 200), (Role.ADMINISTRATOR, 200), (Role.AUDITOR, 200), (Role.PETUGAS, 403)]
)
async def test_operators_see_it_and_auditors_may(seeing: ServiceUnderTest, role: Role, status: int) -> None:
    assert (await seeing.as_(role).get(f"/operations/cases/{CASE}")).status_code == status


async def test_the_case_page_leads_there_for_those_who_may(seeing: ServiceUnderTest) -> None:
    await seeing.deliver(registered(), opened(), enrolled())
    for role, linked in ((Role.OPERATOR, True), (Role.PETUGAS, False)):
        page = await seeing.as_(role).get(f"/cases/{CASE}")
        assert (f"/operations/cases/{CASE}" in page.text) is linked


async def test_a_case_that_nobody_knows_is_not_found_only_when_everybody_answered(
    start_service: ServiceFactory, seeing: ServiceUnderTest, services: tuple[str, list[tuple[str, str, str]]]
) -> None:
    unknown = new_id()
    silent = await seeing.as_(Role.OPERATOR).get(f"/operations/cases/{unknown}")
    assert (silent.status_code, "ConnectError" in silent.text) == (200, True)
    assert "Belum diketahui; sebagian layanan tidak menjawab." in silent.text
    assert ALL_DONE not in silent.text
    urls = {f"{name}_url": f"{services[0]}/{name}" for name in ANSWERS} | {"registry_url": f"{services[0]}/followup"}
    answering = await start_service("console", **urls)
    answer = await answering.as_(Role.OPERATOR).get(f"/operations/cases/{unknown}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:sinergi:problem:unknown-case")
