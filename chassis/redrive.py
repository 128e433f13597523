"""Parked messages tried again: in order of arrival, each exactly once, through the inbox like any other."""

from typing import Any
from uuid import UUID

from chassis.database import is_transient
from chassis.parking import unsealed
from chassis.processing import Processor, failure
from chassis.records import Readable, Unreadable
from chassis.transaction import Transaction


class Redrive:
    """Tries the parked messages of one consumer again."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._parking = processor.parking

    async def key(self, topic: str, key: str) -> int:
        """Process the key's parked messages in order of arrival, exactly once; returns how many took effect.

        Stops at the first that fails again. The key is free once nothing waits.
        """
        done = 0
        while True:
            async with self._processor.database.transaction() as tx:
                await self._parking.lock_key(tx, topic, key)
                waiting = await self._parking.waiting(tx, topic=topic, key=key, limit=1)
                if not waiting:
                    await self._parking.free_key(tx, topic, key)
                    return done
                if not await self._one(tx, waiting[0]):
                    return done
                done += 1

    async def keyless(self, message_id: UUID) -> int:
        """Process one parked message that has no key; returns 1 when it took effect."""
        async with self._processor.database.transaction() as tx:
            waiting = await self._parking.waiting(tx, message_id=message_id)
            if not waiting or waiting[0].key is not None:
                return 0
            return int(await self._one(tx, waiting[0]))

    async def waiting(self, *, topic: str | None = None, key: str | None = None, message_id: UUID | None = None) -> int:
        """How many messages of a key, or whether the one message, still wait."""
        async with self._processor.database.transaction() as tx:
            return len(await self._parking.waiting(tx, topic=topic, key=key, message_id=message_id))

    async def _one(self, tx: Transaction, row: Any) -> bool:
        item = self._processor.reader.read(unsealed(tx, row))
        if isinstance(item, Unreadable):
            await self._parking.mark_failed(tx, row.id, item.reason, item.detail)
            return False
        buffered = tx.events_count
        try:
            async with tx.connection.begin_nested():
                if isinstance(item, Readable):
                    for fresh in await self._processor.fresh(tx, [item]):
                        await self._processor.handle(tx, [fresh.event])
        except Exception as error:
            if is_transient(error):
                raise
            tx.forget_events(buffered)
            await self._parking.mark_failed(tx, row.id, *failure(error))
            return False
        await self._parking.mark_redriven(tx, row.id)
        return True
