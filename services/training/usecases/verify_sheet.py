"""Verify one attendance sheet, or accept a correction of one."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.store import classes, sheets
from services.training.usecases.settle_outcomes import lock_concerned, settle_outcomes, verify_and_count


class VerifySheetBody(DatedCommand):
    """The version the officer saw; `accept_unresolved`: lines of unknown enrolments count for nobody, knowingly."""

    version: int
    accept_unresolved: bool = False


class VerifySheet(VerifySheetBody):
    """Which sheet."""

    sheet_id: UUID


async def verify_sheet(tx: Transaction, command: VerifySheet) -> UUID:
    """Let the sheet count; with the last session of the class, decide completion.

    Raises SheetUnknown, SheetNotOpen, StaleSheet, SamePerson, SessionNotHeldYet, UnresolvedEntries.
    """
    class_id = await sheets.class_of_sheet(tx, command.sheet_id)
    training_class = await classes.load_class(tx, class_id, for_update=True)
    sheet = await sheets.load_sheet(tx, command.sheet_id)
    known = await sheets.load_session_sheets(tx, class_id, [sheet.session_id])
    replaced = known[sheet.session_id].verified
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    concerned = await lock_concerned(tx, training_class, [sheet, *([replaced] if replaced else [])])
    await verify_and_count(
        tx,
        training_class,
        sheet,
        replaced,
        frozenset(each.enrolment_id for each in concerned),
        occasion,
        version=command.version,
        accept_unresolved=command.accept_unresolved,
    )
    await settle_outcomes(tx, training_class, concerned, occasion)
    return sheet.sheet_id
