"""From an event to a receipt, over a real gateway."""

import httpx
import pytest

from chassis.ids import new_id
from tests.notifications.builders import enrolled, graduated, handed_over, rescheduled, scheduled
from tests.notifications.conftest import World

DELIVERED = ["sent", "delivered"]


@pytest.mark.parametrize(
    ("ending", "state", "events"),
    [
        ("99000", "delivered", DELIVERED),
        ("99001", "listed", ["failed", "listed"]),
        ("99002", "listed", ["sent", "failed", "listed"]),
        ("99003", "delivered", DELIVERED),
        ("99004", "delivered", DELIVERED),
        ("99005", "delivered", DELIVERED),
        ("99008", "delivered", DELIVERED),
        ("99009", "delivered", DELIVERED),
        ("99010", "delivered", DELIVERED),
        ("99012", "listed", ["failed", "listed"]),
        ("99013", "listed", ["sent", "failed", "listed"]),
        ("12345", "delivered", DELIVERED),
    ],
)
async def test_every_magic_number_ends_in_its_state(world: World, ending: str, state: str, events: list[str]) -> None:
    person = world.people.add(f"+62812340{ending}")
    await world.service.deliver(scheduled(person))
    await world.settle(until=state)
    assert await world.event_names() == events
    assert [one.sequence for one in await world.service.published()] == sorted(
        {one.sequence for one in await world.service.published()}
    )
    told = await world.service.fetch_one("SELECT count(*) AS attempts FROM attempt")
    assert told is not None
    assert told.attempts == 1
    counts = await _gateway_counts(world)
    assert counts["accepted"] == (0 if events == ["failed", "listed"] else 1)


@pytest.mark.parametrize("ending", ["99006", "99007"])
async def test_throttled_and_unavailable_are_tried_again_with_the_same_reference(world: World, ending: str) -> None:
    person = world.people.add(f"+62812340{ending}")
    await world.service.deliver(enrolled(person))
    for tries in (1, 2):
        await world.service.run_workers()
        row = await world.service.fetch_one(
            "SELECT m.state, a.tries, m.next_attempt_at - a.started_at AS wait FROM message m, attempt a"
        )
        assert row is not None
        assert (row.state, row.tries) == ("queued", tries)
        assert row.wait.total_seconds() >= 2**tries - 0.5
        await world.hurry()
    await world.settle(until="delivered")
    assert await world.event_names() == DELIVERED
    assert (await _gateway_counts(world))["accepted"] == 1


async def test_nothing_personal_is_kept_or_published(world: World) -> None:
    person = world.people.add("+6281234012345", name="Siti Rahasia", address="Jalan Rahasia")
    for fact in (enrolled(person), scheduled(person), handed_over(person), graduated(person)):
        await world.service.deliver(fact)
    await world.settle(until="delivered")
    for table in ("message", "attempt", "outbox", "printed_list", "list_entry"):
        for row in await world.service.fetch_all(f"SELECT t::text AS line FROM {table} t"):
            assert "ahasia" not in row.line
            assert "81234012345" not in row.line
    assert {body["purpose"] for body in world.people.asked} == {"invitation"}
    assert all(token.startswith("Bearer ey") for token in world.people.tokens)


async def test_one_message_per_cause_however_often_it_comes(world: World) -> None:
    person = world.people.add("+6281234012345")
    event_id = new_id()
    fact = enrolled(person)
    await world.service.deliver(fact, event_id=event_id)
    await world.service.deliver(fact, event_id=event_id)
    assert await world.states() == ["queued"]


async def test_rescheduling_replaces_an_unsent_invitation_but_not_a_sent_one(world: World) -> None:
    sent, unsent = (enrolled(world.people.add("+6281234012345")) for _ in range(2))
    await world.service.deliver(sent)
    await world.settle(until="delivered")
    await world.service.deliver(unsent)
    for earlier in (unsent, sent):
        await world.service.deliver(rescheduled(earlier, *earlier.session_dates), sequence=2)
    assert await world.states() == ["delivered", "superseded", "queued", "queued"]
    await world.settle(until="delivered")
    assert (await _gateway_counts(world))["accepted"] == 3


async def test_an_invitation_whose_day_has_passed_is_not_sent_unless_it_was_entered_late(world: World) -> None:
    person = world.people.add("+6281234012345")
    await world.service.deliver(scheduled(person, late_entry_reason=None), scheduled(person))
    await world.settle(until="delivered")
    rows = await world.service.fetch_all("SELECT state, reason FROM message ORDER BY cause_id")
    assert [(row.state, row.reason) for row in rows] == [("failed", "expired"), ("delivered", None)]


async def test_a_registry_that_does_not_answer_delays_and_uses_up_no_try(world: World) -> None:
    world.people.down = True
    await world.service.deliver(enrolled(world.people.add("+6281234012345")))
    for _ in range(12):
        await world.hurry()
        await world.service.run_workers()
    assert await world.states() == ["queued"]
    world.people.down = False
    await world.hurry()
    await world.settle(until="delivered")


async def _gateway_counts(world: World) -> dict[str, int]:
    async with httpx.AsyncClient() as client:
        counts: dict[str, int] = (await client.get(f"{world.gateway_url}/simulator")).json()["counts"]
    return counts
