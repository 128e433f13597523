"""Made-up lives as events: what all publishers would tell of some people, each subject in its own order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord

from contracts.disbursement import (
    AidHandedOverV1,
    CancelReason,
    GrantCancelledV1,
    HandedItem,
    HandoverScheduledV1,
    HandoverVoidedV1,
    ItemCondition,
    PackageOffered,
    ProgrammeOpenedV1,
    VoidReason,
)
from contracts.envelope import Fact, LateEntryReason, case_id
from contracts.followup import GraduatedV1, GraduationProposedV1, GraduationWithdrawnV1, WithdrawalReason
from contracts.inbound import AssistanceGivenV1
from contracts.registry import (
    ListSource,
    PersonCorrectedV1,
    PersonField,
    PersonRegisteredV1,
    PersonStatus,
    PopulationMatch,
)
from contracts.training import (
    CourseCompletedV1,
    CourseNotCompletedV1,
    EnrolledV1,
    EnrolmentRescheduledV1,
    NotCompletedReason,
)
from tests.support.service import record_of

BEGUN_ON = date(2023, 9, 1)
VILLAGES = ("33.28.04.2018", "33.28.03.2001", "33.28.02.2005")
COURSE, PACKAGE, PRICE_RUPIAH = "tata-boga", "paket-tata-boga", 5_000_000

Record: TypeAlias = ConsumerRecord[Any, Any]


def stories(lot: random.Random, events_count: int, programme_id: UUID | None = None) -> list[Record]:
    """At least so many events about people of one programme, in an order in which they could have happened."""
    opened = programme_id or identity(lot)
    told = [_record(lot, _programme(opened), opened, 1)]
    while len(told) < events_count:
        told += Life(lot, opened).records()
    return told


def identity(lot: random.Random) -> UUID:
    """An id by lot."""
    return UUID(int=lot.getrandbits(128), version=4)


def _record(lot: random.Random, fact: Fact, case: UUID, sequence: int) -> Record:
    told: Record = record_of(fact, case=case, sequence=sequence, event_id=identity(lot))
    return told


def _programme(programme_id: UUID) -> ProgrammeOpenedV1:
    package = PackageOffered(package_code=PACKAGE, course_code=COURSE, unit_price_rupiah=PRICE_RUPIAH)
    return ProgrammeOpenedV1(
        **_on(0), programme_id=programme_id, programme_code="uji", region_code="33.28", fiscal_year=2023,
        budget_rupiah=1000 * PRICE_RUPIAH, highest_decile=4, packages=(package,),
    )  # fmt: skip


def _on(day: int, agency: str = "dinsos") -> dict[str, Any]:
    late = LateEntryReason.HISTORICAL_DATA
    return {"occurred_on": BEGUN_ON + timedelta(days=day), "late_entry_reason": late, "agency": agency}


@dataclass
class Life:
    """One person's way through all services, by lot."""

    lot: random.Random
    programme_id: UUID

    def __post_init__(self) -> None:
        self.person_id, self.family_id = identity(self.lot), identity(self.lot)
        self.case = case_id(self.programme_id, self.person_id)
        self.village = self.lot.choice(VILLAGES)

    def records(self) -> list[Record]:
        """All that is told of this person."""
        return [
            _record(self.lot, fact, self.case, sequence)
            for part in (self._registry(), self._training(), self._disbursement(), self._followup(), self._others())
            for sequence, fact in enumerate(part, start=1)
        ]

    def _attributes(self, day: int, status: PersonStatus = PersonStatus.ACTIVE) -> dict[str, Any]:
        return {
            **_on(day),
            "person_id": self.person_id,
            "family_id": self.family_id,
            "region_code": self.village,
            "decile": self.lot.randint(1, 4),
            "list_source": ListSource.P3KE,
            "list_version": "2022-tahap-2",
            "list_dated_on": date(2022, 12, 1),
            "population_match": PopulationMatch.MATCHED,
            "status": status,
        }

    def _registry(self) -> Iterator[Fact]:
        yield PersonRegisteredV1(**self._attributes(0), import_id=identity(self.lot))
        statuses = self.lot.choice(
            [(), (PersonStatus.ACTIVE,), (PersonStatus.ACTIVE, PersonStatus.DECEASED), (PersonStatus.MOVED_AWAY,)]
        )
        for status in statuses:
            active = status is PersonStatus.ACTIVE
            changed = (PersonField.PHONE, PersonField.DECILE) if active else (PersonField.STATUS,)
            correction = {"correction_id": identity(self.lot), "changed_fields": changed}
            yield PersonCorrectedV1(**self._attributes(60, status), **correction)

    def _training(self) -> Iterator[Fact]:
        about = {
            "enrolment_id": identity(self.lot),
            "person_id": self.person_id,
            "programme_id": self.programme_id,
            "course_code": COURSE,
            "class_id": identity(self.lot),
        }
        place = {"place_region_code": self.village, "session_dates": (date(2023, 10, 25),)}
        yield EnrolledV1(**_on(30), **about, **place)
        if self.lot.random() < 0.3:
            moved = place | {"session_dates": (date(2023, 10, 27),)}
            yield EnrolmentRescheduledV1(**_on(35), **about, **moved, transferred=False)
        attended = {"sessions_required": 1}
        if self.lot.random() < 0.8:
            yield CourseCompletedV1(
                **_on(60), **about, **attended, sessions_attended=1, completed_on=date(2023, 10, 31)
            )
        else:
            reason = NotCompletedReason.ATTENDANCE_SHORT
            yield CourseNotCompletedV1(**_on(60), **about, **attended, sessions_attended=0, reason=reason)

    def _disbursement(self) -> Iterator[Fact]:
        grant = {
            "grant_id": identity(self.lot),
            "person_id": self.person_id,
            "family_id": self.family_id,
            "programme_id": self.programme_id,
            "package_code": PACKAGE,
            "amount_rupiah": PRICE_RUPIAH,
        }
        session = {"handover_session_id": identity(self.lot)}
        place = {"place_code": "pendopo", "place_region_code": self.village, "scheduled_on": date(2023, 11, 22)}
        yield HandoverScheduledV1(**_on(80), **grant, **session, **place)
        if self.lot.random() < 0.1:
            decree = {"decree_number": "460/2/2023", "reason": CancelReason.REFUSED_BY_RECIPIENT}
            yield GrantCancelledV1(**_on(81), **grant, **decree)
            return
        item = HandedItem(item_code="kompor", quantity=1, unit_price_rupiah=PRICE_RUPIAH, condition=ItemCondition.GOOD)
        handed = {"region_code": self.village, "items": (item,), **session}
        bast = {"bast_id": identity(self.lot), "bast_number": f"BAST/{self.lot.getrandbits(29)}/2023"}
        yield AidHandedOverV1(**_on(82), **grant, **handed, **bast)
        if self.lot.random() < 0.3:
            yield HandoverVoidedV1(**_on(84), **grant, **bast, reason=VoidReason.WRONG_ITEM)
            again = {"bast_id": identity(self.lot), "bast_number": f"BAST/{self.lot.getrandbits(29)}/2023"}
            yield AidHandedOverV1(**_on(86), **grant, **handed, **again, replaces_bast_id=bast["bast_id"])

    def _followup(self) -> Iterator[Fact]:
        if self.lot.random() > 0.5:
            return
        plan = {
            "plan_id": identity(self.lot),
            "grant_id": identity(self.lot),
            "person_id": self.person_id,
            "family_id": self.family_id,
            "programme_id": self.programme_id,
            "graduation_id": identity(self.lot),
        }
        due = {"region_code": self.village, "visits_count": 6, "answer_due_on": date(2024, 9, 1)}
        yield GraduationProposedV1(**_on(330), **plan, **due)
        if self.lot.random() < 0.5:
            yield GraduatedV1(**_on(340), **plan)
        else:
            yield GraduationWithdrawnV1(**_on(340), **plan, reason=WithdrawalReason.HOUSEHOLD_SHOCK)

    def _others(self) -> Iterator[Fact]:
        if self.lot.random() < 0.2:
            yield AssistanceGivenV1(
                **_on(40, "dinas-koperasi"), assistance_id=identity(self.lot), person_id=self.person_id,
                region_code=self.village, package_code="modal-usaha", amount_rupiah=2_000_000,
            )  # fmt: skip
