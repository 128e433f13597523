"""A proposal (usulan): made by an officer, checked by a verifier, signed by the deciding official."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, SamePerson, StaleVersion, Unprocessable
from services.disbursement.domain.facts import CancelReason, ReleaseReason


class ProposalKind(StrEnum):
    """What a proposal asks for."""

    RECIPIENTS = "recipients"
    """A decree that names recipients."""
    AMENDMENT = "amendment"
    """An amending decree that takes recipients back and names substitutes."""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    COLLECTING = "collecting"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    RETURNED = "returned"
    DECIDED = "decided"


NO_LINES_LEFT = "no_lines_left"
"""Return reason of a proposal whose grants were all released before, or returned one by one."""


class ReturnReason(StrEnum):
    """Why a verifier returns a whole proposal; its grants are confirmed as before it."""

    INCOMPLETE = "incomplete"
    WRONG_PERIOD = "wrong_period"
    DATA_NOT_VERIFIED = "data_not_verified"


class LineReturnReason(StrEnum):
    """Why a verifier returns one line: DATA_NOT_VERIFIED keeps the grant, the others release it."""

    DATA_NOT_VERIFIED = "data_not_verified"
    COURSE_NOT_COMPLETED = "course_not_completed"
    DOUBLE_AID = "double_aid"
    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"
    RETURNED_BY_VERIFIER = "returned_by_verifier"

    @property
    def release_reason(self) -> ReleaseReason | None:
        """The reason under which the grant is released, None if it stays confirmed."""
        return None if self is LineReturnReason.DATA_NOT_VERIFIED else ReleaseReason(self.value)


class ProposalNotFound(NotFound):
    """No such proposal within the caller's agency and region."""

    title = "The proposal is not known"


class ProposalNotInState(Conflict):
    """The act is not possible in the state the proposal is in."""

    title = "The proposal is not in a state that allows this"


class ProposalStale(StaleVersion):
    """The proposal changed since the officer looked at it."""

    title = "The proposal has changed since you looked at it"


class NothingToPropose(Conflict):
    """No confirmed grant waits for a proposal."""

    title = "There is no confirmed grant to propose"


class ProposalBeingCollected(Conflict):
    """Another proposal of the programme is collecting its lines, or giving them back."""

    title = "Another proposal of this programme is still being collected or returned"


class EmptyProposal(Conflict):
    """No line is left to check or to decide on."""

    title = "The proposal has no lines"


class DatedBeforePreviousAct(Unprocessable):
    """The act is dated before the one it answers: a check before the proposal, a decree before the check."""

    title = "The act is dated before the one it follows"


class LinesBlocked(Conflict):
    """Lines no longer meet a criterion; return them first."""

    title = "Some lines no longer meet the criteria"


class LineNotInProposal(Unprocessable):
    """The grant does not stand in this proposal."""

    title = "The grant does not stand in this proposal"


class DecreeNumberTaken(Conflict):
    """The agency already used this decree number."""

    title = "The decree number was already used"


@dataclass(frozen=True, slots=True)
class AmendmentLine:
    """A decided grant to cancel, and the reserve candidate who takes the place, if any."""

    grant_id: UUID
    reason: CancelReason
    substitute_person_id: UUID | None


@dataclass(slots=True)
class Proposal:
    """A proposal and its three officers (identities `issuer#subject`)."""

    id: UUID
    programme_id: UUID
    agency: str
    region_code: str
    kind: ProposalKind
    state: ProposalState
    maker: str
    checker: str | None = None
    penetap: str | None = None
    amends_decree_id: UUID | None = None
    lines_count: int = 0
    return_reason: str | None = None
    acted_on: date = date.min
    """Regional date of the last act: made, checked, returned, decided."""
    job_id: UUID | None = None
    """The job that collects its lines, or gives them back."""
    version: int = 1

    def submit(self, lines_count: int) -> None:
        """All lines are collected; without any it is returned. Raises ProposalNotInState."""
        self._step(ProposalState.SUBMITTED, ProposalState.COLLECTING)
        self.lines_count = lines_count
        if lines_count == 0:
            self.state, self.return_reason = ProposalState.RETURNED, NO_LINES_LEFT

    def check(self, officer: str, version: int, on: date) -> None:
        """A second officer found every line right.

        Raises ProposalStale, SamePerson, ProposalNotInState, EmptyProposal, DatedBeforePreviousAct.
        """
        self._seen(version)
        self._not_one_of(officer, self.maker)
        self._step(ProposalState.CHECKED, ProposalState.SUBMITTED)
        self._has_lines()
        self._act(on)
        self.checker = officer

    def give_back(
        self, officer: str, version: int, reason: ReturnReason, on: date, *, collecting_ended: bool = False
    ) -> None:
        """A second officer returns the whole; while lines are collected only if that job failed or was cancelled.

        Raises ProposalStale, SamePerson, ProposalNotInState, DatedBeforePreviousAct.
        """
        self._seen(version)
        self._not_one_of(officer, self.maker)
        allowed = {ProposalState.SUBMITTED, ProposalState.CHECKED}
        self._step(ProposalState.RETURNED, *allowed, *({ProposalState.COLLECTING} if collecting_ended else ()))
        self._act(on)
        self.checker, self.return_reason = officer, reason.value

    def give_back_lines(self, officer: str, version: int, count: int, on: date) -> None:
        """A second officer returns lines; the rest is to be checked (again). Raises like `give_back`."""
        self._seen(version)
        self._not_one_of(officer, self.maker)
        self._step(ProposalState.SUBMITTED, ProposalState.SUBMITTED, ProposalState.CHECKED)
        self._act(on)
        self.checker = None
        self.lines_count -= count
        if self.lines_count == 0:
            self.state, self.checker, self.return_reason = ProposalState.RETURNED, officer, NO_LINES_LEFT

    def decide(self, officer: str, version: int, on: date) -> None:
        """The deciding official signs. Raises like `check`."""
        self._seen(version)
        self._not_one_of(officer, self.maker, self.checker)
        self._step(ProposalState.DECIDED, ProposalState.CHECKED)
        self._has_lines()
        self._act(on)
        self.penetap = officer

    def _has_lines(self) -> None:
        if self.lines_count == 0:
            raise EmptyProposal(proposal_id=self.id)

    def _act(self, on: date) -> None:
        if on < self.acted_on:
            raise DatedBeforePreviousAct(proposal_id=self.id, previous_on=self.acted_on)
        self.acted_on = on

    def _seen(self, version: int) -> None:
        if version != self.version:
            raise ProposalStale(proposal_id=self.id, seen_version=version, version=self.version)

    def _not_one_of(self, officer: str, *others: str | None) -> None:
        if officer in others:
            raise SamePerson(proposal_id=self.id)

    def _step(self, to: ProposalState, *allowed: ProposalState) -> None:
        if self.state not in allowed:
            raise ProposalNotInState(proposal_id=self.id, state=self.state.value)
        self.state = to
        self.version += 1
