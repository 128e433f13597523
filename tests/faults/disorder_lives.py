"""One made-up person's way through all services: what every publisher tells of it, subject by subject."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from contracts import disbursement as d
from contracts import followup as f
from contracts import notifications as n
from contracts import registry as r
from contracts import training as t
from contracts.envelope import Fact, LateEntryReason, case_id
from contracts.inbound import AssistanceGivenV1, Attendance, AttendanceEntry, AttendanceReportedV1

BEGUN_ON = date(2023, 9, 1)
VILLAGES = ("33.28.04.2018", "33.28.03.2001", "33.28.02.2005")
COURSE, PACKAGE, PRICE_RUPIAH = "tata-boga", "paket-tata-boga", 5_000_000
PROVIDER = "lpk-melati"
VISITS_COUNT: Final = 2

_AnswerT = TypeVar("_AnswerT")


class Fate(StrEnum):
    """Where a way leads."""

    DROPS_OUT = "drops_out"
    CANCELLED = "cancelled"
    DIES = "dies"
    MOVES_AWAY = "moves_away"
    MENTORED = "mentored"
    REFUSED = "refused"
    ANSWERED_LATE = "answered_late"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"


GONE: Final = {Fate.DIES: r.PersonStatus.DECEASED, Fate.MOVES_AWAY: r.PersonStatus.MOVED_AWAY}
STOPPED: Final = {Fate.DIES: f.PlanEndReason.DECEASED, Fate.MOVES_AWAY: f.PlanEndReason.MOVED_AWAY}
NEVER_HANDED_OVER: Final = frozenset({Fate.DROPS_OUT, Fate.CANCELLED})
PROPOSED: Final = frozenset({Fate.REFUSED, Fate.ANSWERED_LATE, Fate.WITHDRAWN, Fate.RESTORED})


class Deck:
    """Answers dealt in shuffled rounds, so that a dozen lives hold everything that can happen."""

    def __init__(self, lot: random.Random) -> None:
        self._lot = lot
        self._left: dict[str, list[Any]] = {}

    def deal(self, question: str, answers: Sequence[_AnswerT]) -> _AnswerT:
        """The next answer; each of them comes once before any comes again."""
        left = self._left.setdefault(question, [])
        if not left:
            left += self._lot.sample(answers, len(answers))
        answer: _AnswerT = left.pop()
        return answer

    def one_of(self, count: int, question: str) -> bool:
        """Yes once in so many times."""
        return self.deal(question, [True] + [False] * (count - 1))


@dataclass(frozen=True, slots=True)
class Programme:
    """What all lives have in common."""

    id: UUID
    import_id: UUID


def identity(lot: random.Random) -> UUID:
    """An id by lot."""
    return UUID(int=lot.getrandbits(128), version=4)


def on(day: int, agency: str = "dinsos") -> dict[str, Any]:
    """What every fact of this day of the programme carries."""
    late = LateEntryReason.HISTORICAL_DATA
    return {"occurred_on": BEGUN_ON + timedelta(days=day), "late_entry_reason": late, "agency": agency}


class Life:
    """One person's way, by lot."""

    def __init__(self, lot: random.Random, programme: Programme, deck: Deck) -> None:
        self._lot, self._deck, self._programme = lot, deck, programme
        self.fate = deck.deal("fate", list(Fate))
        self.person_id, self.family_id = self._id(), self._id()
        self.case = case_id(programme.id, self.person_id)
        self.village = lot.choice(VILLAGES)
        self._person = {"person_id": self.person_id, "programme_id": programme.id}
        self._enrolment = {"enrolment_id": self._id(), **self._person, "course_code": COURSE, "class_id": self._id()}
        self._family = {**self._person, "family_id": self.family_id}
        aid = {"package_code": PACKAGE, "amount_rupiah": PRICE_RUPIAH}
        self._grant = {"grant_id": self._id(), **self._family, **aid}
        self._plan = {"plan_id": self._id(), "grant_id": self._grant["grant_id"], **self._family}
        self._graduation_id = self._id()
        self._voided = self.fate not in NEVER_HANDED_OVER and deck.one_of(3, "voided")

    def subjects(self) -> Iterator[Iterator[Fact]]:
        """All that is told of this person: the facts of one subject in their order, one subject after the other."""
        yield self._registry()
        yield self._sheets()
        yield self._training()
        yield self._disbursement()
        yield self._message(31, "training-invitation")
        if self.fate is not Fate.DROPS_OUT:
            yield self._message(81, "handover-invitation")
        if self.fate not in NEVER_HANDED_OVER:
            yield self._followup()
        if self.fate in PROPOSED:
            yield self._assistance()
        if self._deck.one_of(5, "aid of others"):
            yield self._others()

    def _id(self) -> UUID:
        return identity(self._lot)

    def _attributes(self, day: int, status: r.PersonStatus = r.PersonStatus.ACTIVE) -> dict[str, Any]:
        return {
            **on(day),
            "person_id": self.person_id,
            "family_id": self.family_id,
            "region_code": self.village,
            "decile": self._lot.randint(1, 4),
            "list_source": r.ListSource.P3KE,
            "list_version": "2022-tahap-2",
            "list_dated_on": date(2022, 12, 1),
            "population_match": r.PopulationMatch.MATCHED,
            "status": status,
        }

    def _registry(self) -> Iterator[Fact]:
        yield r.PersonRegisteredV1(**self._attributes(0), import_id=self._programme.import_id)
        if self._deck.one_of(2, "corrected"):
            mended = (r.PersonField.PHONE, r.PersonField.DECILE)
            yield r.PersonCorrectedV1(**self._attributes(59), correction_id=self._id(), changed_fields=mended)
        if self.fate in GONE:
            gone = self._attributes(200, GONE[self.fate])
            yield r.PersonCorrectedV1(**gone, correction_id=self._id(), changed_fields=(r.PersonField.STATUS,))
            died_there = self.fate is Fate.MOVES_AWAY and self._deck.one_of(2, "died after moving away")
            later = self._attributes(230, GONE[Fate.DIES if died_there else self.fate])
            changed = r.PersonField.STATUS if died_there else r.PersonField.NAME
            yield r.PersonCorrectedV1(**later, correction_id=self._id(), changed_fields=(changed,))

    def _sheets(self) -> Iterator[Fact]:
        sheet = {"provider_code": PROVIDER, "class_id": self._enrolment["class_id"], "session_id": self._id()}
        came = Attendance.ABSENT if self.fate is Fate.DROPS_OUT else Attendance.PRESENT
        told = [came]
        if self._deck.one_of(3, "sheet corrected"):
            told.insert(0, Attendance.SICK)
        for day, attendance in enumerate(told, start=58):
            entry = AttendanceEntry(enrolment_id=self._enrolment["enrolment_id"], attendance=attendance)
            yield AttendanceReportedV1(**on(day, PROVIDER), **sheet, entries=(entry,))

    def _training(self) -> Iterator[Fact]:
        place = {"place_region_code": self.village, "session_dates": (date(2023, 10, 25),)}
        yield t.EnrolledV1(**on(30), **self._enrolment, **place)
        if self._deck.one_of(3, "rescheduled"):
            moved = place | {"session_dates": (date(2023, 10, 27),)}
            yield t.EnrolmentRescheduledV1(**on(35), **self._enrolment, **moved, transferred=False)
        told = {**on(60), **self._enrolment, "sessions_required": 1}
        if self.fate is Fate.DROPS_OUT:
            yield t.CourseNotCompletedV1(**told, sessions_attended=0, reason=t.NotCompletedReason.ATTENDANCE_SHORT)
        else:
            yield t.CourseCompletedV1(**told, sessions_attended=1, completed_on=date(2023, 10, 31))

    def _disbursement(self) -> Iterator[Fact]:
        yield d.AidAllocatedV1(**on(40), **self._grant, conditional=True, from_reserve_list=False)
        if self.fate is Fate.DROPS_OUT:
            yield d.AllocationReleasedV1(**on(60), **self._grant, reason=d.ReleaseReason.COURSE_NOT_COMPLETED)
            return
        yield d.AllocationConfirmedV1(**on(60), **self._grant)
        proposal = {"proposal_id": self._id()}
        yield d.AidProposedV1(**on(65), **self._grant, **proposal)
        if self._deck.one_of(3, "returned"):
            incomplete = d.ProposalReturnReason.INCOMPLETE
            yield d.ProposalReturnedV1(**on(66), **self._grant, **proposal, reason=incomplete)
            yield d.AidProposedV1(**on(67), **self._grant, proposal_id=self._id())
        decree = {"decree_number": "460/1/2023", "decree_on": BEGUN_ON + timedelta(days=75)}
        yield d.AidDecidedV1(**on(75), **self._grant, decree_id=self._id(), **decree, amends_decree=False)
        session = {"handover_session_id": self._id()}
        yield self._invited(80, session)
        if self._deck.one_of(3, "missed"):
            yield d.HandoverMissedV1(**on(82), **self._grant, **session)
            session = {"handover_session_id": self._id()}
            yield self._invited(83, session)
        if self.fate is Fate.CANCELLED:
            amending = {"decree_number": "460/2/2023", "reason": d.CancelReason.REFUSED_BY_RECIPIENT}
            yield d.GrantCancelledV1(**on(84), **self._grant, **amending)
        else:
            yield from self._handed_over(session)

    def _invited(self, day: int, session: dict[str, UUID]) -> Fact:
        scheduled_on = BEGUN_ON + timedelta(days=day + 2)
        place = {"place_code": "pendopo", "place_region_code": self.village, "scheduled_on": scheduled_on}
        return d.HandoverScheduledV1(**on(day), **self._grant, **session, **place)

    def _handed_over(self, session: dict[str, UUID]) -> Iterator[Fact]:
        item = d.HandedItem(
            item_code="kompor", quantity=1, unit_price_rupiah=PRICE_RUPIAH, condition=d.ItemCondition.GOOD
        )
        handed = {**self._grant, **session, "region_code": self.village, "items": (item,)}
        bast = self._bast()
        yield d.AidHandedOverV1(**on(85), **handed, **bast)
        if self._deck.one_of(3, "corrected BAST"):
            changed = (d.BastField.WITNESS, d.BastField.PLACE)
            yield d.BastCorrectedV1(**on(86), **self._grant, **bast, changed_fields=changed)
        if self._voided:
            yield d.HandoverVoidedV1(**on(87), **self._grant, **bast, reason=d.VoidReason.WRONG_ITEM)
            yield d.AidHandedOverV1(**on(89), **handed, **self._bast(), replaces_bast_id=bast["bast_id"])

    def _bast(self) -> dict[str, Any]:
        return {"bast_id": self._id(), "bast_number": f"BAST/{self._lot.getrandbits(29)}/2023"}

    def _followup(self) -> Iterator[Fact]:
        due = [BEGUN_ON + timedelta(days=120 + 30 * number) for number in range(VISITS_COUNT)]
        planned = {**self._plan, "region_code": self.village, "visit_dates": tuple(due)}
        yield f.MentoringPlannedV1(**on(85), **planned)
        if self._voided:
            yield f.MentoringStoppedV1(**on(87), **self._plan, reason=f.PlanEndReason.HANDOVER_VOIDED)
            yield f.MentoringPlannedV1(**on(89), **planned)
        for number, due_on in enumerate(due, start=1):
            visit = {**self._plan, "visit_number": number}
            yield f.VisitDueV1(**on(90 + 30 * number), **visit, due_on=due_on)
            visited = {**on(95 + 30 * number), **visit, "visit_id": self._id()}
            yield f.OutcomeMeasuredV1(**visited, **_outcome(1_000_000 * number))
            if self._deck.one_of(3, "visit corrected"):
                changed = (f.VisitField.INCOME, f.VisitField.TURNOVER)
                yield f.VisitCorrectedV1(**visited, **_outcome(1_100_000 * number), changed_fields=changed)
        if self.fate in STOPPED:
            yield f.MentoringStoppedV1(**on(200), **self._plan, reason=STOPPED[self.fate])
        if self.fate in PROPOSED:
            yield f.EmpoweredV1(**on(320), **self._plan, rule_version=1)
            yield from self._graduation()

    def _graduation(self) -> Iterator[Fact]:
        about = {**self._plan, "graduation_id": self._graduation_id}
        due_on = BEGUN_ON + timedelta(days=344)
        terms = {"region_code": self.village, "visits_count": VISITS_COUNT, "answer_due_on": due_on}
        yield f.GraduationProposedV1(**on(330), **about, **terms)
        if self.fate is Fate.REFUSED:
            yield f.GraduationRefusedV1(**on(340), **about)
        elif self.fate is Fate.ANSWERED_LATE:
            yield f.GraduationUnansweredV1(**on(345), **about, answer_due_on=due_on)
            yield f.GraduatedV1(**on(350), **about)
        elif self.fate is Fate.WITHDRAWN:
            yield f.GraduationWithdrawnV1(**on(340), **about, reason=f.WithdrawalReason.HOUSEHOLD_SHOCK)
        else:
            yield f.GraduatedV1(**on(340), **about)
            yield f.GraduationWithdrawnV1(**on(360), **about, reason=f.WithdrawalReason.OUTCOME_CORRECTED)

    def _assistance(self) -> Iterator[Fact]:
        about = {"graduation_id": self._graduation_id, "person_id": self.person_id, "family_id": self.family_id}
        if self.fate is Fate.REFUSED:
            yield r.AssistanceEndRefusedV1(**on(340), **about, reason=r.EndRefusalReason.VULNERABLE_MEMBER)
        elif self.fate is not Fate.WITHDRAWN or self._deck.one_of(2, "ended while withdrawn"):
            day, schemes = (350 if self.fate is Fate.ANSWERED_LATE else 340), (r.AssistanceScheme.PKH,)
            ended_on = BEGUN_ON + timedelta(days=day)
            yield r.AssistanceEndedV1(**on(day), **about, schemes=schemes, ended_on=ended_on)
            if self.fate is not Fate.ANSWERED_LATE:
                restored_on = BEGUN_ON + timedelta(days=362)
                yield r.AssistanceRestoredV1(**on(362), **about, schemes=schemes, restored_on=restored_on)

    def _message(self, day: int, template_code: str) -> Iterator[Fact]:
        template = {"template_code": template_code, "template_version": 1}
        message = {"message_id": self._id(), **self._person, **template, "channel": n.Channel.SMS}
        yield n.MessageSentV1(**on(day), **message)
        if not self._deck.one_of(4, "dead number"):
            yield n.MessageDeliveredV1(**on(day), **message)
            return
        yield n.MessageFailedV1(**on(day + 1), **message, reason=n.FailureReason.DEAD_NUMBER)
        listed = message | {"channel": n.Channel.PRINTED_LIST, "list_id": self._id()}
        yield n.MessageListedV1(**on(day + 1), **listed)
        yield n.MessageAcknowledgedV1(**on(day + 3), **listed)

    def _others(self) -> Iterator[Fact]:
        yield AssistanceGivenV1(
            **on(300, "dinas-koperasi"), assistance_id=self._id(), person_id=self.person_id, region_code=self.village,
            package_code="modal-usaha", amount_rupiah=2_000_000,
        )  # fmt: skip


def _outcome(income_rupiah: int) -> dict[str, Any]:
    turnover = {"monthly_turnover_rupiah": 2 * income_rupiah, "monthly_income_rupiah": income_rupiah}
    return {**turnover, "family_working_hours": 40, "asset_state": f.AssetState.KEPT}
