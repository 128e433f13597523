"""The maker's side takes a proposed correction back."""

from uuid import UUID

from chassis.transaction import Transaction
from services.registry.store import corrections


async def withdraw_correction(tx: Transaction, correction_id: UUID) -> UUID:
    """Withdraw; raises `CorrectionNotOpen` once it was decided."""
    correction = await corrections.load_correction(tx, correction_id, for_update=True)
    correction.withdraw()
    await corrections.save_correction(tx, correction)
    return correction_id
