"""What can happen to a grant: the facts that the domain returns and `outgoing` tells."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class ReleaseReason(StrEnum):
    """Why an allocation is released before a decree."""

    COURSE_NOT_COMPLETED = "course_not_completed"
    DOUBLE_AID = "double_aid"
    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"
    RETURNED_BY_VERIFIER = "returned_by_verifier"


class CancelReason(StrEnum):
    """Why a decided grant is cancelled by amending decree."""

    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"
    REFUSED_BY_RECIPIENT = "refused_by_recipient"
    DECIDED_IN_ERROR = "decided_in_error"


class VoidReason(StrEnum):
    """Why a BAST is voided."""

    WRONG_ITEM = "wrong_item"
    WRONG_PERSON = "wrong_person"
    RECORDED_IN_ERROR = "recorded_in_error"


class GoodsFate(StrEnum):
    """Where the goods of a voided BAST are now."""

    BACK_IN_STOCK = "back_in_stock"
    WRITTEN_OFF = "written_off"


class ItemCondition(StrEnum):
    """Condition of an item as the recipient accepted it."""

    GOOD = "good"
    DAMAGED = "damaged"


class BastField(StrEnum):
    """A clerical field of a BAST that may be mended without voiding it."""

    OCCURRED_ON = "occurred_on"
    PLACE = "place"
    FIRST_PARTY = "first_party"
    WITNESS = "witness"
    CONDITION = "condition"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class HandedItem:
    """One line of a package as handed over."""

    item_code: str
    quantity: int
    unit_price_rupiah: int
    condition: ItemCondition


@dataclass(frozen=True, slots=True)
class Allocated:
    """Money for one package is set aside."""

    conditional: bool
    from_reserve_list: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The course is completed: the condition is met."""


@dataclass(frozen=True, slots=True)
class Released:
    """The money is free again."""

    reason: ReleaseReason


@dataclass(frozen=True, slots=True)
class Proposed:
    """The grant stands in a proposal."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True)
class SentBack:
    """The proposal was returned; the grant may be proposed again."""

    proposal_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decree names the recipient."""

    decree_id: UUID
    decree_number: str
    decree_on: date
    amends_decree: bool


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The recipient is invited to a handover session."""

    session_id: UUID
    scheduled_on: date
    place_code: str
    place_region_code: str


@dataclass(frozen=True, slots=True)
class Missed:
    """The recipient did not come."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The package was handed over against a BAST."""

    session_id: UUID
    bast_id: UUID
    bast_number: str
    items: tuple[HandedItem, ...]
    replaces_bast_id: UUID | None


@dataclass(frozen=True, slots=True)
class HandoverVoided:
    """The BAST is void; the grant is decided, but not handed over."""

    bast_id: UUID
    bast_number: str
    reason: VoidReason
    goods: GoodsFate


@dataclass(frozen=True, slots=True)
class BastCorrected:
    """Clerical fields of the BAST were mended."""

    bast_id: UUID
    bast_number: str
    changed_fields: tuple[BastField, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An amending decree took the grant back."""

    reason: CancelReason
    decree_id: UUID
    decree_number: str


GrantFact = (
    Allocated
    | Confirmed
    | Released
    | Proposed
    | SentBack
    | Decided
    | Scheduled
    | Missed
    | HandedOver
    | HandoverVoided
    | BastCorrected
    | Cancelled
)
"""Everything that can happen to a grant."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who acted, on which regional date, and why it is recorded late (a code) if it is."""

    officer: str
    occurred_on: date
    late_entry_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """What a fact says in the decision log: the act, what it refers to, its document, its reason."""

    act: str
    reference_id: UUID | None = None
    document_number: str | None = None
    reason: str | None = None


def trail(fact: GrantFact) -> Trail:
    """The line of the decision log that a fact leaves."""
    match fact:
        case Allocated(conditional=conditional):
            return Trail("aid_allocated", reason="course_awaited" if conditional else "eligible")
        case Confirmed():
            return Trail("allocation_confirmed", reason="course_completed")
        case Released(reason=reason):
            return Trail("allocation_released", reason=reason.value)
        case Proposed(proposal_id=proposal_id):
            return Trail("aid_proposed", proposal_id)
        case SentBack(proposal_id=proposal_id, reason=sent_back_for):
            return Trail("proposal_line_returned", proposal_id, reason=sent_back_for)
        case Decided(decree_id=decree_id, decree_number=number):
            return Trail("aid_decided", decree_id, number)
        case Scheduled(session_id=session_id):
            return Trail("handover_scheduled", session_id)
        case Missed(session_id=session_id):
            return Trail("handover_missed", session_id)
        case HandedOver(bast_id=bast_id, bast_number=number):
            return Trail("aid_handed_over", bast_id, number)
        case HandoverVoided(bast_id=bast_id, bast_number=number, reason=void_reason, goods=goods):
            return Trail("handover_voided", bast_id, number, f"{void_reason.value}/{goods.value}")
        case BastCorrected(bast_id=bast_id, bast_number=number, reason=corrected_for):
            return Trail("bast_corrected", bast_id, number, corrected_for)
        case Cancelled(decree_id=decree_id, decree_number=number, reason=cancel_reason):
            return Trail("grant_cancelled", decree_id, number, cancel_reason.value)
