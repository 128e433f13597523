"""What disbursement tells: programmes, grants from allocation to handover, and every way back."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact, Part
from contracts.fields import (
    Code,
    Count,
    Day,
    Decile,
    DocumentNumber,
    FamilyId,
    Flag,
    Id,
    PersonId,
    RegionCode,
    Rupiah,
    coded,
    codes,
    entries,
)


class ReleaseReason(StrEnum):
    """Why an allocation was released before a decree."""

    COURSE_NOT_COMPLETED = "course_not_completed"
    DOUBLE_AID = "double_aid"
    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"
    RETURNED_BY_VERIFIER = "returned_by_verifier"


class ProposalReturnReason(StrEnum):
    """Why a verifier sent a grant back from a proposal; it may be proposed again."""

    INCOMPLETE = "incomplete"
    WRONG_PERIOD = "wrong_period"
    DATA_NOT_VERIFIED = "data_not_verified"


class CancelReason(StrEnum):
    """Why a decided grant ends by amending decree."""

    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"
    REFUSED_BY_RECIPIENT = "refused_by_recipient"
    DECIDED_IN_ERROR = "decided_in_error"


class VoidReason(StrEnum):
    """Why a handover record (BAST) was voided."""

    WRONG_ITEM = "wrong_item"
    WRONG_PERSON = "wrong_person"
    RECORDED_IN_ERROR = "recorded_in_error"


class ItemCondition(StrEnum):
    """Condition of an item as the recipient accepted it."""

    GOOD = "good"
    DAMAGED = "damaged"


class BastField(StrEnum):
    """A clerical field of a BAST that may be corrected without voiding it."""

    OCCURRED_ON = "occurred_on"
    PLACE = "place"
    FIRST_PARTY = "first_party"
    WITNESS = "witness"
    CONDITION = "condition"
    PHOTO = "photo"


class HandedItem(Part):
    """One line of a package as it was handed over."""

    item_code: Code
    quantity: Count
    unit_price_rupiah: Rupiah
    condition: Annotated[ItemCondition, coded()]


class PackageOffered(Part):
    """A package of a programme and the course that leads to it."""

    package_code: Code
    course_code: Code
    unit_price_rupiah: Rupiah


class ProgrammeOpenedV1(Fact):
    """A programme (program/kegiatan/sub kegiatan) may be worked in."""

    event_type = "disbursement.programme_opened.v1"
    programme_id: Id
    programme_code: Code
    region_code: RegionCode
    fiscal_year: Count
    budget_rupiah: Rupiah
    highest_decile: Decile
    packages: Annotated[tuple[PackageOffered, ...], entries(min_length=1, max_length=100)]


class _Grant(Fact):
    grant_id: Id
    person_id: PersonId
    family_id: FamilyId
    programme_id: Id
    package_code: Code
    amount_rupiah: Rupiah


class AidAllocatedV1(_Grant):
    """A package is set aside for a family; conditional while the course is not completed."""

    event_type = "disbursement.aid_allocated.v1"
    conditional: Flag
    from_reserve_list: Flag


class AllocationConfirmedV1(_Grant):
    """The condition of a conditional allocation is met."""

    event_type = "disbursement.allocation_confirmed.v1"


class AllocationReleasedV1(_Grant):
    """What was set aside is free again; a reserve candidate may take the place."""

    event_type = "disbursement.allocation_released.v1"
    reason: Annotated[ReleaseReason, coded()]


class AidProposedV1(_Grant):
    """The grant stands in a proposal (usulan) that a verifier will check."""

    event_type = "disbursement.aid_proposed.v1"
    proposal_id: Id


class ProposalReturnedV1(_Grant):
    """The proposal, or the grant's line of it, was returned: the grant may be proposed again."""

    event_type = "disbursement.proposal_returned.v1"
    proposal_id: Id
    reason: Annotated[ProposalReturnReason, coded()]


class AidDecidedV1(_Grant):
    """The decree (Keputusan tentang Penetapan Penerima) names this recipient."""

    event_type = "disbursement.aid_decided.v1"
    decree_id: Id
    decree_number: DocumentNumber
    decree_on: Day
    amends_decree: Flag


class HandoverScheduledV1(_Grant):
    """The recipient is invited to a handover session; a later one replaces an earlier one."""

    event_type = "disbursement.handover_scheduled.v1"
    handover_session_id: Id
    scheduled_on: Day
    place_code: Code
    place_region_code: RegionCode


class HandoverMissedV1(_Grant):
    """The recipient did not come; the grant stays decided."""

    event_type = "disbursement.handover_missed.v1"
    handover_session_id: Id


class AidHandedOverV1(_Grant):
    """Handed over against a BAST; `replaces_bast_id` names the voided one it stands for."""

    event_type = "disbursement.aid_handed_over.v1"
    handover_session_id: Id
    bast_id: Id
    bast_number: DocumentNumber
    region_code: RegionCode
    items: Annotated[tuple[HandedItem, ...], entries(min_length=1, max_length=50)]
    replaces_bast_id: Id | None = None


class HandoverVoidedV1(_Grant):
    """A BAST was voided; its number is never used again."""

    event_type = "disbursement.handover_voided.v1"
    bast_id: Id
    bast_number: DocumentNumber
    reason: Annotated[VoidReason, coded()]


class BastCorrectedV1(_Grant):
    """A clerical error in a BAST was mended; the names of the fields that changed."""

    event_type = "disbursement.bast_corrected.v1"
    bast_id: Id
    bast_number: DocumentNumber
    changed_fields: Annotated[tuple[Annotated[BastField, coded()], ...], codes(min_length=1, max_length=10)]


class GrantCancelledV1(_Grant):
    """A decided grant ended by amending decree; its place may go to a substitute."""

    event_type = "disbursement.grant_cancelled.v1"
    reason: Annotated[CancelReason, coded()]
    decree_number: DocumentNumber
