"""What was heard is weighed: open allocations are confirmed or released, a taken-back release is allocated again."""

from collections.abc import Callable, Mapping, Sequence
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
    only by amending decree. The programmes are locked before grants are looked for: an allocation running at this
    moment is waited for, and what was heard is weighed against the grants it made.
    """
    people = sorted(causes)
    programmes = await lock_programmes(tx, await store.programmes_of(tx, people))
    if not programmes:
        return
    grants = await store.lock_open_grants_of(tx, people)
    for programme in programmes:
        own = [grant for grant in grants if grant.programme_id == programme.id]
        await weigh_grants(tx, programme, own, lambda grant, fact: _heard(tx, grant, fact, causes[grant.person_id]))


async def weigh_grants(
    tx: Transaction, programme: Programme, grants: Sequence[Grant], told: Callable[[Grant, GrantFact], Change]
) -> None:
    """Confirm or release open grants of one programme by what is known today; programme and grants are locked.

    Of several grants of one family (families were joined) the oldest that nothing else speaks against stays.
    """
    if not grants:
        return
    cases = await load_cases(tx, programme.rules, [(grant.person_id, grant.package_code) for grant in grants])
    ended: set[UUID] = set()
    changes: list[Change] = []
    # Twice: only when those who leave for a reason of their own are known is it clear who is one too many. The
    # youngest first, so that the oldest remains.
    for family_counts in (False, True):
        for grant in sorted(grants, key=lambda each: each.id, reverse=True):
            case = cases[grant.person_id]
            passed_over = {grant.id, *ended} if family_counts else {grant.id, *case.family_grant_ids}
            reason = _reason_to_release(programme, case, frozenset(passed_over))
            if reason is not None and grant.id not in ended:
                ended.add(grant.id)
                changes.append(told(grant, grant.release(reason)))
    for grant in grants:
        completed = cases[grant.person_id].course is CourseState.COMPLETED
        if grant.state is GrantState.CONDITIONAL and completed:
            changes.append(told(grant, grant.confirm()))
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
                origin=causes[row.person_id].origin,
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


def _heard(tx: Transaction, grant: Grant, fact: GrantFact, cause: Any) -> Change:
    return Change(grant, fact, occasion_of_event(tx, cause, grant.acted_on), cause)


def _reason_to_release(programme: Programme, case: CaseFacts, passed_over: frozenset[UUID]) -> ReleaseReason | None:
    judgement = judge(programme.rules, case, passed_over)
    return judgement.release_reason(case.person.status if case.person else None)
