"""Domain facts as public contracts: all that disbursement tells the world. Ids, codes, rupiah, dates; no names."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts import disbursement as public
from contracts.envelope import Fact, LateEntryReason, case_id
from services.disbursement.domain import facts as f
from services.disbursement.domain.grant import Grant
from services.disbursement.domain.programme import Programme


@dataclass(frozen=True, slots=True)
class Change:
    """A fact about a grant as it happened; `version` is the grant's after it, `cause` the event heard, if any."""

    grant: Grant
    fact: f.GrantFact
    occasion: f.Occasion
    cause: Any = None
    version: int = field(default=0)

    def __post_init__(self) -> None:
        if not self.version:
            object.__setattr__(self, "version", self.grant.version)

    @property
    def case(self) -> UUID:
        """The case of this person in this programme."""
        return case_id(self.grant.programme_id, self.grant.person_id)


def programme_opened(programme: Programme, occasion: f.Occasion) -> public.ProgrammeOpenedV1:
    """The programme with its packages as others may see it."""
    return public.ProgrammeOpenedV1(
        **_when(programme.agency, occasion),
        programme_id=programme.id,
        programme_code=programme.code,
        region_code=programme.region_code,
        fiscal_year=programme.fiscal_year,
        budget_rupiah=programme.budget_rupiah,
        highest_decile=programme.highest_decile,
        packages=tuple(
            public.PackageOffered(
                package_code=package.code,
                course_code=package.course_code,
                unit_price_rupiah=package.unit_price_rupiah,
            )
            for package in programme.packages
        ),
    )


def told(change: Change) -> Fact | None:
    """The contract of a change; None for what concerns nobody outside."""
    base = _grant(change)
    match change.fact:
        case f.Allocated(conditional=conditional, from_reserve_list=reserve):
            return public.AidAllocatedV1(**base, conditional=conditional, from_reserve_list=reserve)
        case f.Confirmed():
            return public.AllocationConfirmedV1(**base)
        case f.Released(reason=reason):
            return public.AllocationReleasedV1(**base, reason=public.ReleaseReason(reason.value))
        case f.Proposed(proposal_id=proposal_id):
            return public.AidProposedV1(**base, proposal_id=proposal_id)
        case f.SentBack(proposal_id=proposal_id, reason=reason):
            return public.ProposalReturnedV1(
                **base, proposal_id=proposal_id, reason=public.ProposalReturnReason(reason)
            )
        case f.Decided() as decided:
            return public.AidDecidedV1(
                **base,
                decree_id=decided.decree_id,
                decree_number=decided.decree_number,
                decree_on=decided.decree_on,
                amends_decree=decided.amends_decree,
            )
        case f.Cancelled(reason=cancelled_for, decree_number=number):
            return public.GrantCancelledV1(
                **base, reason=public.CancelReason(cancelled_for.value), decree_number=number
            )
        case _:
            return _told_of_handover(change.fact, change.grant, base)


def _told_of_handover(fact: f.GrantFact, grant: Grant, base: dict[str, Any]) -> Fact | None:
    match fact:
        case f.Scheduled() as scheduled:
            return public.HandoverScheduledV1(
                **base,
                handover_session_id=scheduled.session_id,
                scheduled_on=scheduled.scheduled_on,
                place_code=scheduled.place_code,
                place_region_code=scheduled.place_region_code,
            )
        case f.Missed(session_id=session_id):
            return public.HandoverMissedV1(**base, handover_session_id=session_id)
        case f.HandedOver() as handed:
            return public.AidHandedOverV1(
                **base,
                handover_session_id=handed.session_id,
                bast_id=handed.bast_id,
                bast_number=handed.bast_number,
                region_code=grant.region_code,
                items=tuple(_item(item) for item in handed.items),
                replaces_bast_id=handed.replaces_bast_id,
            )
        case f.HandoverVoided(bast_id=bast_id, bast_number=number, reason=reason):
            return public.HandoverVoidedV1(
                **base, bast_id=bast_id, bast_number=number, reason=public.VoidReason(reason.value)
            )
        case f.BastCorrected(bast_id=bast_id, bast_number=number, changed_fields=fields):
            return public.BastCorrectedV1(
                **base,
                bast_id=bast_id,
                bast_number=number,
                changed_fields=tuple(public.BastField(each.value) for each in fields),
            )
        case _:
            return None


def _item(item: f.HandedItem) -> public.HandedItem:
    return public.HandedItem(
        item_code=item.item_code,
        quantity=item.quantity,
        unit_price_rupiah=item.unit_price_rupiah,
        condition=public.ItemCondition(item.condition.value),
    )


def _grant(change: Change) -> dict[str, Any]:
    grant = change.grant
    return {
        **_when(grant.agency, change.occasion),
        "grant_id": grant.id,
        "person_id": grant.person_id,
        "family_id": grant.family_id,
        "programme_id": grant.programme_id,
        "package_code": grant.package_code,
        "amount_rupiah": grant.amount_rupiah,
    }


def _when(agency: str, occasion: f.Occasion) -> dict[str, Any]:
    late = occasion.late_entry_reason
    return {
        "occurred_on": occasion.occurred_on,
        "late_entry_reason": LateEntryReason(late) if late else None,
        "agency": agency,
    }
