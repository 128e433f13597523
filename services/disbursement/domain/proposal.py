"""A proposal (usulan): made by an officer, checked by a verifier, signed by the deciding official."""

from dataclasses import dataclass
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


class ReturnReason(StrEnum):
    """Why a verifier returns a whole proposal; its grants stay confirmed."""

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
    """Another proposal of the programme is collecting its lines."""

    title = "Another proposal of this programme is still being collected"


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
    version: int = 1

    def submit(self, lines_count: int) -> None:
        """All lines are collected. Raises ProposalNotInState."""
        self._step(ProposalState.SUBMITTED, ProposalState.COLLECTING)
        self.lines_count = lines_count

    def check(self, officer: str, version: int) -> None:
        """A second officer found every line right. Raises ProposalStale, SamePerson, ProposalNotInState."""
        self._seen(version)
        self._not_one_of(officer, self.maker)
        self._step(ProposalState.CHECKED, ProposalState.SUBMITTED)
        self.checker = officer

    def give_back(self, officer: str, version: int, reason: ReturnReason) -> None:
        """A second officer returns the whole. Raises ProposalStale, SamePerson, ProposalNotInState."""
        self._seen(version)
        self._not_one_of(officer, self.maker)
        self._step(ProposalState.RETURNED, ProposalState.SUBMITTED, ProposalState.CHECKED)
        self.checker, self.return_reason = officer, reason.value

    def give_back_lines(self, officer: str, version: int, count: int) -> None:
        """A second officer returns lines; the rest is to be checked (again). Raises like `give_back`."""
        self._seen(version)
        self._not_one_of(officer, self.maker)
        self._step(ProposalState.SUBMITTED, ProposalState.SUBMITTED, ProposalState.CHECKED)
        self.checker = None
        self.lines_count -= count
        if self.lines_count == 0:
            self.state, self.checker = ProposalState.RETURNED, officer

    def decide(self, officer: str, version: int) -> None:
        """The deciding official signs. Raises ProposalStale, SamePerson, ProposalNotInState."""
        self._seen(version)
        self._not_one_of(officer, self.maker, self.checker)
        self._step(ProposalState.DECIDED, ProposalState.CHECKED)
        self.penetap = officer

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
