"""The mentoring plan of one grant, with its visits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.followup.domain.errors import (
    BaselineAlreadyRecorded,
    MentoringEnded,
    VisitAlreadyRecorded,
    VisitBeforeHandover,
    VisitNotPlanned,
    VisitNotRecorded,
    VisitOutOfOrder,
)
from services.followup.domain.facts import (
    MentoringPlanned,
    MentoringStopped,
    OutcomeMeasured,
    VisitCorrected,
    VisitDue,
    When,
)
from services.followup.domain.outcome import Outcome, VisitField
from services.followup.domain.schedule import OVERDUE_AFTER_DAYS, Schedule


class Hold(StrEnum):
    """A reason why mentoring rests; several may hold at once."""

    HANDOVER_VOIDED = "handover_voided"
    GRANT_CANCELLED = "grant_cancelled"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class PlanState(StrEnum):
    """State of a plan, derived from what holds it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    STOPPED = "stopped"


class VisitState(StrEnum):
    """Where a visit stands on a given day."""

    PLANNED = "planned"
    DUE = "due"
    OVERDUE = "overdue"
    RECORDED = "recorded"


PERSON_HOLDS = frozenset({Hold.DECEASED, Hold.MOVED_AWAY})


@dataclass(slots=True)
class Visit:
    """One numbered visit of a plan: planned, then announced as due, then recorded (in any order)."""

    id: UUID
    number: int
    due_on: date
    announced_at: datetime | None = None
    occurred_on: date | None = None
    late_entry_reason: str | None = None
    outcome: Outcome | None = None
    recorded_by: str | None = None
    recorded_at: datetime | None = None
    note_sealed: bytes | None = None

    @property
    def recorded(self) -> bool:
        """Whether its outcome is known."""
        return self.outcome is not None

    @property
    def record(self) -> tuple[date, Outcome, str]:
        """Its day, its outcome and the mentor. Raises VisitNotRecorded."""
        if self.occurred_on is None or self.outcome is None or self.recorded_by is None:
            raise VisitNotRecorded(visit_id=self.id)
        return self.occurred_on, self.outcome, self.recorded_by

    def state_on(self, today: date) -> VisitState:
        """Judged by the dates alone: a late timer does not make a visit less due."""
        if self.recorded:
            return VisitState.RECORDED
        if self.due_on > today:
            return VisitState.PLANNED
        return VisitState.OVERDUE if today - self.due_on > timedelta(days=OVERDUE_AFTER_DAYS) else VisitState.DUE


@dataclass(slots=True)
class Handover:
    """The valid handover a plan stands on."""

    bast_id: UUID
    handed_over_on: date
    late_entry_reason: str | None


