"""Sets packages aside for families: the one way in which a grant begins, for one family or a chunk of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.ids import derived_id, in_order
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, CourseState, PersonFacts, judge
from services.disbursement.domain.facts import Allocated, Occasion
from services.disbursement.domain.grant import Grant, GrantState
from services.disbursement.domain.programme import Package, Programme
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import insert_grants
from services.disbursement.store.programmes import take_budget
from services.disbursement.usecases.record_changes import tell_changes


@dataclass(frozen=True, slots=True)
class Wish:
    """A person found eligible (perhaps conditionally) for a package."""

    case: CaseFacts
    package: Package
    occasion: Occasion
    from_reserve_list: bool = False
    replaces_grant_id: UUID | None = None
    cause: Any = None
    origin: UUID | None = None
    """The event or job for whose sake it is allocated, from which the grant takes its id; None in a request."""


def wishes_of(
    programme: Programme,
    cases: Sequence[CaseFacts],
    occasion: Occasion,
    on_reserve_list: Collection[UUID],
    origin: UUID,
) -> list[Wish]:
    """Those of the enrolled people who may receive a package now, or once they complete the course."""
    return [
        Wish(
            case,
            programme.package(case.package_code),
            occasion,
            case.person_id in on_reserve_list,
            origin=origin,
        )
        for case in cases
        if case.package_code is not None and judge(programme.rules, case).eligible_conditionally
    ]


async def allocate(
    tx: Transaction, programme: Programme, wishes: Sequence[Wish], first_place: int | None = None
) -> tuple[list[Grant], bool]:
    """Allocate in the given order as far as the budget goes; the programme must be locked.

    Returns the grants made and whether the budget covered all. A family that holds a grant is passed over. Where
    `first_place` is given, the grants' ids keep their order, and the first is that one of all that one job makes:
    counted by grants, since how many candidates are looked at together, and so a family's second ones, is chance.
    """
    covered, enough = _covered(wishes, programme.available_rupiah)
    if first_place is not None:
        covered = [(_placed(wish, place), person) for place, (wish, person) in enumerate(covered, first_place)]
    grants = [_grant(tx, programme, wish, person) for wish, person in covered]
    inserted = await insert_grants(tx, grants)
    pairs = [(grant, wish) for grant, (wish, _) in zip(grants, covered, strict=True) if grant.id in inserted]
    if pairs:
        await take_budget(tx, programme.id, sum(grant.amount_rupiah for grant, _ in pairs))
    await tell_changes(tx, [_change(grant, wish) for grant, wish in pairs])
    return [grant for grant, _ in pairs], enough


def _placed(wish: Wish, place: int) -> Wish:
    assert wish.origin is not None
    return replace(wish, origin=in_order(wish.origin, place))


def _covered(wishes: Sequence[Wish], available_rupiah: int) -> tuple[list[tuple[Wish, PersonFacts]], bool]:
    covered: list[tuple[Wish, PersonFacts]] = []
    families: set[UUID] = set()
    for wish in wishes:
        person = wish.case.person
        if person is None or person.family_id in families:
            continue
        families.add(person.family_id)
        available_rupiah -= wish.package.unit_price_rupiah
        if available_rupiah < 0:
            return covered, False
        covered.append((wish, person))
    return covered, True


def _grant(tx: Transaction, programme: Programme, wish: Wish, person: PersonFacts) -> Grant:
    completed = wish.case.course is CourseState.COMPLETED
    return Grant(
        id=derived_id(wish.origin, "grant", programme.id, wish.case.person_id) if wish.origin else tx.new_id(),
        programme_id=programme.id,
        person_id=wish.case.person_id,
        family_id=person.family_id,
        package_code=wish.package.code,
        amount_rupiah=wish.package.unit_price_rupiah,
        agency=programme.agency,
        region_code=person.region_code,
        state=GrantState.CONFIRMED if completed else GrantState.CONDITIONAL,
        from_reserve_list=wish.from_reserve_list,
        replaces_grant_id=wish.replaces_grant_id,
        acted_on=wish.occasion.occurred_on,
    )


def _change(grant: Grant, wish: Wish) -> Change:
    fact = Allocated(grant.state is GrantState.CONDITIONAL, grant.from_reserve_list)
    return Change(grant, fact, wish.occasion, wish.cause)
