"""The generations of one projection, made, switched and dropped as the database's owner."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis.auth import ALL_AGENCIES
from chassis.database import async_url, sqlstate_of
from chassis.ids import new_id
from chassis.projection import Projection
from chassis.replay.comparing import Comparison, compare, limit_statements

LOCK_TIMEOUT_SECONDS = 10
SWITCH_SECONDS = 5
"""For each step of the switch itself, whatever the comparison has left of its time."""
_LOCK_NOT_AVAILABLE = "55P03"

_ALONE = text("SELECT pg_try_advisory_lock(hashtextextended(:lock, 0))")
_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_PATIENCE = text(
    "SELECT set_config('lock_timeout', :lock, true), set_config('statement_timeout', :statement, true),"
    " set_config('idle_in_transaction_session_timeout', :statement, true)"
)
_DROP = text("SELECT drop_generation(:projection, :state)")
_MOVE = text("SELECT move_generation(:projection, :state, :state_after)")
_COPY = text("SELECT copy_structure(:live, :next)")
_CONSUMERS = text("SELECT state, consumer FROM generation WHERE projection = :projection AND state <> 'dropped'")
_ADD = text(
    """
    WITH numbered AS (SELECT nextval(pg_get_serial_sequence('generation', 'number')) AS number)
    INSERT INTO generation (number, projection, consumer, state) OVERRIDING SYSTEM VALUE
    SELECT number, :projection, :service || '.g' || number, 'next' FROM numbered RETURNING consumer
    """
)
_DEAD = "consumer IN (SELECT consumer FROM generation WHERE state = 'dropped')"
_FORGET = tuple(
    text(f"DELETE FROM {table} WHERE {_DEAD}")  # noqa: S608 - constants
    for table in ("inbox", "stored_offset", "skipped_type", "parked_key")
)
_COPY_OFFSETS = text(
    """
    INSERT INTO stored_offset (consumer, log_identity, topic, partition, next_offset)
    SELECT :rebuilt, log_identity, topic, partition, next_offset FROM stored_offset WHERE consumer = :live
    ON CONFLICT DO NOTHING
    """
)
_CARRY_KEYS = text(
    """
    INSERT INTO parked_key (consumer, topic, key, since, reason)
    SELECT :rebuilt, topic, key, since, reason FROM parked_key WHERE consumer = :live ON CONFLICT DO NOTHING
    """
)
_CARRY_MESSAGES = text("UPDATE parked_message SET consumer = :rebuilt WHERE consumer = :live AND redriven_at IS NULL")
_STRUCTURE = text(
    """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = CAST(:schema AS regnamespace) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attname
    """
)
_AUDIT = text(
    "INSERT INTO audit (id, actor, agency, operation, resource_id)"
    " VALUES (:id, :actor, :agency, :operation, :resource_id)"
)


class ReplayRefused(Exception):
    """The replay cannot begin, or its result cannot be used, for a reason the operator can do something about."""


class NotHeld(Exception):
    """A live batch did not end in time: let it go on and try again."""


@dataclass(frozen=True, slots=True)
class Held:
    """The moment in which no live batch runs: compare and switch, or leave everything as it is."""

    generations: "Generations"
    connection: AsyncConnection
    deadline: float
    """When (monotonic) the live consumer must go on."""

    async def compare(self) -> Comparison:
        """Totals of the live generation against the rebuilt one. Raises DBAPIError when it takes too long."""
        return await compare(self.connection, self.generations.projection, await self.consumers(), self.deadline)

    async def consumers(self) -> Mapping[str, str]:
        """The consumer's id of each generation by its state."""
        return await consumers_of(self.connection, self.generations.projection)

    async def switch(self, *, actor: str, equal: bool, offsets_of_live: bool) -> None:
        """Put the rebuilt generation in the place of the live one, which is kept as the one before.

        `offsets_of_live`: it was not built from the log, so it goes on at the live one's offsets; what it heard is
        in its inbox. The live one's parked messages, which only the log held, then wait for it.
        """
        await limit_statements(self.connection, SWITCH_SECONDS)
        await self._require_same_structure("next")
        consumers = await self.consumers()
        if offsets_of_live:
            both = {"live": consumers["live"], "rebuilt": consumers["next"]}
            for statement in (_COPY_OFFSETS, _CARRY_KEYS, _CARRY_MESSAGES):
                await self.connection.execute(statement, both)
        await self._run(_DROP, state="before")
        await self._run(_MOVE, state="live", state_after="before")
        await self._run(_MOVE, state="next", state_after="live")
        await self._audit(actor, "projection.switched" if equal else "projection.switched-with-differences")

    async def back(self, *, actor: str) -> None:
        """Make the generation before the live one, and the live one the one before. Raises ReplayRefused."""
        if "before" not in await self.consumers():
            raise ReplayRefused(f"There is no generation of {self.generations.projection.name} before the live one")
        await self._require_same_structure("before")
        await self._run(_DROP, state="next")
        await self._run(_MOVE, state="live", state_after="next")
        await self._run(_MOVE, state="before", state_after="live")
        await self._run(_MOVE, state="next", state_after="before")
        await self._audit(actor, "projection.switched-back")

    async def _run(self, statement: Executable, **parameters: Any) -> None:
        await self.connection.execute(statement, {"projection": self.generations.projection.name} | parameters)

    async def _require_same_structure(self, state: Any) -> None:
        projection = self.generations.projection
        found = [
            (await self.connection.execute(_STRUCTURE, {"schema": one.schema})).all()
            for one in (projection, projection.in_state(state))
        ]
        if found[0] != found[1]:
            raise ReplayRefused(
                f"A migration has changed {projection.name} since that generation was made: replay again"
            )

    async def _audit(self, actor: str, operation: str) -> None:
        row = {"id": new_id(), "actor": actor, "agency": ALL_AGENCIES, "operation": operation}
        await self.connection.execute(_AUDIT, row | {"resource_id": self.generations.id})


