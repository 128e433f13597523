"""What is not told any more: places and grants that came to nothing, and people who died or moved away."""

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import derived_id
from contracts.envelope import Fact
from contracts.notifications import FailureReason, MessageFailedV1, MessageSentV1
from contracts.registry import PersonField, PersonStatus
from services.notifications.domain.outcome import Retryable
from services.notifications.usecases.record_outcomes import Tried, record_outcomes
from services.notifications.usecases.take_up_messages import take_up_messages
from tests.notifications.builders import (
    cancelled,
    corrected,
    enrolled,
    handed_over,
    not_completed,
    rescheduled,
    scheduled,
    voided,
)
from tests.notifications.conftest import World

WORKING = "+6281234099000"
DEAD = "+6281234099001"
BEFORE_THE_RECEIPT = pytest.mark.parametrize("receipt_after_seconds", [3.0])


def _over(person: UUID, matter: str) -> tuple[Fact, Fact]:
    """What gives reason to tell something, and what takes the reason away."""
    if matter == "training":
        place = enrolled(person)
        return place, not_completed(place)
    if matter == "receipt":
        receipt = handed_over(person)
        return receipt, voided(receipt)
    invitation = scheduled(person)
    return invitation, cancelled(invitation)


async def _reasons(world: World) -> list[str]:
    return [row.reason for row in await world.service.fetch_all("SELECT reason FROM message ORDER BY cause_id")]


async def _lists(world: World) -> list[tuple[str, int]]:
    officer = world.service.as_(Role.PETUGAS)
    return [(one["state"], one["open_count"]) for one in (await officer.get("/lists")).json()["items"]]


@pytest.mark.parametrize("matter", ["training", "receipt", "handover"])
async def test_what_came_to_nothing_is_not_sent(world: World, matter: str) -> None:
    fact, over = _over(world.people.add(WORKING), matter)
    await world.service.deliver(fact, sequence=1)
    await world.service.deliver(over, sequence=2)
    await world.service.run_workers()
    assert await world.states() == ["superseded"]
    assert world.people.asked == []


@pytest.mark.parametrize("matter", ["training", "receipt", "handover"])
async def test_an_end_heard_before_its_beginning_counts(world: World, matter: str) -> None:
    fact, over = _over(world.people.add(WORKING), matter)
    await world.service.deliver(over, sequence=2)
    await world.service.deliver(fact, sequence=1)
    assert await world.states() == ["superseded"]


@pytest.mark.parametrize("matter", ["training", "handover"])
async def test_who_has_not_to_come_leaves_the_printed_list(world: World, matter: str) -> None:
    fact, over = _over(world.people.add(DEAD), matter)
    await world.service.deliver(fact, sequence=1)
    await world.settle(until="listed")
    await world.service.deliver(over, sequence=2)
    assert await world.states() == ["superseded"]
    assert await _lists(world) == [("withdrawn", 0)]


@pytest.mark.parametrize("taken_up", [True, False])
async def test_what_a_restored_database_forgot_to_have_sent_was_not_superseded(world: World, taken_up: bool) -> None:
    """The receipt is heard before the invitation, sent after the backup, was looked at; or the sender is first."""
    person = world.people.add(WORKING)
    invitation = scheduled(person)
    await world.service.deliver(invitation, sequence=1)
    (message,) = await world.service.fetch_all("SELECT id, case_id FROM message")
    attempt_id = derived_id(message.id, "attempt", 1)
    sent_id = derived_id(attempt_id, "notifications", MessageSentV1.event_type, str(message.id))
    await world.service.execute(
        "WITH told AS (INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body,"
        " published_at) VALUES (:id, 't', 'k', :type, :subject, :case_id, '{}', convert_to(:body, 'UTF8'), now()))"
        " INSERT INTO adopted_event (event_id) VALUES (:id)",
        id=sent_id, type=MessageSentV1.event_type, subject=str(message.id), case_id=message.case_id,
        body='{"channel": "sms"}',
    )  # fmt: skip
    if taken_up:
        await world.service.run_workers()
    await world.service.deliver(cancelled(invitation), sequence=2)
    assert await world.states() == ["sent"]
    assert world.people.asked == []
    attempts = await world.service.fetch_all("SELECT id, vendor_code FROM attempt")
    assert [(row.id, row.vendor_code) for row in attempts] == [(attempt_id, "sent_before_restore")]
    told = await world.service.fetch_all("SELECT event_id FROM outbox")
    assert [row.event_id for row in told] == [sent_id]
    (settled,) = await world.service.fetch_all("SELECT settlement FROM adopted_event")
    assert settled.settlement == "told_differently"


