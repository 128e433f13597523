"""The request to end a family's social assistance, from graduation proposal to the owner's answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, SamePerson, StaleVersion, Unprocessable
from services.registry.domain.membership import Membership, MembershipState, Scheme


class RequestState(StrEnum):
    """open → ended | refused | cancelled; ended → restored."""

    OPEN = "open"
    ENDED = "ended"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    RESTORED = "restored"


class Answer(StrEnum):
    """What the first officer of the owner proposes to do."""

    END = "end"
    REFUSE = "refuse"
    RESTORE = "restore"


class AnswerState(StrEnum):
    """proposed → approved | returned by the second officer | overtaken by a withdrawal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RETURNED = "returned"
    OVERTAKEN = "overtaken"


class EndRefusalReason(StrEnum):
    """Why an owner keeps the assistance although graduation was proposed."""

    INCOME_NOT_STABLE = "income_not_stable"
    VULNERABLE_MEMBER = "vulnerable_member"
    DATA_NOT_VERIFIED = "data_not_verified"


class EndRequestNotFound(NotFound):
    """No such request at the caller's agency and region."""

    title = "No such request at your agency"


class AnswerNotPossible(Conflict):
    """An open request is ended or refused; an ended one may be restored."""

    title = "This answer does not fit the state of the request"


class AnswerWaiting(Conflict):
    """One proposed answer at a time."""

    title = "An answer is proposed already and waits for a second officer"


class NoAnswerWaiting(Conflict):
    """Nothing was proposed that could be approved or returned."""

    title = "No answer waits for a second officer"


class AnswerIncomplete(Unprocessable):
    """To end needs a date, to refuse a reason, and neither more."""

    title = "Give ended_on to end, refusal_reason to refuse, and none of them to restore"


@dataclass(frozen=True, slots=True)
class AssistanceEnded:
    """The owner ended what the family held; an empty list: it held none."""

    schemes: tuple[Scheme, ...]
    ended_on: date


@dataclass(frozen=True, slots=True)
class AssistanceEndRefused:
    """The owner keeps the assistance."""

    reason: EndRefusalReason


@dataclass(frozen=True, slots=True)
class AssistanceRestored:
    """What was ended for this graduation was given back."""

    schemes: tuple[Scheme, ...]
    restored_on: date


AnswerFact = AssistanceEnded | AssistanceEndRefused | AssistanceRestored


@dataclass(slots=True)
class ProposedAnswer:
    """What one officer proposes and another approves: kept for ever, whatever became of it."""

    id: UUID
    answer: Answer
    maker: str
    occurred_on: date
    late_entry_reason: str | None
    ended_on: date | None = None
    refusal_reason: EndRefusalReason | None = None
    checker: str | None = None
    state: AnswerState = AnswerState.PROPOSED

    def require_complete(self) -> None:
        """Raise `AnswerIncomplete` unless exactly what the answer needs was given."""
        needs_date, needs_reason = self.answer is Answer.END, self.answer is Answer.REFUSE
        if needs_date != (self.ended_on is not None) or needs_reason != (self.refusal_reason is not None):
            raise AnswerIncomplete(answer=self.answer.value)


@dataclass(slots=True)
class EndRequest:
    """The aggregate, named by the graduation it answers."""

    graduation_id: UUID
    person_id: UUID
    family_id: UUID
    agency: str
    state: RequestState
    waiting: ProposedAnswer | None = None
    version: int = 1
    decided: ProposedAnswer | None = field(default=None)
    """Set by the act at hand: the proposed answer it settled, for the store to keep."""

    def propose(self, answer: ProposedAnswer) -> None:
        """First officer of the owner proposes; raises `AnswerWaiting`, `AnswerNotPossible`, `AnswerIncomplete`."""
        answer.require_complete()
        if self.waiting is not None:
            raise AnswerWaiting(graduation_id=self.graduation_id)
        needed = RequestState.ENDED if answer.answer is Answer.RESTORE else RequestState.OPEN
        if self.state is not needed:
            raise AnswerNotPossible(graduation_id=self.graduation_id, state=self.state.value)
        self.waiting = answer
        self.version += 1

    def approve(self, checker: str, version: int, memberships: Sequence[Membership]) -> AnswerFact | None:
        """Second officer approves: memberships change and the fact is told. None: there was nothing to restore."""
        answer = self._settle(checker, version, AnswerState.APPROVED)
        if answer.refusal_reason is not None:
            self.state = RequestState.REFUSED
            return AssistanceEndRefused(answer.refusal_reason)
        if answer.ended_on is not None:
            self.state = RequestState.ENDED
            return self._end(memberships, answer.ended_on)
        self.state = RequestState.RESTORED
        return self._restore(memberships, answer.occurred_on)

    def return_answer(self, checker: str, version: int) -> None:
        """Second officer returns the answer to the first; the request stays as it was."""
        self._settle(checker, version, AnswerState.RETURNED)

    def withdraw(self, occurred_on: date, memberships: Sequence[Membership]) -> AssistanceRestored | None:
        """The graduation was taken back: an open request is cancelled, ended assistance restored."""
        if self.waiting is not None:
            self.waiting.state = AnswerState.OVERTAKEN
            self.decided, self.waiting = self.waiting, None
        restored = None
        if self.state is RequestState.OPEN:
            self.state = RequestState.CANCELLED
        elif self.state is RequestState.ENDED:
            self.state = RequestState.RESTORED
            restored = self._restore(memberships, occurred_on)
        self.version += 1
        return restored

    def _settle(self, checker: str, version: int, state: AnswerState) -> ProposedAnswer:
        if self.waiting is None:
            raise NoAnswerWaiting(graduation_id=self.graduation_id, state=self.state.value)
        if version != self.version:
            raise StaleVersion(graduation_id=self.graduation_id, version=self.version)
        if checker == self.waiting.maker:
            raise SamePerson(graduation_id=self.graduation_id)
        answer = self.waiting
        answer.checker, answer.state = checker, state
        self.decided, self.waiting = answer, None
        self.version += 1
        return answer

    def _end(self, memberships: Sequence[Membership], ended_on: date) -> AssistanceEnded:
        held = [membership for membership in memberships if membership.state is MembershipState.ACTIVE]
        for membership in held:
            membership.end(self.graduation_id, ended_on)
        return AssistanceEnded(tuple(membership.scheme for membership in held), ended_on)

    def _restore(self, memberships: Sequence[Membership], restored_on: date) -> AssistanceRestored | None:
        ended = [membership for membership in memberships if membership.ended_by == self.graduation_id]
        for membership in ended:
            membership.restore()
        return AssistanceRestored(tuple(membership.scheme for membership in ended), restored_on) if ended else None
