"""Show corrections: those that wait for a second officer, and the history."""

from chassis.paging import Page
from chassis.transaction import Transaction
from services.registry.domain.correction import IDENTIFYING, Correction, CorrectionState
from services.registry.domain.purpose import Purpose
from services.registry.need import sees_names
from services.registry.store import corrections
from services.registry.views import CorrectionView

_MASK = "***"


async def find_corrections(
    tx: Transaction, after: str | None, limit: int, state: CorrectionState | None
) -> Page[CorrectionView]:
    """A page of corrections in the reader's scope."""
    found = await corrections.find_corrections(tx, after, limit, state=state)
    if sees_names(tx.officer):
        await tx.record_access(Purpose.DATA_CORRECTION, sorted({item.person_id for item in found.rows}))
    return Page(items=[correction_view(tx, item) for item in found.rows], next=found.next)


def correction_view(tx: Transaction, shown: Correction) -> CorrectionView:
    """A correction as this reader may see it."""
    hidden = shown.field in IDENTIFYING and not sees_names(tx.officer)
    return CorrectionView(
        id=shown.id,
        person_id=shown.person_id,
        field=shown.field.value,
        old_value=_MASK if hidden else shown.old_value,
        new_value=_MASK if hidden else shown.new_value,
        reason=shown.reason.value,
        evidence_reference=shown.evidence_reference,
        occurred_on=shown.occurred_on,
        state=shown.state.value,
        rejection_reason=shown.rejection_reason.value if shown.rejection_reason else None,
        version=shown.version,
    )
