"""Verify many sheets of a class in one act, with an outcome per sheet."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Sheet, SheetUnknown
from services.training.store import classes, lists, sheets
from services.training.usecases.settle_outcomes import lock_concerned, settle_outcomes, verify_and_count


class SeenSheet(Command):
    """A sheet and the version of it the officer saw."""

    sheet_id: UUID
    version: int


class VerifySheetsBody(DatedCommand):
    """Every sheet to verify, as the officer saw it."""

    sheets: Annotated[list[SeenSheet], Field(min_length=1, max_length=366)]
    accept_unresolved: bool = False


class VerifySheets(VerifySheetsBody):
    """Of which class."""

    class_id: UUID


async def verify_sheets(tx: Transaction, command: VerifySheets) -> UUID:
    """Verify what can be verified; returns the id under which the outcome of each sheet is kept.

    One refused sheet stops no other; completion is decided once, at the end. Raises ClassUnknown.
    """
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    seen = {each.sheet_id: each.version for each in command.sheets}
    loaded = await sheets.load_sheets(tx, list(seen))
    mine = {key: sheet for key, sheet in loaded.items() if sheet.class_id == command.class_id}
    known = await sheets.load_session_sheets(tx, command.class_id, [sheet.session_id for sheet in mine.values()])
    replaced: dict[UUID, Sheet | None] = {key: known[sheet.session_id].verified for key, sheet in mine.items()}
    old = [sheet for sheet in replaced.values() if sheet is not None]
    concerned = await lock_concerned(tx, training_class, [*mine.values(), *old])
    known_ids = frozenset(each.enrolment_id for each in concerned)
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    refusals: dict[UUID, str | None] = {}
    for sheet_id, version in seen.items():
        try:
            if sheet_id not in mine:
                raise SheetUnknown(sheet_id=sheet_id)
            await verify_and_count(
                tx, training_class, mine[sheet_id], replaced[sheet_id], known_ids, occasion,
                version=version, accept_unresolved=command.accept_unresolved,
            )  # fmt: skip
            refusals[sheet_id] = None
        except Refusal as refusal:
            refusals[sheet_id] = refusal.code
    await settle_outcomes(tx, training_class, concerned, occasion)
    return await lists.insert_sheet_verification(tx, training_class, refusals, occasion)
