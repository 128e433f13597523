"""Parked messages tried again by a job: in order of arrival, each exactly once, through the inbox like any other."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from chassis.auth import Officer
from chassis.database import is_transient
from chassis.jobs import Job, JobStep
from chassis.mends import ALREADY_KNOWN, NOT_SUBSCRIBED, Mend, MendKind, approved_mends, hold_mends, mended
from chassis.parking import BEHIND, Place, unsealed
from chassis.processing import Processor, failure
from chassis.records import Readable, Skipped, Unreadable, key_text
from chassis.redrive_plan import Plan, Selection
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
    locked: AbstractSet[Place]
    done: int = 0
    failed: int = 0
    stopped: set[Place] = field(default_factory=set)

    def leave(self, row: Row[Any]) -> None:
        """Take neither this message nor what stands behind it in its key."""
        if row.key is not None:
            self.stopped.add((row.topic, row.key))


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
        arrivals = [row.arrival for row in queued]
        proposed = (mend.place for mend in (await approved_mends(tx, arrivals)).values())
        locked = places | {place for place in proposed if place is not None}
        acting, tx.officer = tx.officer, self._identity
        tx.act_for(None)
        try:
            messages = await plan.lock(locked, arrivals)
            await hold_mends(tx, [row.id for row in messages])
            # Once more: another person may have approved one while this waited for the locks.
            chunk = _Chunk(plan, await approved_mends(tx, arrivals), locked)
            for row in messages:
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
        mend = chunk.mends.get(row.id)
        if mend is not None and mend.place is not None and mend.place not in chunk.locked:
            # Approved since the locks were chosen, for a key that is not among them: the next chunk takes it.
            chunk.leave(row)
            return
        outcome, mend_id = row.outcome, row.mend_id
        if outcome is None:
            # Otherwise another redrive settled it between this plan and this lock.
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
        chunk.leave(row)
        if row.key is not None:
            chunk.failed += await chunk.plan.stop_key(row.topic, row.key)

    async def _attempt(self, tx: Transaction, row: Row[Any], mend: Mend | None) -> str:
        """Let one message take effect; raises `_FailedAgain`, with everything of it undone."""
        try:
            async with tx.savepoint():
                return await self._effect(tx, row, mend)
        except Exception as error:
            if is_transient(error) or isinstance(error, _FailedAgain):
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
        if isinstance(item, Skipped):
            # Heard when it parked, and no longer: whether it is to be heard again or set aside is for somebody to say.
            raise _FailedAgain(NOT_SUBSCRIBED, "ce_type")
        if isinstance(item, Readable):
            await self._refuse_overtaking(tx, row, key_text(item.record, tx.vault))
            fresh = await self._processor.fresh(tx, [item])
            if mend is not None and not fresh:
                raise _FailedAgain(ALREADY_KNOWN, "ce_id")
            for one in fresh:
                await self._processor.handle(tx, [one.event])
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
