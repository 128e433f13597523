"""Membership of a family in social assistance (bansos), and the request to end it on graduation (graduasi)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotAllowed, Unprocessable


class Scheme(StrEnum):
    """Social assistance a family may hold."""

    PKH = "pkh"
    SEMBAKO = "sembako"


class MembershipState(StrEnum):
    """active ⇄ ended: ended on a graduation, given back when that is taken back, or started again later."""

    ACTIVE = "active"
    ENDED = "ended"


class MembershipChange(StrEnum):
    """Line of a membership's history."""

    STARTED = "started"
    ENDED = "ended"
    RESTORED = "restored"


class AlreadyMember(Conflict):
    """The family holds this assistance."""

    title = "The family is a member of this assistance already"


class StartsBeforeEnd(Unprocessable):
    """A family cannot be back in an assistance before it left it."""

    title = "The assistance ended later than the day from which it is to start again"


class NotOwner(NotAllowed):
    """Only the agency that owns the assistance decides on it."""

    title = "Only the agency that owns this assistance may do this"


@dataclass(slots=True)
class Membership:
    """One scheme of one family; both states keep their dates in the history."""

    id: UUID
    family_id: UUID
    scheme: Scheme
    since: date | None
    state: MembershipState = MembershipState.ACTIVE
    ended_on: date | None = None
    ended_by: UUID | None = None
    version: int = 1

    def end(self, graduation_id: UUID, ended_on: date) -> None:
        """End it on a graduation."""
        self.state, self.ended_on, self.ended_by = MembershipState.ENDED, ended_on, graduation_id
        self.version += 1

    def start_again(self, since: date | None) -> None:
        """Take the family in again after an end; raises `AlreadyMember`, `StartsBeforeEnd`.

        From then on the graduation that ended it can no longer give it back.
        """
        if self.ended_on is None:
            raise AlreadyMember(family_id=self.family_id, scheme=self.scheme.value)
        if since is not None and since < self.ended_on:
            raise StartsBeforeEnd(since=since, ended_on=self.ended_on)
        self.since = since
        self.restore()

    def restore(self) -> None:
        """Give it back as if never ended; the history keeps both dates."""
        self.state, self.ended_on, self.ended_by = MembershipState.ACTIVE, None, None
        self.version += 1
