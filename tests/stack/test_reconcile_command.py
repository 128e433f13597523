"""`sinergi reconcile`: what is missing after a restore, what is noted as entered again, and how it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cli.commands import reconcile
from cli.main import app
from deploy.local.reconciling import MissingFact, NotMissing, Reconciliation

EVENT = UUID("01931000-0000-7000-8000-000000000001")
NOW = datetime(2023, 11, 22, 3, 0, tzinfo=UTC)


class FakeDatabase:
    """A restored service's own view, without a server."""

    def __init__(self, found: Reconciliation | None) -> None:
        self.found = found
        self.settled: list[UUID] = []
        self.served = 0

    async def reconciliation(self, _url: str, _service: str) -> Reconciliation | None:
        return self.found

    async def settle(self, _url: str, _service: str, events: list[UUID], *, actor: str) -> None:
        assert actor.startswith("operator:")
        if unknown := [event for event in events if event != EVENT]:
            raise NotMissing(unknown)
        self.settled += events
        self.found = restored(missing=())

    async def serve(self, _url: str, _service: str, *, actor: str) -> None:
        assert actor.startswith("operator:")
        self.served += 1


def restored(**changes: Any) -> Reconciliation:
    """A service that was restored, has caught up and misses one fact, unless told otherwise."""
    fact = MissingFact(
        event_id=EVENT, type="training.completed.v1", subject=EVENT, case_id=None, agency="dinsos",
        occurred_on=date(2023, 11, 20), told_at=NOW, is_different=False,
    )  # fmt: skip
    known: dict[str, Any] = {"restored_at": NOW, "is_adopted": True, "is_caught_up": True, "missing": (fact,)}
    return Reconciliation(**known | changes)


@pytest.fixture
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    fake = FakeDatabase(getattr(request, "param", restored()))

    @contextmanager
    def url(_home: object) -> Iterator[str]:
        yield "postgresql://none"

    monkeypatch.setattr(reconcile, "superuser_url", url)
    for name in ("reconciliation", "settle", "serve"):
        monkeypatch.setattr(reconcile, name, getattr(fake, name))
    monkeypatch.setenv("COLUMNS", "250")
    return fake


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["reconcile", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("database", "code", "word"),
    [
        (None, 0, "was never restored"),
        (restored(is_caught_up=False), 2, "reading what it heard"),
        (restored(is_caught_up=False, is_adopted=False), 2, "reading its own topics"),
        (restored(), 1, str(EVENT)),
        (restored(missing=()), 0, "nothing is missing"),
    ],
    indirect=["database"],
)
def test_it_tells_where_the_restore_stands(database: FakeDatabase, code: int, word: str) -> None:
    found, shown = invoke("training")
    assert found == code, shown
    assert word in shown, shown


def test_what_was_entered_again_is_noted(database: FakeDatabase) -> None:
    code, shown = invoke("training", "--entered", str(EVENT))
    assert (code, database.settled) == (0, [EVENT]), shown


def test_what_is_not_missing_is_refused_and_nothing_noted(database: FakeDatabase) -> None:
    code, _ = invoke("training", "--entered", str(UUID(int=7)))
    assert (code, database.settled) == (1, [])


def test_it_may_be_told_to_serve_before_it_has_caught_up(database: FakeDatabase) -> None:
    invoke("training", "--serve-now")
    assert database.served == 1


def test_an_unknown_service_is_refused(database: FakeDatabase) -> None:
    assert invoke("nobody")[0] == 1