async def test_what_was_delivered_or_comes_later_is_left_alone(world: World) -> None:
    place = enrolled(world.people.add(WORKING))
    await world.service.deliver(place, sequence=1)
    await world.settle(until="delivered")
    await world.service.deliver(not_completed(place), sequence=2)
    await world.service.deliver(rescheduled(place, *place.session_dates), sequence=3)
    assert await world.states() == ["delivered", "queued"]


@BEFORE_THE_RECEIPT
async def test_a_message_under_way_when_its_matter_ends_is_neither_sent_again_nor_listed(world: World) -> None:
    invitation = scheduled(world.people.add("+6281234099002"))
    await world.service.deliver(invitation, sequence=1)
    await world.settle(until="sent")
    await world.service.deliver(cancelled(invitation), sequence=2)
    await world.settle(until="superseded")
    assert await _lists(world) == []


async def test_a_try_that_reached_nobody_is_not_repeated_after_the_end(world: World) -> None:
    invitation = scheduled(world.people.add(WORKING))
    await world.service.deliver(invitation, sequence=1)
    database = world.service.service.database
    async with database.transaction() as tx:
        ((taken,), _) = await take_up_messages(tx, 10, timedelta(seconds=60))
    await world.service.deliver(cancelled(invitation), sequence=2)
    async with database.transaction() as tx:
        failed = Tried(taken.message_id, taken.reference, Retryable("busy"), None)
        await record_outcomes(tx, [failed], timedelta(seconds=30))
    assert await world.states() == ["queued"]
    await world.hurry()
    await world.service.run_workers()
    assert await world.states() == ["superseded"]


@pytest.mark.parametrize("status", [PersonStatus.DECEASED, PersonStatus.MOVED_AWAY])
async def test_nothing_is_sent_to_the_dead_and_departed(world: World, status: PersonStatus) -> None:
    await world.service.deliver(scheduled(world.people.add(WORKING, status=status.value)))
    await world.service.run_workers()
    assert await world.states() == ["failed"]
    assert await _reasons(world) == ["not_active"]
    (failed,) = await world.service.published(MessageFailedV1)
    assert failed.data.reason is FailureReason.NO_CONTACT
    assert await _lists(world) == []


async def test_a_death_takes_off_the_list_and_its_correction_sends_again(world: World) -> None:
    person = world.people.add(None)
    await world.service.deliver(scheduled(person))
    await world.settle(until="listed")
    await world.service.deliver(corrected(person, [PersonField.STATUS], PersonStatus.DECEASED), sequence=4)
    assert await world.states() == ["failed"]
    assert await _lists(world) == [("withdrawn", 0)]
    assert await _reasons(world) == ["not_active"]
    assert await world.event_names() == ["failed", "listed", "failed"]
    await world.service.deliver(corrected(person, [PersonField.STATUS]), sequence=3)
    assert await world.states() == ["failed"], "an older word than the death"
    world.people.contacts[str(person)]["phone"] = WORKING
    await world.service.deliver(corrected(person, [PersonField.STATUS]), sequence=5)
    await world.settle(until="delivered")


@BEFORE_THE_RECEIPT
async def test_a_message_that_fails_after_the_death_goes_on_no_list(world: World) -> None:
    person = world.people.add("+6281234099002")
    await world.service.deliver(scheduled(person))
    await world.settle(until="sent")
    await world.service.deliver(corrected(person, [PersonField.STATUS], PersonStatus.DECEASED))
    await world.settle(until="failed")
    assert await _lists(world) == []
