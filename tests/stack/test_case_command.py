"""`sinergi case`: what it says of a case that waits for nothing, and of one of which not everything is known."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from typer.testing import CliRunner

from chassis.case_timeline import CaseTimeline, Line, Silent
from cli.commands import case
from cli.main import app

CASE, PERSON = UUID(int=9), UUID(int=5)
NOW = datetime(2023, 11, 22, 5, tzinfo=UTC)
LINE = Line(
    number=1, cause_number=None, event_id=UUID(int=1), causation_id=None, service="training",
    type="training.enrolled.v1", subject=str(UUID(int=2)), occurred_on=NOW.date(), recorded_at=NOW, published_at=NOW,
    published_after_ms=5, held_reason=None, trace_id="ab" * 16, hearings=[],
)  # fmt: skip


class FakeServices:
    """Of a stack with a trace server."""

    zipkin_url = "http://zipkin.test"


@pytest.mark.parametrize(
    ("silent", "said", "not_said"),
    [
        ([], "nothing: all its events are sent and heard", "nothing known"),
        ([Silent(service="registry", why="ConnectError")], "nothing known; some services did not answer", "all its"),
    ],
)
def test_all_is_well_only_when_every_service_answered(
    monkeypatch: pytest.MonkeyPatch, silent: list[Silent], said: str, not_said: str
) -> None:
    timeline = CaseTimeline(
        case_id=CASE,
        person_id=PERSON,
        programme_id=None,
        asked_at=NOW,
        waits=[],
        silent=silent,
        parked=[],
        lines=[LINE],
    )

    async def read(*_: object) -> CaseTimeline:
        return timeline

    monkeypatch.setattr(case, "Services", FakeServices)
    monkeypatch.setattr(case, "_read", read)
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["case", str(CASE)])
    assert done.exit_code == 0, done.output
    assert said in done.output
    assert not_said not in done.output
    assert f"trace {LINE.trace_id}" in done.output
