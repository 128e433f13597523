"""Parked messages tried again by a job: in order of arrival, each exactly once, through the inbox like any other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from chassis.auth import Officer
from chassis.database import is_transient
from chassis.jobs import Job, JobStep
from chassis.mends import Mend, MendKind, approved_mends, mended
from chassis.parking import BEHIND, unsealed
from chassis.processing import Processor, failure
from chassis.records import Readable, Unreadable, key_text
from chassis.redrive_plan import Place, Plan, Selection
from chassis.transaction import Transaction

REDRIVE_JOB = "redrive"
CHUNK_MESSAGES = 50
"""Per transaction: the consumer waits for the keys of a chunk."""

_SETTLED = text(
    "UPDATE parked_message SET redriven_at = clock_timestamp(), last_attempt_at = clock_timestamp(),"
    " attempts = attempts + 1, outcome = :outcome, mend_id = :mend_id WHERE arrival = :arrival"
)
_FAILED_AGAIN = text(
    "UPDATE parked_message SET last_attempt_at = clock_timestamp(), attempts = attempts + 1,"
    " reason = :reason, detail = :detail WHERE arrival = :arrival"
)
_KEY_WAITS = text(
    "SELECT EXISTS (SELECT 1 FROM parked_message WHERE consumer = :consumer AND topic = :topic AND key = :key"
    " AND redriven_at IS NULL AND arrival <> :arrival)"
)


@dataclass(slots=True)
class _Chunk:
    """What a chunk has done so far."""

    plan: Plan
    mends: Mapping[UUID, Mend]
    done: int = 0
    failed: int = 0
    stopped: set[Place] = field(default_factory=set)


class _FailedAgain(Exception):
    """Rolls back to before the message; carries reason and detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Redrive:
    """Tries the parked messages of one consumer again; the handler of the job kind `REDRIVE_JOB`.

    Whoever started the job, messages take effect in the name of the service, as when they first arrived.
    """

    def __init__(self, processor: Processor, identity: Officer) -> None:
        self._processor = processor
        self._identity = identity

    async def __call__(self, tx: Transaction, job: Job) -> JobStep:
        """One chunk: plan first, then messages in order of arrival until none of the plan is left."""
        selection = Selection.model_validate(job.parameters)
        await self._processor.adopt(tx)
        plan = Plan(tx, self._processor.consumer, job.id)
        if job.cursor is None:
            total = await plan.make(selection)
            return JobStep(done=0, cursor="planned", total=total, finished=total == 0)
        queued = await plan.queued(CHUNK_MESSAGES)
        places = {(row.topic, row.key) for row in queued if row.key is not None}
        chunk = _Chunk(plan, await approved_mends(tx, [row.arrival for row in queued]))
        mended_places = [(mend.topic, mend.key) for mend in chunk.mends.values() if mend.key is not None]
        acting, tx.officer = tx.officer, self._identity
        tx.act_for(None)
        try:
            for row in await plan.lock([*places, *mended_places], [row.arrival for row in queued]):
                await self._take(tx, chunk, row)
        finally:
            tx.officer = acting
        going_on = places - chunk.stopped
        # A single message was asked for: what waits behind it goes on waiting.
        grown = 0 if selection.message_id else await plan.extend(going_on)
        await plan.free_keys(going_on)
        return JobStep(
            done=chunk.done,
            failed=chunk.failed,
            cursor="planned",
            total=await plan.total() if grown else None,
            finished=not await plan.queued(1),
        )

    async def _take(self, tx: Transaction, chunk: _Chunk, row: Row[Any]) -> None:
        if (row.topic, row.key) in chunk.stopped:
            return
        outcome, mend_id = row.outcome, row.mend_id
        if outcome is None:
            # Otherwise another redrive settled it between this plan and this lock.
            mend = chunk.mends.get(row.id)
            try:
                outcome, mend_id = await self._attempt(tx, row, mend), mend and mend.id
            except _FailedAgain as failed:
                await self._stop(tx, chunk, row, failed)
                return
            await tx.execute(_SETTLED, {"arrival": row.arrival, "outcome": outcome, "mend_id": mend_id})
        await chunk.plan.note(row.arrival, outcome, mend_id)
        chunk.done += 1

    async def _stop(self, tx: Transaction, chunk: _Chunk, row: Row[Any], failed: _FailedAgain) -> None:
        told = {"reason": failed.reason, "detail": failed.detail}
        await tx.execute(_FAILED_AGAIN, told | {"arrival": row.arrival})
        mend = chunk.mends.get(row.id)
        await chunk.plan.note(row.arrival, "failed", mend.id if mend else None, **told)
        chunk.failed += 1
        if row.key is not None:
            chunk.stopped.add((row.topic, row.key))
            chunk.failed += await chunk.plan.stop_key(row.topic, row.key)

    async def _attempt(self, tx: Transaction, row: Row[Any], mend: Mend | None) -> str:
        """Let one message take effect; raises `_FailedAgain`, with everything of it undone."""
        buffered = tx.events_count
        try:
            async with tx.connection.begin_nested():
                return await self._effect(tx, row, mend)
        except Exception as error:
            if is_transient(error):
                raise
            tx.forget_events(buffered)
            if isinstance(error, _FailedAgain):
                raise
            raise _FailedAgain(*failure(error)) from error

    async def _effect(self, tx: Transaction, row: Row[Any], mend: Mend | None) -> str:
        original = self._processor.reader.read(unsealed(tx.vault, row))
        if mend is not None and mend.kind is MendKind.SET_ASIDE:
            await self._never_again(tx, original)
            return "set_aside"
        item = self._processor.reader.read(mended(tx.vault, row, mend)) if mend else original
        if isinstance(item, Unreadable):
            raise _FailedAgain(item.reason, item.detail)
        if isinstance(item, Readable):
            await self._refuse_overtaking(tx, row, key_text(item.record, tx.vault))
            for fresh in await self._processor.fresh(tx, [item]):
                await self._processor.handle(tx, [fresh.event])
        if mend is not None:
            await self._never_again(tx, original)
        return "applied"

    async def _never_again(self, tx: Transaction, original: Any) -> None:
        # The inbox then knows the event itself: read again from the log, it must not take effect beside its mend.
        if isinstance(original, Readable):
            await self._processor.fresh(tx, [original])

    async def _refuse_overtaking(self, tx: Transaction, row: Row[Any], key: str | None) -> None:
        """A mend may give the message another key: then it goes behind what waits there."""
        place = {"consumer": row.consumer, "topic": row.topic, "key": key, "arrival": row.arrival}
        if key != row.key and await tx.scalar(_KEY_WAITS, place):
            raise _FailedAgain(BEHIND, "mended_key")
