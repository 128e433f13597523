"""What was heard is weighed: open allocations are confirmed or released, a taken-back release is allocated again."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, CourseState, judge
from services.disbursement.domain.facts import GrantFact, Occasion, ReleaseReason
from services.disbursement.domain.grant import Grant, GrantState
from services.disbursement.domain.programme import Programme
from services.disbursement.outgoing import Change
from services.disbursement.store import grants as store
from services.disbursement.store.programmes import lock_programmes
from services.disbursement.store.projections import load_cases
from services.disbursement.usecases.allocate import Wish, allocate
from services.disbursement.usecases.record_changes import record_changes

Causes = Mapping[UUID, Any]
"""The event (Delivered) that speaks of each person."""


async def reassess_grants(tx: Transaction, causes: Causes) -> None:
    """Confirm or release the people's grants that no proposal holds yet.

    A grant in a proposal is left alone: the verifier sees the line blocked. One that a decree names is cancelled
    only by amending decree.
    """
    people = sorted(causes)
    programmes = await lock_programmes(tx, await store.programmes_of(tx, people))
    grants = await store.lock_open_grants_of(tx, people)
    changes: list[Change] = []
    for programme in programmes:
        own = [grant for grant in grants if grant.programme_id == programme.id]
        cases = await load_cases(tx, programme.rules, [(grant.person_id, grant.package_code) for grant in own])
        for grant in own:
            cause = causes[grant.person_id]
            fact = _weigh(programme, grant, cases[grant.person_id])
            if fact is not None:
                changes.append(Change(grant, fact, occasion_of_event(tx, cause, grant.acted_on), cause))
    await record_changes(tx, changes)


async def restore_released(tx: Transaction, causes: Causes) -> None:
    """Allocate again to people released for an uncompleted course which a corrected attendance completed.

    If the money went to somebody else meanwhile, they stay eligible and wait for the next allocation.
    """
    people = sorted(causes)
    for programme in await lock_programmes(tx, await store.programmes_of(tx, people)):
        released = [
            row
            for row in await store.newest_grants_of(tx, programme.id, people)
            if row.state == GrantState.RELEASED and row.ended_reason == ReleaseReason.COURSE_NOT_COMPLETED
        ]
        cases = await load_cases(tx, programme.rules, [(row.person_id, row.package_code) for row in released])
        wishes = [
            Wish(
                cases[row.person_id],
                programme.package(row.package_code),
                occasion_of_event(tx, causes[row.person_id]),
                cause=causes[row.person_id],
            )
            for row in released
            if judge(programme.rules, cases[row.person_id]).eligible
        ]
        await allocate(tx, programme, wishes)


def newest_cause(events: Sequence[Any]) -> dict[UUID, Any]:
    """The last event of a batch about each person."""
    return {event.data.person_id: event for event in events}


def occasion_of_event(tx: Transaction, event: Any, not_before: date = date.min) -> Occasion:
    """The service acts on the date of the fact it heard, or of the last act where the fact is older than that."""
    late = event.data.late_entry_reason
    return Occasion(tx.officer.identity, max(event.data.occurred_on, not_before), late.value if late else None)


def _weigh(programme: Programme, grant: Grant, case: CaseFacts) -> GrantFact | None:
    judgement = judge(programme.rules, case, frozenset({grant.id}))
    reason = judgement.release_reason(case.person.status if case.person else None)
    if reason is not None:
        return grant.release(reason)
    if grant.state is GrantState.CONDITIONAL and case.course is CourseState.COMPLETED:
        return grant.confirm()
    return None
