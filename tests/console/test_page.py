"""The page of a case and the browser session."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chassis.auth import Role
from contracts.envelope import case_id
from tests.console.builders import BAST, PERSON, PROGRAMME, enrolled, handed_over, opened, registered
from tests.support.service import ServiceFactory, ServiceUnderTest

CASE = case_id(PROGRAMME, PERSON)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class _Registry(BaseHTTPRequestHandler):
    """Answers the look-up of contacts and remembers what it was asked."""

    asked: list[dict[str, object]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, "token": self.headers["Authorization"], **body})
        answer = json.dumps({"items": [{"person_id": str(PERSON), "name": "Siti <Aminah>"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def registry_answers() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Address of a registry that knows the person, and the questions it got."""
    asked: list[dict[str, object]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Registry", (_Registry,), {"asked": asked}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


async def _console(start_service: ServiceFactory, registry_url: str) -> ServiceUnderTest:
    console = await start_service(
        "console",
        registry_url=registry_url,
        disbursement_url="http://127.0.0.1:8102",
        zipkin_ui_url="http://127.0.0.1:9412/zipkin",
    )
    await console.deliver(registered(), opened(), enrolled(), handed_over())
    return console


async def test_the_page_says_who_what_when_where_with_links(
    start_service: ServiceFactory, registry_answers: tuple[str, list[dict[str, object]]]
) -> None:
    url, asked = registry_answers
    console = await _console(start_service, url)
    officer = console.as_(Role.PETUGAS)
    response = await officer.get(f"/cases/{CASE}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    page = response.text
    for words in ("Riwayat", "Terdaftar pada kelas pelatihan", "22 November 2023", "3.000.000", "Penyaluran bantuan"):
        assert words in page
    assert str(BAST) in page
    assert "S*** &lt;******" in page
    assert "Aminah" not in page
    assert asked == [
        {
            "path": "/contacts/lookup",
            "token": officer.headers["Authorization"],
            "person_ids": [str(PERSON)],
            "purpose": "case_work",
        }
    ]


async def test_the_page_speaks_english_second(
    start_service: ServiceFactory, registry_answers: tuple[str, list[dict[str, object]]]
) -> None:
    console = await _console(start_service, registry_answers[0])
    page = await console.as_(Role.PETUGAS).get(f"/cases/{CASE}", headers={"Accept-Language": "en"})
    assert "Enrolled in a class" in page.text
    assert 'lang="en"' in page.text


async def test_the_page_comes_without_a_name_when_the_registry_is_away(start_service: ServiceFactory) -> None:
    console = await _console(start_service, "http://127.0.0.1:9")
    page = await console.as_(Role.PETUGAS).get(f"/cases/{CASE}")
    assert page.status_code == 200
    assert "Nama belum dapat ditampilkan" in page.text


async def test_a_browser_signs_in_by_cookie(start_service: ServiceFactory) -> None:
    console = await _console(start_service, "http://127.0.0.1:9")
    browser = console.client()
    assert (await browser.get("/session")).status_code == 200
    assert (await browser.get(f"/cases/{CASE}")).status_code == 401
    token = console.issuer.token("siti", [Role.PETUGAS], "dinsos", "33.28")
    signed_in = await browser.post("/session", data={"token": token})
    assert signed_in.status_code == 303
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await browser.get(f"/cases/{CASE}")).status_code == 200


async def test_a_bad_token_or_another_sites_form_signs_nobody_in(start_service: ServiceFactory) -> None:
    console = await _console(start_service, "http://127.0.0.1:9")
    browser = console.client()
    assert (await browser.post("/session", data={"token": "nonsense"})).status_code == 401
    token = console.issuer.token("siti", [Role.PETUGAS], "dinsos", "33.28")
    refused = await browser.post("/session", data={"token": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert not browser.cookies
