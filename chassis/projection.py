"""A projection: tables made of events alone, which `sinergi replay` can build a second time beside the live ones."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text

from chassis.transaction import Transaction

State = Literal["next", "live", "before"]

_JOIN = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:lock, 0))")
_CONSUMER = text("SELECT consumer FROM generation WHERE projection = :projection AND state = :state")


class GenerationChanged(Exception):
    """The consumer's generation is no longer the one it writes: it starts again with the other's id and offsets."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables that hold nothing but what the service's consumers make of the events they hear.

    All consumers of the service write it and nothing else, in the order of each key, and never by the clock; they
    publish nothing, schedule nothing and start nothing: `EffectOfProjection` stops whatever tries.
    """

    name: str
    """Also the PostgreSQL schema of the live generation's tables."""
    tables: tuple[str, ...]
    """What totals compare: every table of the schema."""
    state: State = "live"

    @property
    def schema(self) -> str:
        """The schema of this generation's tables."""
        return self.name if self.state == "live" else f"{self.name}_{self.state}"

    @property
    def lock(self) -> str:
        """Name of the advisory lock: shared by every batch that writes this generation, alone while it is switched."""
        return f"projection/{self.schema}"

    def in_state(self, state: State) -> "Projection":
        """The same projection's other generation."""
        return Projection(self.name, self.tables, state)


async def consumer_of(tx: Transaction, projection: Projection) -> str:
    """The id under which this generation hears. Raises GenerationChanged when there is none."""
    found = await tx.scalar(_CONSUMER, {"projection": projection.name, "state": projection.state})
    if found is None:
        raise GenerationChanged(projection.schema)
    return str(found)


async def join(tx: Transaction, projection: Projection) -> str:
    """Keep the generation from being switched until this transaction ends, and the transaction from any other effect.

    Returns the id under which the generation hears. Raises GenerationChanged when there is none.
    """
    tx.effects = False
    # Two statements: one would see the generation as it was before it waited for the lock.
    await tx.execute(_JOIN, {"lock": projection.lock})
    return await consumer_of(tx, projection)