class Generations:
    """The generations of one service's projection. Only one process at a time may have them open."""

    def __init__(self, engine: AsyncEngine, service: str, projection: Projection) -> None:
        self._engine = engine
        self.service = service
        self.projection = projection

    @property
    def id(self) -> UUID:
        """What the audit knows the projection by."""
        return uuid5(NAMESPACE_URL, f"projection/{self.service}/{self.projection.name}")

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, owner_database_url: str, service: str, projection: Projection
    ) -> AsyncIterator["Generations"]:
        """Keep every other replay of this projection out. Raises ReplayRefused when one runs."""
        engine = create_async_engine(async_url(owner_database_url), poolclass=NullPool)
        try:
            # The lock is the session's: it ends with this process, however that ends.
            async with engine.connect() as session:
                session = await session.execution_options(isolation_level="AUTOCOMMIT")
                if not (await session.execute(_ALONE, {"lock": f"replay/{projection.name}"})).scalar():
                    raise ReplayRefused(f"Another replay of {projection.name} is running")
                yield cls(engine, service, projection)
        finally:
            await engine.dispose()

    async def begin(self) -> str:
        """Make an empty generation beside the live one, with its id; what an earlier replay left half-made goes.

        So does what was remembered for generations that are gone; their parked messages stay as history.
        """
        async with self._engine.begin() as connection:
            await connection.execute(_DROP, {"projection": self.projection.name, "state": "next"})
            for statement in _FORGET:
                await connection.execute(statement)
            schemas = {"live": self.projection.schema, "next": self.projection.in_state("next").schema}
            await connection.execute(_COPY, schemas)
            row = {"projection": self.projection.name, "service": self.service}
            return str((await connection.execute(_ADD, row)).scalar_one())

    async def analyze(self) -> None:
        """Statistics for the rebuilt tables: their first pages must not be planned as if they were empty."""
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            schema = self.projection.in_state("next").schema
            await connection.execute(text("ANALYZE " + ", ".join(f'"{schema}"."{t}"' for t in self.projection.tables)))

    async def fetch_all(self, statement: Executable, parameters: Mapping[str, Any]) -> list[Any]:
        """Rows as they are at this moment."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(statement, parameters)).all())

    async def consumers(self) -> Mapping[str, str]:
        """The consumer's id of each generation by its state."""
        async with self._engine.connect() as connection:
            return await consumers_of(connection, self.projection)

    @asynccontextmanager
    async def held(self, seconds: float) -> AsyncIterator[Held]:
        """Let the batch end that is running, and keep further ones waiting until the block ends, at most so long.

        A replay that is suspended or cut off meanwhile is ended by the database, and the live consumer goes on.

        Everything done through `Held` commits with the block. Raises NotHeld when the batch takes too long.
        """
        patience = {"lock": f"{int(LOCK_TIMEOUT_SECONDS * 1000)}ms", "statement": f"{int(seconds * 1000)}ms"}
        async with self._engine.begin() as connection:
            await connection.execute(_PATIENCE, patience)
            try:
                await connection.execute(_HOLD, {"lock": self.projection.lock})
            except DBAPIError as error:
                if sqlstate_of(error) == _LOCK_NOT_AVAILABLE:
                    raise NotHeld from error
                raise
            yield Held(self, connection, time.monotonic() + seconds)


async def consumers_of(connection: AsyncConnection, projection: Projection) -> Mapping[str, str]:
    """The consumer's id of each generation by its state."""
    rows = (await connection.execute(_CONSUMERS, {"projection": projection.name})).all()
    return {row.state: row.consumer for row in rows}
