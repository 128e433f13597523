"""`sinergi outbox`, `outbox release` and `republish`: what they show, and what they ask of which service."""

from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands import outbox, republish
from cli.main import app

VIEW: dict[str, Any] = {
    "depth": 0, "oldest_age_seconds": None, "held": 0, "unavailable_topics": [], "relay_leader": "host/12/ab",
    "relay_beat_age_seconds": 0.4, "relay_alive": True, "relays_waiting": 0, "log_identity": "old",
    "log_replaced_by": None,
}  # fmt: skip
STUCK = {
    "position": 7, "event_id": "0193-event", "type": "training.completed.v1", "topic": "training.enrolments",
    "key": "k", "age_seconds": 240.0, "reason": "too_large",
}  # fmt: skip


class FakeServices:
    """Two services; registry's log was replaced and one of its events is stuck."""

    urls = ("registry", "training")

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, Any]] = []

    def get(self, service: str, path: str, **query: Any) -> Any:
        if path == "/admin/outbox/stuck":
            first = service == "registry" and query["after"] == 0
            return {"items": [STUCK] if first else [], "next": 7 if first else None}
        return VIEW | ({"log_replaced_by": "new", "relay_alive": False} if service == "registry" else {})

    def post(self, service: str, path: str, body: Any = None, *, idempotency_key: str) -> Any:
        self.posts.append((service, path, body))
        assert idempotency_key
        return {}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    fake = FakeServices()
    for module in (outbox, republish):
        monkeypatch.setattr(module, "Services", lambda: fake)
    monkeypatch.setattr(republish, "require_running", lambda _home: {"kafka_bootstrap_servers": "broker:9"})
    monkeypatch.setattr(republish, "create_topics", lambda *_: None)
    monkeypatch.setattr(republish, "run_async", lambda _made: None)
    monkeypatch.setenv("COLUMNS", "200")
    return fake


def invoke(*arguments: str, answer: str = "") -> str:
    done = CliRunner().invoke(app, list(arguments), input=answer)
    assert done.exit_code in (0, 1), done.output
    return done.output


def test_the_outbox_shows_relays_stuck_events_and_a_replaced_log(services: FakeServices) -> None:
    shown = invoke("outbox")
    for word in ("none (was host/12/ab)", "too_large", "0193-event", "4 min", "sinergi republish"):
        assert word in shown, shown
    assert shown.count("stuck in") == 1


def test_release_asks_the_named_service(services: FakeServices) -> None:
    invoke("outbox", "release", "training", "0193-event")
    assert services.posts == [("training", "/admin/outbox/0193-event/release", None)]


@pytest.mark.parametrize(("answer", "orders"), [("n\n", []), ("y\n", ["registry"])])
def test_republish_asks_first_and_orders_only_where_the_log_was_lost(
    services: FakeServices, answer: str, orders: list[str]
) -> None:
    shown = invoke("republish", answer=answer)
    assert "registry" in shown
    assert services.posts == [(name, "/admin/outbox/republish", {"log_identity": "new"}) for name in orders]


def test_republish_with_nothing_lost(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "get", lambda *_: VIEW)
    assert "nothing to send again" in invoke("republish", "--yes")
    assert not services.posts
