"""The maker's side takes a checked list back."""

from uuid import UUID

from chassis.transaction import Transaction
from services.registry.store import imports


async def withdraw_import(tx: Transaction, import_id: UUID) -> UUID:
    """Withdraw; raises `ImportNotOpen` once it was decided."""
    aggregate = await imports.load_import(tx, import_id, for_update=True)
    aggregate.withdraw()
    await imports.save_import(tx, aggregate)
    return import_id
