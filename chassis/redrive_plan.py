"""What a redrive is going to take and what became of each message: the rows of `redrive_result`.

The plan is made once, so that a crash, a second redrive or newly parked messages change neither order nor selection.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row, text

from chassis.commands import Command
from chassis.parking import Place
from chassis.transaction import Transaction


class Selection(Command):
    """Which parked messages: exactly one of message, topic with key, type, reason, all.

    A type or a reason selects whole keys, since later messages of a key wait for the selected one.
    """

    message_id: UUID | None = None
    topic: Annotated[str, Field(max_length=249)] | None = None
    key: Annotated[str, Field(max_length=1000)] | None = None
    type: Annotated[str, Field(max_length=200)] | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None
    all: bool = False


_SELECTED = """
    FROM parked_message AS m WHERE m.consumer = :consumer AND m.redriven_at IS NULL AND (
        CAST(:all AS boolean)
        OR m.id = CAST(:message_id AS uuid)
        OR (m.topic = CAST(:topic AS text) AND m.key = CAST(:key AS text))
        OR (m.key IS NULL AND (m.type = CAST(:type AS text) OR m.reason = CAST(:reason AS text)))
        OR EXISTS (
            SELECT 1 FROM parked_message AS chosen WHERE chosen.consumer = m.consumer AND chosen.topic = m.topic
            AND chosen.key = m.key AND chosen.redriven_at IS NULL
            AND (chosen.type = CAST(:type AS text) OR chosen.reason = CAST(:reason AS text))))
"""
_ANY = text(f"SELECT EXISTS (SELECT 1 {_SELECTED})")
_FIRST_OF_KEY = text(
    """
    SELECT first.id FROM parked_message AS asked JOIN parked_message AS first
    ON first.consumer = asked.consumer AND first.topic = asked.topic AND first.key = asked.key
    WHERE asked.id = :message_id AND first.redriven_at IS NULL ORDER BY first.arrival LIMIT 1
    """
)
_MAKE = text(
    "INSERT INTO redrive_result (job_id, arrival, message_id, topic, key)"
    f" SELECT :job_id, m.arrival, m.id, m.topic, m.key {_SELECTED}"
)
_QUEUED = text(
    """
    SELECT arrival, topic, key FROM redrive_result
    WHERE job_id = :job_id AND outcome = 'queued' ORDER BY arrival LIMIT :limit
    """
)
# Sorted, as the consumer does: otherwise the two could wait for each other.
_LOCK_KEYS = text(
    """
    SELECT 1 FROM parked_key WHERE consumer = :consumer
    AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    ORDER BY topic, key FOR UPDATE
    """
)
_LOCK_MESSAGES = text("SELECT * FROM parked_message WHERE arrival = ANY(:arrivals) ORDER BY arrival FOR UPDATE")
_NOTE = text(
    """
    UPDATE redrive_result SET outcome = :outcome, reason = :reason, detail = :detail, mend_id = :mend_id,
           settled_at = clock_timestamp()
    WHERE job_id = :job_id AND arrival = :arrival
    """
)
_STOP_KEY = text(
    """
    UPDATE redrive_result SET outcome = 'waiting_behind', settled_at = clock_timestamp()
    WHERE job_id = :job_id AND topic = :topic AND key = :key AND outcome = 'queued'
    """
)
# Only what parked behind the plan: a long key that was looked through for every chunk would cost its square.
# `OFFSET 0` keeps the planner from looking through it all the same and comparing afterwards.
_EXTEND = text(
    """
    INSERT INTO redrive_result (job_id, arrival, message_id, topic, key)
    SELECT :job_id, m.arrival, m.id, m.topic, m.key
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS place (topic, key)
    CROSS JOIN LATERAL (
        SELECT coalesce(max(arrival), 0) AS newest FROM redrive_result AS planned
        WHERE planned.job_id = :job_id AND planned.topic = place.topic AND planned.key = place.key) AS plan
    CROSS JOIN LATERAL (
        SELECT * FROM parked_message AS waiting
        WHERE waiting.consumer = :consumer AND waiting.topic = place.topic AND waiting.key = place.key
        AND waiting.redriven_at IS NULL AND waiting.arrival > plan.newest OFFSET 0) AS m
    ON CONFLICT DO NOTHING
    """
)
_FREE_KEYS = text(
    """
    DELETE FROM parked_key WHERE consumer = :consumer
    AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    AND NOT EXISTS (
        SELECT 1 FROM parked_message AS m WHERE m.consumer = parked_key.consumer AND m.topic = parked_key.topic
        AND m.key = parked_key.key AND m.redriven_at IS NULL)
    """
)
_TOTAL = text("SELECT count(*) FROM redrive_result WHERE job_id = :job_id")


async def finds_any(tx: Transaction, consumer: str, selection: Selection) -> bool:
    """Whether anything that waits is selected."""
    return bool(await tx.scalar(_ANY, selection.model_dump() | {"consumer": consumer}))


async def first_of_key(tx: Transaction, message_id: UUID) -> UUID | None:
    """The message that must go before all others of this one's key; None where it has no key."""
    found: UUID | None = await tx.scalar(_FIRST_OF_KEY, {"message_id": message_id})
    return found