@dataclass(slots=True)
class MentoringPlan:
    """One plan per grant. Every method that changes it returns the fact, numbered by the plan's version."""

    id: UUID
    grant_id: UUID
    person_id: UUID
    family_id: UUID
    programme_id: UUID
    case_id: UUID
    package_code: str
    agency: str
    region_code: str
    handover: Handover
    schedule: Schedule
    holds: Mapping[Hold, date] = field(default_factory=dict)
    """Why mentoring rests, each reason with the day it began: never changed in place."""
    baseline_income_rupiah: int | None = None
    version: int = 0
    visits: list[Visit] = field(default_factory=list)

    @property
    def state(self) -> PlanState:
        """Active without a hold; a voided handover alone only suspends; everything else stops."""
        if not self.holds:
            return PlanState.ACTIVE
        return PlanState.SUSPENDED if self.holds.keys() == {Hold.HANDOVER_VOIDED} else PlanState.STOPPED

    @property
    def ended_on(self) -> date | None:
        """Since when mentoring rests, by the reasons that still hold; None while it is active."""
        return min(self.holds.values(), default=None)

    @property
    def recorded_visits(self) -> list[Visit]:
        """Recorded visits by number."""
        return [visit for visit in self.visits if visit.recorded]

    @property
    def open_visits(self) -> list[Visit]:
        """Visits still to be made, by number."""
        return [visit for visit in self.visits if not visit.recorded]

    def next_sequence(self) -> int:
        """Raise the version: the number of the fact about to be told."""
        self.version += 1
        return self.version

    def plan_visits(self, new_ids: list[UUID], when: When) -> MentoringPlanned:
        """Give every visit without a record its due date; `new_ids` are ids for the visits still missing.

        A visit that was announced is announced again only if its date changes.
        """
        self._date_visits()
        for visit_id in new_ids:
            number = len(self.visits) + 1
            self.visits.append(Visit(visit_id, number, self.schedule.due_on(self.handover.handed_over_on, number)))
        return MentoringPlanned(self.next_sequence(), when, tuple(visit.due_on for visit in self.visits))

    def _date_visits(self) -> None:
        for visit in self.open_visits:
            due_on = self.schedule.due_on(self.handover.handed_over_on, visit.number)
            if due_on != visit.due_on:
                visit.due_on, visit.announced_at = due_on, None

    def hand_over_again(self, handover: Handover, when: When) -> MentoringPlanned | None:
        """A replacement BAST: the same plan goes on from its date. Nothing for a handover already known."""
        if handover.bast_id == self.handover.bast_id and Hold.HANDOVER_VOIDED not in self.holds:
            return None
        self.handover = handover
        # Also of a plan that rests for another reason: whether a death is heard before or after makes no difference.
        self._date_visits()
        self._release(frozenset({Hold.HANDOVER_VOIDED}))
        return self.plan_visits([], when) if self.state is PlanState.ACTIVE else None

    def hold(self, reason: Hold, when: When) -> MentoringStopped | None:
        """Stop further visits; each reason is told once. Who moved away and then died is gone since the first of it."""
        if reason in self.holds:
            return None
        replaced = PERSON_HOLDS if reason in PERSON_HOLDS else frozenset()
        since = min([when.occurred_on, *(day for hold, day in self.holds.items() if hold in replaced)])
        self._release(replaced)
        self.holds = {**self.holds, reason: since}
        return MentoringStopped(self.next_sequence(), when, reason.value)

    def person_is_active(self, when: When) -> MentoringPlanned | None:
        """A death or move recorded by mistake was corrected: visits are planned again."""
        if not self.holds.keys() & PERSON_HOLDS:
            return None
        self._release(PERSON_HOLDS)
        return self.plan_visits([], when) if self.state is PlanState.ACTIVE else None

    def _release(self, reasons: frozenset[Hold]) -> None:
        self.holds = {hold: day for hold, day in self.holds.items() if hold not in reasons}

    def extend(self, new_ids: list[UUID], when: When) -> MentoringPlanned:
        """Plan further visits, as after a refused graduation. Raises MentoringEnded, ScheduleOutOfRange."""
        if self.state is not PlanState.ACTIVE:
            raise MentoringEnded(plan_id=self.id)
        self.schedule = self.schedule.extended(len(new_ids))
        return self.plan_visits(new_ids, when)

    def visit(self, number: int) -> Visit:
        """The visit of this number. Raises VisitNotPlanned."""
        if not 1 <= number <= len(self.visits):
            raise VisitNotPlanned(plan_id=self.id, visit_number=number, visits_count=len(self.visits))
        return self.visits[number - 1]

    def announce(self, visit: Visit, now: datetime, late_entry_reason: str | None) -> VisitDue | None:
        """The day of the visit came. Nothing when it is recorded, already announced, or the plan rests."""
        if visit.recorded or visit.announced_at is not None or self.state is not PlanState.ACTIVE:
            return None
        visit.announced_at = now
        when = When(visit.due_on, late_entry_reason)
        return VisitDue(self.next_sequence(), when, visit.number, visit.due_on)

    def record_visit(
        self, number: int, outcome: Outcome, when: When, mentor: str, now: datetime, baseline_rupiah: int | None = None
    ) -> OutcomeMeasured:
        """Record a visit before or after its due date, each number once.

        Raises VisitNotPlanned, VisitAlreadyRecorded, MentoringEnded, VisitBeforeHandover, VisitOutOfOrder,
        BaselineAlreadyRecorded.
        """
        visit = self.visit(number)
        if visit.recorded:
            raise VisitAlreadyRecorded(plan_id=self.id, visit_number=number)
        self._check_date(visit, when.occurred_on)
        self._set_baseline(baseline_rupiah)
        visit.outcome, visit.occurred_on = outcome, when.occurred_on
        visit.late_entry_reason, visit.recorded_by, visit.recorded_at = when.late_entry_reason, mentor, now
        return OutcomeMeasured(self.next_sequence(), when, visit.id, number, outcome)

    def correct_visit(
        self, visit: Visit, occurred_on: date, outcome: Outcome, baseline_rupiah: int | None, changed: list[VisitField]
    ) -> VisitCorrected | None:
        """Apply an approved correction; nothing to tell when only the baseline changed, which no contract carries.

        Raises VisitNotRecorded, MentoringEnded, VisitBeforeHandover, VisitOutOfOrder.
        """
        if not visit.recorded:
            raise VisitNotRecorded(plan_id=self.id, visit_number=visit.number)
        if occurred_on != visit.occurred_on:
            self._check_date(visit, occurred_on)
        visit.occurred_on, visit.outcome = occurred_on, outcome
        if VisitField.BASELINE_INCOME in changed:
            self.baseline_income_rupiah = baseline_rupiah
        told = tuple(name for name in changed if name is not VisitField.BASELINE_INCOME)
        if not told:
            return None
        # The contract has no other field for the day of the visit than the fact's own date.
        when = When(occurred_on, "correction")
        return VisitCorrected(self.next_sequence(), when, visit.id, visit.number, outcome, told)

    def _check_date(self, visit: Visit, occurred_on: date) -> None:
        if self.ended_on is not None and occurred_on > self.ended_on:
            raise MentoringEnded(plan_id=self.id, ended_on=self.ended_on.isoformat())
        if occurred_on < self.handover.handed_over_on:
            raise VisitBeforeHandover(plan_id=self.id, handed_over_on=self.handover.handed_over_on.isoformat())
        for other in self.recorded_visits:
            other_on, _, _ = other.record
            misplaced = occurred_on < other_on if other.number < visit.number else occurred_on > other_on
            if other.number != visit.number and misplaced:
                raise VisitOutOfOrder(plan_id=self.id, visit_number=visit.number, other_visit_number=other.number)

    def _set_baseline(self, rupiah: int | None) -> None:
        if rupiah is None or rupiah == self.baseline_income_rupiah:
            return
        if self.baseline_income_rupiah is not None:
            raise BaselineAlreadyRecorded(plan_id=self.id)
        self.baseline_income_rupiah = rupiah
