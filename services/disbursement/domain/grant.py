"""A grant: one package for one family, from allocation to handover, and every way back."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from chassis.errors import Conflict, Unprocessable
from services.disbursement.domain import facts as f

ValueT = TypeVar("ValueT")


class GrantState(StrEnum):
    """Where a grant stands."""

    CONDITIONAL = "conditional"
    """Money is set aside, the course is not completed yet."""
    CONFIRMED = "confirmed"
    PROPOSED = "proposed"
    DECIDED = "decided"
    HANDED_OVER = "handed_over"
    RELEASED = "released"
    """Ended before a decree."""
    CANCELLED = "cancelled"
    """Ended by amending decree."""


OPEN = frozenset({GrantState.CONDITIONAL, GrantState.CONFIRMED})
"""States that an arriving fact may still end without anybody's signature."""

ENDED = frozenset({GrantState.RELEASED, GrantState.CANCELLED})
"""States that no longer hold money or the family's place."""


class GrantNotInState(Conflict):
    """The act is not possible in the state the grant is in."""

    title = "The grant is not in a state that allows this"


class AlreadyHandedOver(Conflict):
    """The package was handed over before."""

    title = "The package was already handed over"


class HandoverBeforeDecree(Unprocessable):
    """The handover is dated before the decree that allows it."""

    title = "The handover is dated before the decree"


class ItemsDiffer(Unprocessable):
    """What was handed over is not what the package holds."""

    title = "The items differ from the package"