class Plan:
    """The plan of one redrive job."""

    def __init__(self, tx: Transaction, consumer: str, job_id: UUID) -> None:
        self._tx = tx
        self._consumer = consumer
        self._job_id = job_id

    async def make(self, selection: Selection) -> int:
        """Write down what is selected at this moment; returns how many messages."""
        parameters = selection.model_dump() | {"consumer": self._consumer, "job_id": self._job_id}
        return (await self._tx.execute(_MAKE, parameters)).rowcount

    async def queued(self, limit: int) -> Sequence[Row[Any]]:
        """The next messages in order of arrival: arrival, topic, key."""
        return await self._tx.fetch_all(_QUEUED, {"job_id": self._job_id, "limit": limit})

    async def lock(self, places: Iterable[Place], arrivals: Sequence[int]) -> Sequence[Row[Any]]:
        """Hold the keys and messages until the end of the transaction; returns the messages as they are now."""
        await self._tx.execute(_LOCK_KEYS, self._of(places))
        return await self._tx.fetch_all(_LOCK_MESSAGES, {"arrivals": list(arrivals)})

    async def note(
        self, arrival: int, outcome: str, mend_id: UUID | None, reason: str | None = None, detail: str | None = None
    ) -> None:
        """Keep what became of a message."""
        told = {"outcome": outcome, "mend_id": mend_id, "reason": reason, "detail": detail}
        await self._tx.execute(_NOTE, told | {"job_id": self._job_id, "arrival": arrival})

    async def stop_key(self, topic: str, key: str) -> int:
        """Let the key's later messages wait; returns how many."""
        parameters = {"job_id": self._job_id, "topic": topic, "key": key}
        return (await self._tx.execute(_STOP_KEY, parameters)).rowcount

    async def extend(self, places: Iterable[Place]) -> int:
        """Take in what has parked behind these keys meanwhile; returns how many messages."""
        return (await self._tx.execute(_EXTEND, self._of(places) | {"job_id": self._job_id})).rowcount

    async def free_keys(self, places: Iterable[Place]) -> None:
        """Free those of the keys behind which nothing waits; they must be locked."""
        await self._tx.execute(_FREE_KEYS, self._of(places))

    async def total(self) -> int:
        """How many messages the plan holds by now."""
        return int(await self._tx.scalar(_TOTAL, {"job_id": self._job_id}))

    def _of(self, places: Iterable[Place]) -> dict[str, Any]:
        pairs = sorted(set(places))
        return {"consumer": self._consumer, "topics": [t for t, _ in pairs], "keys": [k for _, k in pairs]}
