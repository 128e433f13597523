"""Turn down a reported sheet or a proposed correction."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training.domain.sheet import SheetRefusalReason
from services.training.store import classes, sheets


class RefuseSheetBody(DatedCommand):
    """The version the officer saw, and why."""

    version: int
    reason: SheetRefusalReason


class RefuseSheet(RefuseSheetBody):
    """Which sheet."""

    sheet_id: UUID


async def refuse_sheet(tx: Transaction, command: RefuseSheet) -> UUID:
    """The sheet counts for nobody; another may be reported. What was verified before stays verified.

    Raises SheetUnknown, SheetNotOpen, StaleSheet, SamePerson.
    """
    class_id = await sheets.class_of_sheet(tx, command.sheet_id)
    await classes.load_class(tx, class_id, for_update=True)
    sheet = await sheets.load_sheet(tx, command.sheet_id)
    sheet.refuse(tx.officer.identity, command.version, command.occurred_on, command.reason)
    await sheets.save_sheet(tx, sheet)
    return sheet.sheet_id
