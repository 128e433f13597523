"""What a service tells of a case, and how the tellings of all of them are joined into its timeline."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.auth import Role
from chassis.case_asking import read_case
from chassis.case_timeline import CaseTimeline, Wait, WaitKind, joined
from chassis.case_views import EVENTS_LIMIT, EventView, HeardState, HeardView
from chassis.ids import new_id
from tests.chassis.builders import ordered, record
from tests.chassis.sample.contract import catalogue_with
from tests.support.service import OfficerClient, ServiceUnderTest

CASE = UUID(int=9)
"""The case of the builders' records."""
CREDITED, ORDERED = "sample.credited.v1", "outside.ordered.v1"
NOON = datetime(2023, 11, 22, 12, tzinfo=UTC)
CATALOGUE = catalogue_with()


def operator(sample: ServiceUnderTest) -> OfficerClient:
    return sample.as_(Role.OPERATOR)


async def heard(sample: ServiceUnderTest, *ids: UUID, **query: str) -> list[dict[str, Any]]:
    """The service's answer for these events."""
    asked = {"case": str(CASE), "event_id": [str(one) for one in ids], **query}
    answer = await operator(sample).get("/admin/heard", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_an_event_names_its_cause_and_its_state_in_the_outbox(sample: ServiceUnderTest) -> None:
    cause = new_id()
    await sample.processor().process([record(ordered(1), event_id=cause)])
    await sample.execute("UPDATE outbox SET held_reason = 'too_large'")
    (event,) = (await operator(sample).get(f"/admin/events?case={CASE}")).json()
    assert (event["type"], event["causation_id"], event["published_at"]) == (CREDITED, str(cause), None)
    assert event["held_reason"] == "too_large"


async def test_an_event_is_processed_parked_or_unknown(sample: ServiceUnderTest) -> None:
    good, bad, behind, unknown = (new_id() for _ in range(4))
    await sample.processor().process([record(ordered(1), event_id=good)])
    await sample.processor().process([record(ordered(2, amount_rupiah=2_000_000), event_id=bad)])
    await sample.processor().process([record(ordered(2), event_id=behind)])
    views = {UUID(view["event_id"]): view for view in await heard(sample, good, bad, behind, unknown)}
    assert {one: view["state"] for one, view in views.items()} == {
        good: "processed", bad: "parked", behind: "parked", unknown: "unknown",
    }  # fmt: skip
    assert (views[bad]["reason"], views[bad]["type"], views[bad]["behind"]) == ("too-much", ORDERED, False)
    assert views[behind]["behind"]
    assert views[good]["at"]
    assert views[unknown]["at"] is None


async def test_what_is_parked_of_a_case_or_key_is_told_without_asking_for_it(sample: ServiceUnderTest) -> None:
    """A person's registration belongs to no case, and yet the case waits for it."""
    bad, elsewhere = new_id(), UUID(int=88)
    await sample.processor().process([record(ordered(2, amount_rupiah=2_000_000), event_id=bad)])
    assert [view["event_id"] for view in await heard(sample)] == [str(bad)]
    for query, found in (({"key": str(UUID(int=2))}, [str(bad)]), ({"key": str(UUID(int=3))}, []), ({}, [])):
        answer = await operator(sample).get("/admin/heard", params={"case": str(elsewhere), **query})
        assert [view["event_id"] for view in answer.json()] == found


@pytest.mark.parametrize("role", [Role.PETUGAS, Role.PENETAP, Role.LEMBAGA_PELATIHAN])
async def test_only_operators_and_auditors_see_it(sample: ServiceUnderTest, role: Role) -> None:
    for path in (f"/admin/heard?case={CASE}", f"/admin/events?case={CASE}"):
        assert (await sample.as_(role).get(path)).status_code == 403
        assert (await sample.as_(Role.AUDITOR).get(path)).status_code == 200


async def test_more_ids_than_one_answer_holds_are_refused(sample: ServiceUnderTest) -> None:
    many = [str(new_id()) for _ in range(EVENTS_LIMIT + 1)]
    answer = await operator(sample).get("/admin/heard", params={"case": str(CASE), "event_id": many})
    assert answer.status_code == 422


def event(kind: str = ORDERED, *, after_ms: int = 0, sent_after_ms: int | None = 5, **more: Any) -> EventView:
    """An event recorded at noon or so much later."""
    recorded_at = NOON + timedelta(milliseconds=after_ms)
    published_at = None if sent_after_ms is None else recorded_at + timedelta(milliseconds=sent_after_ms)
    body = {"occurred_on": "2023-11-20", "person_id": str(UUID(int=5))}
    told: dict[str, Any] = {
        "position": 1, "event_id": new_id(), "type": kind, "subject": str(UUID(int=1)), "key": "k", "data": body,
        "traceparent": f"00-{after_ms:032x}-{1:016x}-01", "recorded_at": recorded_at, "published_at": published_at,
    }  # fmt: skip
    return EventView(**(told | more))


def view(of: EventView, state: HeardState, after_ms: int = 20, **more: Any) -> HeardView:
    """How a service stands to the event, since so long after it was recorded."""
    return HeardView(event_id=of.event_id, state=state, at=of.recorded_at + timedelta(milliseconds=after_ms), **more)


def timeline(told: Sequence[EventView], heard: Sequence[HeardView] | None) -> CaseTimeline:
    """Of events of an outside publisher that the sample should hear."""
    silent = {"sample": "ConnectError"} if heard is None else {}
    return joined(CASE, [("outside", each) for each in told], {"sample": heard, "outside": []}, silent, CATALOGUE)


WAITING: Mapping[str, tuple[EventView, HeardView | None, tuple[WaitKind, str, int] | None]] = {
    "processed": ((one := event()), view(one, HeardState.PROCESSED), None),
    "in the outbox": ((one := event(sent_after_ms=None)), None, (WaitKind.PUBLICATION, "outside", 0)),
    "held": ((one := event(sent_after_ms=None, held_reason="too_large")), None, (WaitKind.RELEASE, "outside", 0)),
    "on its way": ((one := event()), view(one, HeardState.UNKNOWN), (WaitKind.ARRIVAL, "sample", 5)),
    "parked": ((one := event()), view(one, HeardState.PARKED, reason="x"), (WaitKind.MENDING, "sample", 20)),
    "set aside": ((one := event()), view(one, HeardState.SET_ASIDE), None),
    "heard by nobody of ours": (event(CREDITED), None, None),
}


@pytest.mark.parametrize("name", WAITING)
def test_a_case_waits_for_what_is_not_done(name: str) -> None:
    told, heard_view, expected = WAITING[name]
    found = timeline([told], [heard_view] if heard_view else []).waits
    since = None if expected is None else NOON + timedelta(milliseconds=expected[2])
    assert [(wait.kind, wait.service, wait.since) for wait in found] == (
        [] if expected is None else [(expected[0], expected[1], since)]
    )


def test_lines_stand_in_recorded_order_with_their_causes() -> None:
    first = event()
    second = event(CREDITED, after_ms=40, causation_id=first.event_id)
    outside = event(CREDITED, after_ms=50, causation_id=new_id())
    found = timeline([outside, second, first], [view(first, HeardState.PROCESSED, 20)])
    assert [line.event_id for line in found.lines] == [first.event_id, second.event_id, outside.event_id]
    assert [line.cause_number for line in found.lines] == [None, 1, None]
    assert [hearing.after_ms for hearing in found.lines[0].hearings] == [20]
    assert (found.lines[1].trace_id, found.lines[1].published_after_ms) == (f"{40:032x}", 5)
    assert found.person_id == UUID(int=5)


def test_a_silent_service_is_named_and_nothing_is_waited_for_in_its_name() -> None:
    found = timeline([event()], None)
    assert [hearing.state for hearing in found.lines[0].hearings] == [None]
    assert [(each.service, each.why) for each in found.silent] == [("sample", "ConnectError")]
    assert found.waits == []
    assert found.known


def test_a_parked_message_that_no_service_tells_of_is_waited_for() -> None:
    stray = HeardView(event_id=None, state=HeardState.PARKED, at=NOON, type=ORDERED, reason="schema")
    found = timeline([], [stray])
    expected = Wait(kind=WaitKind.MENDING, service="sample", type=ORDERED, since=NOON, reason="schema")
    assert (found.waits, found.parked_count, found.known) == ([expected], 1, True)


async def test_services_are_asked_by_http_also_when_one_is_away(sample: ServiceUnderTest) -> None:
    """The sample answers over its own routes; the other address is nobody's."""
    await sample.processor().process([record(ordered(1))])

    class Mixed(httpx.AsyncBaseTransport):
        inner = httpx.ASGITransport(sample.service.app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.host == "nobody.test":
                raise httpx.ConnectError("refused")
            return await self.inner.handle_async_request(request)

    headers = dict(operator(sample).headers)
    urls = {"sample": "http://service.test", "outside": "http://nobody.test"}
    async with httpx.AsyncClient(transport=Mixed(), headers=headers) as client:
        found = await read_case(client, urls, CATALOGUE, CASE)
    assert [(line.service, line.type) for line in found.lines] == [("sample", CREDITED)]
    assert [(each.service, each.why) for each in found.silent] == [("outside", "ConnectError")]
