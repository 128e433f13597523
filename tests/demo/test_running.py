"""How the scenario is run: refusals, requests that can be repeated, waiting with a bound, reports."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rich.console import Console

from demo import officers
from demo.errors import DemoError, TookTooLongError
from demo.figures import Figures
from demo.main import run
from demo.officers import Office, Officer, all_of
from demo.outside import partner
from demo.report import VERSION, print_report
from demo.waiting import until

Answer = Callable[[httpx.Request], httpx.Response]
PROGRAMME_ID = str(uuid4())


def officer(answer: Answer) -> Officer:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Office({"registry": "http://registry"}, lambda *_: "token", client).officer("siti", "petugas")


async def test_the_same_act_has_the_same_key_and_another_one_another() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Idempotency-Key"])
        return httpx.Response(201, json={"id": str(uuid4())})

    for body, mark in (({"a": 1, "b": 2}, ""), ({"b": 2, "a": 1}, ""), ({"a": 2}, ""), ({"a": 1, "b": 2}, "x")):
        await officer(answer).post("registry", "/imports", body, mark=mark)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


async def test_an_unavailable_service_is_asked_again_with_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(officers, "_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Idempotency-Key"])
        if len(seen) == 1:
            raise httpx.ConnectError("restarting")
        busy = {"type": "urn:sinergi:problem:request-in-progress"}
        return (httpx.Response(409, json=busy), httpx.Response(503), httpx.Response(201, json={"id": str(uuid4())}))[
            len(seen) - 2
        ]

    await officer(answer).post("registry", "/imports", {})
    assert len(seen) == 4
    assert len(set(seen)) == 1


@pytest.mark.parametrize("status", [400, 403, 409, 422, 503])
async def test_a_refusal_stops_the_scenario(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(officers, "_PAUSES_SECONDS", (0.0,))
    with pytest.raises(DemoError, match=f"siti was refused: {status}"):
        await officer(lambda _: httpx.Response(status, json={})).post("registry", "/imports", {})


async def test_a_list_is_read_page_by_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("after", 0))
        return httpx.Response(200, json={"items": [after], "next": after + 1 if after < 2 else None})

    assert await officer(answer).get_all("registry", "/people") == [0, 1, 2]


async def test_the_first_of_many_failures_is_told() -> None:
    async def fail(number: int) -> int:
        if number:
            raise DemoError(f"number {number}")
        return number

    with pytest.raises(DemoError, match="number 1"):
        await all_of(range(2), fail)
    assert await all_of([0, 0], fail) == [0, 0]


async def test_waiting_ends() -> None:
    answers = iter(range(10))

    async def ask() -> int:
        return next(answers)

    assert await until(ask, lambda answer: answer == 2, what="two") == 2
    with pytest.raises(TookTooLongError, match="never"):
        await until(ask, lambda _: False, what="never", timeout_seconds=0.1)


async def test_a_partner_that_ends_by_itself_is_noticed() -> None:
    with pytest.raises(DemoError, match="ended by itself"):
        async with partner("training_provider"):
            pass


def test_a_figure_that_is_off_is_told() -> None:
    figures = Figures()
    figures.compare("stage", "right", 3, 3)
    figures.compare("stage", "wrong", 2, 3)
    assert [one.name for one in figures.wrong] == ["wrong"]
    assert [one["right"] for one in figures.as_json()] == [True, False]


@contextmanager
def server(answers: dict[str, Any]) -> Iterator[str]:
    """An HTTP server that answers GETs by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            self.send_response(200 if path in answers else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answers.get(path, {})).encode())

        def log_message(self, *_: object) -> None:
            """Silent."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def play(home: Path, url: str, mode: str = "demo") -> tuple[int, str]:
    """Run on a stack whose every address is `url`: the code and what was printed."""
    text = io.StringIO()
    state = {
        "mode": mode,
        "home": str(home),
        "services": {name: {"url": url} for name in ("registry", "disbursement")},
        "simulators": {"sms_gateway": {"url": url}},
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "zipkin_url": url,
    }
    code = run(state, lambda *_: "token", Console(file=text, width=300))
    return code, text.getvalue()


def test_a_live_installation_is_refused(tmp_path: Path) -> None:
    code, printed = play(tmp_path, "http://127.0.0.1:9", mode="live")
    assert code == 1
    assert "live" in printed


@pytest.mark.parametrize("answers", [{}, {"/simulator": {"simulator": "something-else"}}])
def test_every_gateway_but_the_simulator_is_refused(tmp_path: Path, answers: dict[str, Any]) -> None:
    with server(answers) as url:
        code, printed = play(tmp_path, url)
    assert code == 1
    assert "not the simulator" in printed


def test_a_gateway_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    assert play(tmp_path, "http://127.0.0.1:9")[0] == 1


def _report(right: bool) -> dict[str, Any]:
    people = [{"code": "x", "name": "X", "enrolled": 2, "completed": 2, "handed_over": 1, "graduated": 0}]
    figure = {"stage": "s", "figure": "f", "expected": 1, "actual": 1 if right else 2, "right": right}
    return {
        "version": VERSION,
        "programme_id": PROGRAMME_ID,
        "finished": True,
        "right": right,
        "seconds": 1.0,
        "figures": [figure],
        "by_course": people,
        "by_kecamatan": people,
        "apis": {"registry": "http://registry"},
        "messages": [{"template": "graduation", "state": "delivered", "count": 9}],
        "ledger": {"budget": -5, "available": 5},
        "case": {"page": "http://page", "trace": "http://trace", "bast": "http://bast"},
    }


@pytest.mark.parametrize("right", [True, False])
def test_a_finished_scenario_is_shown_again_and_not_played_twice(tmp_path: Path, right: bool) -> None:
    (tmp_path / "demo-report.json").write_text(json.dumps(_report(right)))
    answers = {
        "/simulator": {"simulator": "sms-gateway"},
        "/programmes": {"items": [{"id": PROGRAMME_ID}], "next": None},
    }
    with server(answers) as url:
        code, printed = play(tmp_path, url)
    assert code == (0 if right else 1)
    assert "nothing is done twice" in printed
    assert ("WRONG s / f: expected 1, is 2" in printed) is not right


def test_the_tables_have_totals() -> None:
    text = io.StringIO()
    print_report(_report(right=True), Console(file=text, width=200))
    for expected in ("total", "delivered", "http://trace", "all 1 figures are right"):
        assert expected in text.getvalue()
