"""The second officer refuses a correction."""

from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry.domain.correction import CorrectionRejectionReason
from services.registry.store import corrections


class RejectCorrection(Command):
    """Refusal of the version that was seen."""

    version: int
    reason: CorrectionRejectionReason


async def reject_correction(tx: Transaction, correction_id: UUID, command: RejectCorrection) -> UUID:
    """Refuse; the person stays as is, the field may be corrected anew."""
    correction = await corrections.load_correction(tx, correction_id, for_update=True)
    correction.reject(tx.officer.identity, command.version, command.reason)
    await corrections.save_correction(tx, correction)
    return correction_id
