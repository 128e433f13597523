"""Keep what the registry tells of people, and end the enrolments of those who died or moved away."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from chassis.consumer import Delivered
from chassis.runs import in_turn
from chassis.transaction import Transaction
from contracts.registry import PersonCorrectedV1, PersonRegisteredV1
from services.training import outgoing
from services.training.domain.admission import PersonStatus
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.store import enrolments, people

PersonTold = Delivered[PersonRegisteredV1] | Delivered[PersonCorrectedV1]


async def note_people(tx: Transaction, events: Sequence[PersonTold]) -> None:
    """Keep the newest state of each person, whatever order the facts come in."""
    for turn in in_turn(events, lambda event: [event.data.person_id]):
        await _note(tx, turn)


async def _note(tx: Transaction, events: Sequence[PersonTold]) -> None:
    newest: dict[UUID, PersonTold] = {}
    for event in events:
        known = newest.get(event.data.person_id)
        if known is None or known.sequence < event.sequence:
            newest[event.data.person_id] = event
    await people.put_people(tx, [_row(event) for event in newest.values()])
    gone = [key for key, event in newest.items() if event.data.status.value != PersonStatus.ACTIVE]
    if gone:
        await _end_enrolments(tx, gone, newest)


def _row(event: PersonTold) -> dict[str, object]:
    return {
        "person_id": event.data.person_id,
        "family_id": event.data.family_id,
        "region_code": event.data.region_code,
        "status": event.data.status.value,
        "sequence": event.sequence,
    }


async def _end_enrolments(tx: Transaction, gone: Sequence[UUID], causes: dict[UUID, PersonTold]) -> None:
    statuses = await people.lock_people(tx, gone)
    open_enrolments = await enrolments.lock_open_enrolments_of_people(tx, gone)
    attended = await enrolments.sessions_attended(tx, [each.enrolment_id for each in open_enrolments])
    ended: dict[Occasion, list[Enrolment]] = defaultdict(list)
    for each in open_enrolments:
        fact = each.person_became(statuses[each.person_id], attended[each.enrolment_id])
        if fact is None:
            continue
        cause = causes[each.person_id]
        late = cause.data.late_entry_reason
        occasion = Occasion(cause.data.occurred_on, late.value if late else None)
        ended[occasion].append(each)
        told = outgoing.outcome(each, fact, occasion)
        tx.publish(told, sequence=each.version, case=outgoing.case_of(each), cause=cause)
    for occasion, of_that_day in ended.items():
        await enrolments.save_enrolments(tx, of_that_day, occasion)
