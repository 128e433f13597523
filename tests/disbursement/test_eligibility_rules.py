"""Who may receive a package: the rules, one table."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from contracts.disbursement import BastField, CancelReason, ItemCondition, ReleaseReason, VoidReason
from services.disbursement.domain import facts as f
from services.disbursement.domain.eligibility import (
    CaseFacts,
    CourseState,
    Criterion,
    PersonFacts,
    PersonStatus,
    Rules,
    judge,
    within,
)

RULES = Rules(UUID(int=1), "dinsos", "33.28", 2023, 4)
PERSON = PersonFacts(UUID(int=3), "33.28.04.2018", 4, PersonStatus.ACTIVE)
CASE = CaseFacts(UUID(int=2), PERSON, "paket-tata-boga", CourseState.COMPLETED, (), None)
OWN = UUID(int=9)


def case(*, person: dict[str, Any] | None = None, **changed: Any) -> CaseFacts:
    if person is not None:
        changed["person"] = replace(PERSON, **person)
    return replace(CASE, **changed)


@pytest.mark.parametrize(
    ("facts", "eligible", "conditionally", "unmet"),
    [
        (case(), True, True, ()),
        (case(person={"decile": 5}), False, False, (Criterion.DECILE,)),
        (case(person={"region_code": "33.29.01.2001"}), False, False, (Criterion.REGION,)),
        (case(person={"region_code": "33.28"}), True, True, ()),
        (case(person={"status": PersonStatus.DECEASED}), False, False, (Criterion.PERSON_ACTIVE,)),
        (case(person={"status": PersonStatus.MOVED_AWAY}), False, False, (Criterion.PERSON_ACTIVE,)),
        (case(course=CourseState.ENROLLED), False, True, ()),
        (case(course=None), False, True, ()),
        (case(course=CourseState.NOT_COMPLETED), False, False, (Criterion.COURSE,)),
        (case(family_grant_ids=(UUID(int=8),)), False, False, (Criterion.ONE_PER_FAMILY,)),
        (case(family_grant_ids=(OWN, UUID(int=8))), False, False, (Criterion.ONE_PER_FAMILY,)),
        (case(family_grant_ids=(OWN,)), True, True, ()),
        (case(other_aid_agency="dinas-koperasi"), False, False, (Criterion.NO_DOUBLE_AID,)),
        (replace(CASE, person=None), False, False, ()),
    ],
)
def test_criteria(facts: CaseFacts, eligible: bool, conditionally: bool, unmet: tuple[Criterion, ...]) -> None:
    judgement = judge(RULES, facts, frozenset({OWN}))
    assert judgement.eligible is eligible
    assert judgement.eligible_conditionally is conditionally
    assert judgement.unmet == unmet


@pytest.mark.parametrize(
    ("facts", "awaited"),
    [
        (case(), ()),
        (case(course=CourseState.ENROLLED), ("training.course_completed",)),
        (case(course=None), ("training.enrolled",)),
        (replace(CASE, person=None), ("registry.person_registered",) * 3),
    ],
)
def test_what_is_waited_for(facts: CaseFacts, awaited: tuple[str, ...]) -> None:
    assert judge(RULES, facts).waiting_for == awaited


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (case(), None),
        (case(course=CourseState.ENROLLED), None),
        (case(course=CourseState.NOT_COMPLETED), f.ReleaseReason.COURSE_NOT_COMPLETED),
        (case(other_aid_agency="dinas-koperasi"), f.ReleaseReason.DOUBLE_AID),
        (case(person={"decile": 9}), f.ReleaseReason.NO_LONGER_ELIGIBLE),
        (case(person={"status": PersonStatus.DECEASED, "decile": 9}), f.ReleaseReason.DECEASED),
        (case(person={"status": PersonStatus.MOVED_AWAY}), f.ReleaseReason.MOVED_AWAY),
    ],
)
def test_why_an_allocation_ends(facts: CaseFacts, reason: f.ReleaseReason | None) -> None:
    status = facts.person.status if facts.person else None
    assert judge(RULES, facts).release_reason(status) is reason


@pytest.mark.parametrize(
    ("code", "area", "lies"),
    [("33.28", "33.28", True), ("33.28.04", "33.28", True), ("33.280", "33.28", False), ("33", "33.28", False)],
)
def test_region_lies_within(code: str, area: str, lies: bool) -> None:
    assert within(code, area) is lies


@pytest.mark.parametrize(
    ("own", "public"),
    [
        (f.ReleaseReason, ReleaseReason),
        (f.CancelReason, CancelReason),
        (f.VoidReason, VoidReason),
        (f.ItemCondition, ItemCondition),
        (f.BastField, BastField),
    ],
)
def test_codes_are_those_of_the_contract(own: Any, public: Any) -> None:
    assert {each.value for each in own} == {each.value for each in public}
