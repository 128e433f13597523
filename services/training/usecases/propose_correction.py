"""Propose a correction of verified attendance, also after completion."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import CorrectionReason
from services.training.store import classes, sheets
from services.training.usecases.report_sheet import SheetLines, entries_of


class ProposeCorrectionBody(DatedCommand):
    """The whole sheet as it should be, and why."""

    reason: CorrectionReason
    entries: SheetLines


class ProposeCorrection(ProposeCorrectionBody):
    """Of which verified sheet."""

    sheet_id: UUID


async def propose_correction(tx: Transaction, command: ProposeCorrection) -> UUID:
    """Put a corrected revision before a second officer; returns its id. It replaces an earlier open proposal.

    Raises SheetUnknown, SheetNotVerified, NothingCorrected, DuplicateEntry.
    """
    class_id = await sheets.class_of_sheet(tx, command.sheet_id)
    training_class = await classes.load_class(tx, class_id, for_update=True)
    session_id = (await sheets.load_sheet(tx, command.sheet_id)).session_id
    known = (await sheets.load_session_sheets(tx, class_id, [session_id]))[session_id]
    replaced = known.open
    maker = tx.officer.identity
    new = known.propose_correction(tx.new_id(), entries_of(command.entries), maker, command.reason)
    if replaced is not None:
        await sheets.save_sheet(tx, replaced)
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    await sheets.insert_sheet(tx, new, training_class, occasion)
    return new.sheet_id
