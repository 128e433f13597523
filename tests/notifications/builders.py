"""Facts as other services tell them, with everything given that a test does not care about."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from contracts.disbursement import (
    AidHandedOverV1,
    CancelReason,
    GrantCancelledV1,
    HandedItem,
    HandoverScheduledV1,
    HandoverVoidedV1,
    ItemCondition,
    VoidReason,
)
from contracts.envelope import LateEntryReason
from contracts.followup import GraduatedV1
from contracts.registry import ListSource, PersonCorrectedV1, PersonField, PersonStatus, PopulationMatch
from contracts.training import CourseNotCompletedV1, EnrolledV1, EnrolmentRescheduledV1, NotCompletedReason

PROGRAMME = new_id()
BALAPULANG = "33.28.03"
VILLAGE = "33.28.03.2001"
_LONG_AGO: dict[str, Any] = {"agency": "dinsos", "late_entry_reason": LateEntryReason.HISTORICAL_DATA}


def enrolled(person_id: UUID, **more: Any) -> EnrolledV1:
    """A place in the cookery class of October 2023."""
    values = {
        **_LONG_AGO,
        "occurred_on": date(2023, 10, 18),
        "enrolment_id": new_id(),
        "person_id": person_id,
        "programme_id": PROGRAMME,
        "course_code": "tata-boga",
        "class_id": new_id(),
        "place_region_code": BALAPULANG,
        "session_dates": (date(2023, 10, 25), date(2023, 10, 26)),
    }
    return EnrolledV1(**values | more)


def rescheduled(earlier: EnrolledV1, *dates: date, **more: Any) -> EnrolmentRescheduledV1:
    """The same enrolment on other dates."""
    return EnrolmentRescheduledV1(**earlier.model_dump() | {"session_dates": dates, "transferred": False} | more)


def not_completed(earlier: EnrolledV1) -> CourseNotCompletedV1:
    """The same enrolment ended before its time."""
    names = ("agency", "enrolment_id", "person_id", "programme_id", "course_code", "class_id")
    return CourseNotCompletedV1(
        **{name: getattr(earlier, name) for name in names},
        occurred_on=date(2023, 10, 20),
        late_entry_reason=LateEntryReason.HISTORICAL_DATA,
        sessions_attended=0,
        sessions_required=2,
        reason=NotCompletedReason.WITHDREW,
    )


def scheduled(person_id: UUID, **more: Any) -> HandoverScheduledV1:
    """Invited to the Pendopo of Balapulang on 22 November 2023."""
    values = {
        **_grant(person_id),
        "occurred_on": date(2023, 11, 20),
        "handover_session_id": new_id(),
        "scheduled_on": date(2023, 11, 22),
        "place_code": "pendopo-balapulang",
        "place_region_code": BALAPULANG,
    }
    return HandoverScheduledV1(**values | more)


def handed_over(person_id: UUID, **more: Any) -> AidHandedOverV1:
    """A cookery package against a BAST."""
    item = HandedItem(item_code="kompor-gas", quantity=1, unit_price_rupiah=750_000, condition=ItemCondition.GOOD)
    values = {
        **_grant(person_id),
        "occurred_on": date(2023, 11, 22),
        "handover_session_id": new_id(),
        "bast_id": new_id(),
        "bast_number": "BAST/DINSOS/2023/0001",
        "region_code": VILLAGE,
        "items": (item,),
    }
    return AidHandedOverV1(**values | more)


def voided(receipt: AidHandedOverV1) -> HandoverVoidedV1:
    """The same BAST is void."""
    bast = {"bast_id": receipt.bast_id, "bast_number": receipt.bast_number, "reason": VoidReason.WRONG_ITEM}
    return HandoverVoidedV1(**_same_grant(receipt), **bast)


def cancelled(invitation: HandoverScheduledV1) -> GrantCancelledV1:
    """The same grant is cancelled by amending decree."""
    decree = {"decree_number": "400/AMEND/2023", "reason": CancelReason.REFUSED_BY_RECIPIENT}
    return GrantCancelledV1(**_same_grant(invitation), **decree)


def graduated(person_id: UUID, **more: Any) -> GraduatedV1:
    """Graduation from social assistance."""
    values = {
        **_LONG_AGO,
        "occurred_on": date(2024, 7, 1),
        "plan_id": new_id(),
        "grant_id": new_id(),
        "person_id": person_id,
        "family_id": new_id(),
        "programme_id": PROGRAMME,
        "graduation_id": new_id(),
    }
    return GraduatedV1(**values | more)


def corrected(
    person_id: UUID,
    changed: Sequence[PersonField] = (PersonField.PHONE,),
    status: PersonStatus = PersonStatus.ACTIVE,
) -> PersonCorrectedV1:
    """An approved correction at the registry."""
    return PersonCorrectedV1(
        occurred_on=date(2023, 11, 21),
        agency="dinsos",
        person_id=person_id,
        family_id=new_id(),
        region_code=VILLAGE,
        decile=1,
        list_source=ListSource.P3KE,
        list_version="2022",
        list_dated_on=date(2022, 6, 8),
        population_match=PopulationMatch.MATCHED,
        status=status,
        correction_id=new_id(),
        changed_fields=tuple(changed),
    )


def _same_grant(earlier: AidHandedOverV1 | HandoverScheduledV1) -> dict[str, Any]:
    names = ("agency", "grant_id", "person_id", "family_id", "programme_id", "package_code", "amount_rupiah")
    return {name: getattr(earlier, name) for name in names} | {"occurred_on": date(2023, 11, 23)}


def _grant(person_id: UUID) -> dict[str, Any]:
    return {
        **_LONG_AGO,
        "grant_id": new_id(),
        "person_id": person_id,
        "family_id": new_id(),
        "programme_id": PROGRAMME,
        "package_code": "paket-tata-boga",
        "amount_rupiah": 3_500_000,
    }
