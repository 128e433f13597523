"""The second officer returns a checked list."""

from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry.domain.list_import import RejectionReason
from services.registry.store import imports


class RejectImport(Command):
    """Rejection of the version that was seen."""

    version: int
    reason: RejectionReason


async def reject_import(tx: Transaction, import_id: UUID, command: RejectImport) -> UUID:
    """Reject; nobody was registered, and the same file may come again."""
    aggregate = await imports.load_import(tx, import_id, for_update=True)
    aggregate.reject(tx.officer.identity, command.version, command.reason)
    await imports.save_import(tx, aggregate)
    return import_id