class RecipientNotActive(Conflict):
    """The recipient died or moved away: cancel by amending decree instead."""

    title = "The recipient has died or moved away"


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One line of a package: a code, a quantity, a price per piece in rupiah."""

    item_code: str
    name: str
    quantity: int
    unit_price_rupiah: int


@dataclass(slots=True)
class Grant:
    """One package for one family in one programme; the family's only one until it ends."""

    id: UUID
    programme_id: UUID
    person_id: UUID
    family_id: UUID
    package_code: str
    amount_rupiah: int
    agency: str
    region_code: str
    state: GrantState
    from_reserve_list: bool = False
    replaces_grant_id: UUID | None = None
    proposal_id: UUID | None = None
    decree_id: UUID | None = None
    decided_on: date | None = None
    bast_id: UUID | None = None
    ended_reason: str | None = None
    acted_on: date = date.min
    """Regional date of the last act."""
    version: int = 1

    def confirm(self) -> f.Confirmed:
        """The course is completed. Raises GrantNotInState."""
        self._step(GrantState.CONFIRMED, GrantState.CONDITIONAL)
        return f.Confirmed()

    def release(self, reason: f.ReleaseReason) -> f.Released:
        """End it before a decree; the money is free again. Raises GrantNotInState."""
        self._step(GrantState.RELEASED, GrantState.CONDITIONAL, GrantState.CONFIRMED, GrantState.PROPOSED)
        self.ended_reason = reason.value
        self.proposal_id = None
        return f.Released(reason)

    def propose(self, proposal_id: UUID) -> f.Proposed:
        """Put it into a proposal. Raises GrantNotInState while it is conditional."""
        self._step(GrantState.PROPOSED, GrantState.CONFIRMED)
        self.proposal_id = proposal_id
        return f.Proposed(proposal_id)

    def send_back(self, reason: str) -> f.SentBack:
        """Take it out of its proposal; it stays confirmed. Raises GrantNotInState."""
        proposal_id = self._known(self.proposal_id)
        self._step(GrantState.CONFIRMED, GrantState.PROPOSED)
        self.proposal_id = None
        return f.SentBack(proposal_id, reason)

    def decide(self, decree_id: UUID, number: str, decree_on: date, *, amends_decree: bool = False) -> f.Decided:
        """A decree names the recipient. Raises GrantNotInState unless proposed."""
        self._step(GrantState.DECIDED, GrantState.PROPOSED)
        self.decree_id, self.decided_on = decree_id, decree_on
        return f.Decided(decree_id, number, decree_on, amends_decree)

    def cancel(self, reason: f.CancelReason, decree_id: UUID, decree_number: str) -> f.Cancelled:
        """Take a decided grant back by amending decree. Raises GrantNotInState (a handover is voided first)."""
        self._step(GrantState.CANCELLED, GrantState.DECIDED)
        self.ended_reason = reason.value
        return f.Cancelled(reason, decree_id, decree_number)

    def schedule(
        self, session_id: UUID, on: date, place_code: str, place_region_code: str, *, recipient_active: bool
    ) -> f.Scheduled:
        """Invite the recipient to a session; a later invitation replaces an earlier one.

        Raises GrantNotInState, RecipientNotActive.
        """
        self._require(GrantState.DECIDED)
        if not recipient_active:
            raise RecipientNotActive(grant_id=self.id)
        self._step(GrantState.DECIDED, GrantState.DECIDED)
        return f.Scheduled(session_id, on, place_code, place_region_code)

    def miss(self, session_id: UUID) -> f.Missed:
        """The recipient did not come; nothing is lost. Raises GrantNotInState."""
        self._step(GrantState.DECIDED, GrantState.DECIDED)
        return f.Missed(session_id)

    def refuse_unless_receivable(
        self, on: date, items: tuple[f.HandedItem, ...], package: tuple[PackageItem, ...], *, recipient_active: bool
    ) -> None:
        """All that can speak against a handover on that day, before stock or a number is taken.

        Raises AlreadyHandedOver, GrantNotInState, HandoverBeforeDecree, ItemsDiffer, RecipientNotActive.
        """
        if self.state is GrantState.HANDED_OVER:
            raise AlreadyHandedOver(grant_id=self.id)
        self._require(GrantState.DECIDED)
        if not recipient_active:
            raise RecipientNotActive(grant_id=self.id)
        decided_on = self._known(self.decided_on)
        if on < decided_on:
            raise HandoverBeforeDecree(grant_id=self.id, decree_on=decided_on)
        handed = sorted((item.item_code, item.quantity) for item in items)
        if handed != sorted((item.item_code, item.quantity) for item in package):
            raise ItemsDiffer(grant_id=self.id, package_code=self.package_code)

    def hand_over(
        self,
        session_id: UUID,
        bast_id: UUID,
        bast_number: str,
        items: tuple[f.HandedItem, ...],
        replaces_bast_id: UUID | None,
    ) -> f.HandedOver:
        """The package changed hands against this BAST. Call `refuse_unless_receivable` first."""
        self._step(GrantState.HANDED_OVER, GrantState.DECIDED)
        self.bast_id = bast_id
        return f.HandedOver(session_id, bast_id, bast_number, items, replaces_bast_id)

    def take_back(self, bast_number: str, reason: f.VoidReason, goods: f.GoodsFate) -> f.HandoverVoided:
        """The BAST is void: the right recipient is still decided. Raises GrantNotInState."""
        bast_id = self._known(self.bast_id)
        self._step(GrantState.DECIDED, GrantState.HANDED_OVER)
        self.bast_id = None
        return f.HandoverVoided(bast_id, bast_number, reason, goods)

    def correct_bast(self, bast_number: str, fields: tuple[f.BastField, ...], reason: str) -> f.BastCorrected:
        """Clerical fields of the valid BAST were mended. Raises GrantNotInState."""
        bast_id = self._known(self.bast_id)
        self._step(GrantState.HANDED_OVER, GrantState.HANDED_OVER)
        return f.BastCorrected(bast_id, bast_number, fields, reason)

    def _known(self, value: ValueT | None) -> ValueT:
        if value is None:
            raise GrantNotInState(grant_id=self.id, state=self.state.value)
        return value

    def _require(self, *allowed: GrantState) -> None:
        if self.state not in allowed:
            raise GrantNotInState(grant_id=self.id, state=self.state.value)

    def _step(self, to: GrantState, *allowed: GrantState) -> None:
        self._require(*allowed)
        self.state = to
        self.version += 1
