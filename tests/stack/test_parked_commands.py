"""`sinergi parked`, its redrive and its mends: what they show, what they ask of which service, and how they end."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands import parked, parked_mend
from cli.main import app

MESSAGE = "01931000-0000-7000-8000-000000000001"
MEND = "01931000-0000-7000-8000-000000000002"
PARKED: dict[str, Any] = {
    "id": MESSAGE, "arrival": 3, "reason": "schema", "detail": "amount_rupiah: int_type", "type": "outside.ordered.v1",
    "topic": "outside.orders", "partition": 1, "log_offset": 42, "attempts": 1, "key": "k", "event_id": "0193-event",
    "correlation_id": None, "trace_id": "ab" * 16, "first_attempt_at": "10:00", "last_attempt_at": "10:00",
}  # fmt: skip
RESULT = {"message_id": MESSAGE, "outcome": "failed", "reason": "schema", "detail": "still", "mend_id": None}


class FakeServices:
    """Two services; one message is parked in training, and its redrive ends as told."""

    urls = ("registry", "training")

    def __init__(self, state: str, failed: int) -> None:
        self.posts: list[tuple[str, str, Any]] = []
        self._job = {"state": state, "done": 1 - failed, "failed": failed, "total": 1, "last_error": "DataError"}

    def get(self, service: str, path: str, **query: Any) -> Any:
        if path == "/admin/parked":
            return [PARKED] if service == "training" and query["after"] == 0 else []
        if path.startswith("/admin/redrives/"):
            return {"items": [RESULT], "next": None}
        return {"job_id": "j1"} if path.startswith("/admin/mends/") else self._job

    def post(self, service: str, path: str, body: Any = None, *, idempotency_key: str = "") -> Any:
        self.posts.append((service, path, body))
        return {"id": "j1"}


@pytest.fixture
def services(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    fake = FakeServices(*getattr(request, "param", ("done", 0)))
    for module in (parked, parked_mend):
        monkeypatch.setattr(module, "Services", lambda subject="": fake)
    monkeypatch.setenv("COLUMNS", "200")
    return fake


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_the_list_names_reason_place_and_ids_but_no_content(services: FakeServices) -> None:
    code, shown = invoke("parked")
    assert code == 0
    for word in (f"training {MESSAGE}", "schema", "outside.orders/1@42", "event_id 0193-event", "1 parked"):
        assert word in shown, shown


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (["--message", MESSAGE], {"message_id": MESSAGE}),
        (["--topic", "outside.orders", "--key", "k"], {"topic": "outside.orders", "key": "k"}),
        (["--type", "outside.ordered.v1"], {"type": "outside.ordered.v1"}),
        (["--reason", "schema"], {"reason": "schema"}),
        (["--all"], {"all": True}),
    ],
)
def test_a_redrive_asks_for_one_selection(services: FakeServices, given: list[str], asked: dict[str, Any]) -> None:
    code, shown = invoke("parked", "redrive", "training", *given)
    assert (code, services.posts) == (0, [("training", "/admin/parked/redrive", asked)])
    assert MESSAGE in shown


@pytest.mark.parametrize("given", [[], ["--all", "--reason", "schema"], ["--topic", "outside.orders"]])
def test_a_redrive_of_nothing_or_of_two_things_is_refused(services: FakeServices, given: list[str]) -> None:
    code, _ = invoke("parked", "redrive", "training", *given)
    assert (code, services.posts) == (1, [])


@pytest.mark.parametrize(
    ("services", "word"), [(("done", 1), "1 still wait"), (("failed", 1), MESSAGE)], indirect=["services"]
)
def test_a_redrive_that_did_not_mend_everything_ends_with_1(services: FakeServices, word: str) -> None:
    code, shown = invoke("parked", "redrive", "training", "--all")
    assert code == 1
    assert word in shown, shown


def test_opening_names_its_purpose(services: FakeServices) -> None:
    code, _ = invoke("parked", "open", "training", MESSAGE, "--purpose", "find_cause")
    assert (code, services.posts) == (0, [("training", f"/admin/parked/{MESSAGE}/open", {"purpose": "find_cause"})])


def test_a_mend_is_proposed_with_what_it_replaces_and_approved_into_a_redrive(
    services: FakeServices, tmp_path: Path
) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"amount_rupiah": 5}')
    invoke("parked", "mend", "propose", "training", MESSAGE, "--reason", "publisher_confirmed", "--body", str(body))
    invoke("parked", "mend", "approve", "training", MEND)
    proposed = {"kind": "replace", "reason": "publisher_confirmed", "body": '{"amount_rupiah": 5}'}
    assert services.posts == [
        ("training", f"/admin/parked/{MESSAGE}/mends", proposed),
        ("training", f"/admin/mends/{MEND}/approve", None),
    ]


def test_a_mend_that_replaces_nothing_is_refused(services: FakeServices) -> None:
    code, _ = invoke("parked", "mend", "propose", "training", MESSAGE, "--reason", "foreign")
    assert (code, services.posts) == (1, [])
