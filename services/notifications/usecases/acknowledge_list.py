"""Whoever went there confirms that the people on a printed list were told."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.notifications.domain.printed_list import NotAllOnThisList, PrintedList, UnknownList
from services.notifications.outgoing import contract_of
from services.notifications.scope import reaches
from services.notifications.store import lists as list_store
from services.notifications.store import messages as message_store


class AcknowledgeListBody(DatedCommand):
    """`version` is printed on the list; without `message_ids` everybody on it was told."""

    version: int
    message_ids: frozenset[UUID] | None = Field(default=None, min_length=1, max_length=1000)


class AcknowledgeList(AcknowledgeListBody):
    """Acknowledge a list, wholly or in part."""

    list_id: UUID


async def acknowledge_list(tx: Transaction, command: AcknowledgeList) -> UUID:
    """Record that people of a list were told on `occurred_on`.

    Raises `UnknownList`, `StaleVersion`, `NotAllOnThisList`.
    """
    seen = await list_store.load_list(tx, command.list_id)
    if not reaches(tx.officer, seen.agency):
        raise UnknownList(list_id=command.list_id)
    told = seen.told(command.message_ids, command.version)
    await _acknowledge(tx, command.list_id, told, command)
    return command.list_id


async def _acknowledge(tx: Transaction, list_id: UUID, told: Sequence[UUID], command: AcknowledgeList) -> None:
    messages = await message_store.load_messages(tx, told, for_update=True)
    if unseen := set(told) - {message.id for message in messages}:
        raise NotAllOnThisList(message_ids=sorted(str(id_) for id_ in unseen))
    printed = await list_store.load_list(tx, list_id, for_update=True)
    # Between the first reading and the locks a mended number may have taken somebody off.
    printed.told(frozenset(told) if told else None, command.version)
    reason = command.late_entry_reason.value if command.late_entry_reason else None
    for message in messages:
        fact = message.acknowledge()
        tx.publish(contract_of(fact, command.occurred_on, reason), sequence=fact.sequence, case=message.case_id)
    await message_store.save_messages(tx, messages)
    await settle_entries(tx, printed, told, command.occurred_on)


async def settle_entries(tx: Transaction, printed: PrintedList, told: Sequence[UUID], occurred_on: date) -> None:
    """Mark entries of a locked list as told and write the list back."""
    printed.acknowledge(frozenset(told), occurred_on)
    await list_store.acknowledge_entries(tx, printed.id, told, occurred_on)
    await list_store.save_list(tx, printed)
