"""Take messages off the printed lists they stand on."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.store import lists as list_store


async def withdraw_from_lists(tx: Transaction, left: Sequence[tuple[UUID, UUID]]) -> None:
    """Withdraw (message, list) pairs; the messages are locked already."""
    by_list: dict[UUID, list[UUID]] = defaultdict(list)
    for message_id, list_id in left:
        by_list[list_id].append(message_id)
    for list_id in sorted(by_list):
        printed = await list_store.load_list(tx, list_id, for_update=True)
        printed.withdraw(frozenset(by_list[list_id]))
        await list_store.withdraw_entries(tx, list_id, by_list[list_id])
        await list_store.save_list(tx, printed)
