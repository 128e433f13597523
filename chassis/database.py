"""A service's database: engines of its two roles, and the edge that opens and commits transactions."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import asyncpg
import httpx
from sqlalchemy import AdaptedConnection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.auth import Officer
from chassis.encryption import Vault
from chassis.failpoints import AFTER_COMMIT, BEFORE_COMMIT, reach
from chassis.metrics.instruments import Metrics
from chassis.outbox import Outbox
from chassis.telemetry import ended_together
from chassis.transaction import Transaction

_SCOPE = text(
    "SELECT set_config('sinergi.agency', :agency, true), set_config('sinergi.region', :region, true),"
    " set_config('sinergi.scoped', 'yes', true), set_config('search_path', :search_path, true),"
    " set_config('plan_cache_mode', :planned, true), set_config('enable_seqscan', :scans, true)"
)
_FOR_A_CHUNK = text(
    "SELECT set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'on', true),"
    " set_config('enable_bitmapscan', 'off', true)"
)
_AS_IT_COMES = {"planned": "auto", "scans": "on"}
_ONCE = {"planned": "force_generic_plan", "scans": "off"}
"""By the index, since the plan stays when tables that were empty have grown."""
_TRANSIENT_SQLSTATES = ("08", "40", "53", "55P03", "57", "58")
"""Connection, serialisation and deadlock, resources, lock not available, intervention (restart), system."""

_MISTAKES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)
"""Operating-system errors that no waiting mends."""


CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 30.0
"""A connection that a firewall has forgotten gives no sign, ever: what takes longer is given up and tried again."""
PING_SECONDS = 5.0
"""A pooled connection that does not answer so long is gone, and with it all that are as old: not half a minute each."""
PING_EVERY_SECONDS = 0.25
"""One that answered just now is believed to be there: consumers and jobs take a connection many times a second."""
IDLE_SECONDS = 45.0
"""How long a transaction may say nothing before PostgreSQL ends it. On the server's side of such a connection it would
stand open for ever, with its locks: a request sent again would be told for ever that it is in progress."""


async def plan_for_a_chunk(tx: Transaction) -> None:
    """For the rest of the transaction: each statement with its values, and the next rows in the order of their index.

    By a bitmap each chunk would read and sort all that are left, and pass over what earlier chunks dealt with. That is
    what PostgreSQL prefers where its statistics are from when there were few: of a state that a job has just filled.
    """
    await tx.execute(_FOR_A_CHUNK)


def async_url(url: str) -> str:
    """A plain PostgreSQL URL for SQLAlchemy's asyncpg dialect."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's five characters for an error of the database, also one raised while connecting; else empty."""
    cause = _driver_error(error)
    return str(getattr(cause, "sqlstate", None) or "")


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can succeed: the outside failed, not the data or the rule."""
    cause = _driver_error(error)
    if isinstance(cause, asyncpg.InterfaceError):
        # The driver says the same of a lost connection and of a value it cannot encode; only the latter is ours.
        return not isinstance(cause, ValueError)
    if isinstance(cause, asyncpg.InternalClientError):
        # The connection broke in the middle of the protocol: seen when PostgreSQL is stopped under load.
        return True
    if isinstance(cause, asyncpg.PostgresError):
        return sqlstate_of(error).startswith(_TRANSIENT_SQLSTATES)
    if isinstance(error, DBAPIError):
        return bool(error.connection_invalidated)
    if isinstance(cause, OSError):
        return not isinstance(cause, _MISTAKES)
    return isinstance(cause, PoolTimeout | httpx.TransportError)


def is_unencodable(error: BaseException) -> bool:
    """Whether the driver could not encode a value for PostgreSQL, such as an integer out of range."""
    cause = _driver_error(error)
    return isinstance(cause, asyncpg.InterfaceError) and isinstance(cause, ValueError)


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error beneath SQLAlchemy's; errors raised while connecting come bare."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


class _Pings:
    """Asks pooled connections whether they are still there, each at most once in `PING_EVERY_SECONDS`."""

    def __init__(self) -> None:
        self._answered_at: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def answers(self, connection: AdaptedConnection) -> bool:
        """Asked before a pooled connection is used; False makes the pool renew all of its connections."""
        now, driver_connection = time.monotonic(), connection.driver_connection
        if now - self._answered_at.get(driver_connection, float("-inf")) < PING_EVERY_SECONDS:
            return True
        try:
            connection.run_async(lambda driver: driver.fetchval("SELECT 1", timeout=PING_SECONDS))
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        self._answered_at[driver_connection] = now
        return True


class Database:
    """Opens transactions under one role. Every row written inside one becomes visible together, or not at all."""

    def __init__(
        self,
        url: str,
        *,
        identity: Officer,
        vault: Vault,
        zone: ZoneInfo,
        outbox: Outbox,
        metrics: Metrics,
        pool_size: int = 10,
        schema: str = "",
    ) -> None:
        """`schema` is where unqualified tables are looked for before `public`: a projection's generation."""
        self._engine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,
            pool_pre_ping=True,
            # The one used last again: its session has planned the same statements before.
            pool_use_lifo=True,
            pool_timeout=10,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": STATEMENT_SECONDS,
                "server_settings": {"idle_in_transaction_session_timeout": f"{int(IDLE_SECONDS * 1000)}"},
            },
        )
        self._engine.sync_engine.dialect.do_ping = _Pings().answers  # type: ignore[method-assign, assignment]
        self._identity = identity
        self._vault = vault
        self._zone = zone
        self._outbox = outbox
        self._search_path = f'"{schema}", public' if schema else "public"
        self.metrics = metrics

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for health checks."""
        return self._engine

    @asynccontextmanager
    async def transaction(
        self,
        officer: Officer | None = None,
        *,
        agency: str | None = None,
        planned_once: bool = False,
    ) -> AsyncIterator[Transaction]:
        """One transaction in the officer's scope (the service's own when None); commits at the end.

        `agency` replaces the officer's agency in the row-level filter, for routes that work across agencies.
        `planned_once`: its few statements come again and again, and what they look for is always given; planning them
        anew for each set of values would cost more than doing them.
        """
        acting = officer or self._identity
        with ended_together() as spans:
            async with self._engine.connect() as connection, connection.begin():
                scope = {"agency": agency or acting.agency, "region": acting.region}
                plans = _ONCE if planned_once else _AS_IT_COMES
                await connection.execute(_SCOPE, {**scope, **plans, "search_path": self._search_path})
                transaction = Transaction(
                    connection, acting, scope["agency"], self._vault, self._zone, self._outbox, [], spans
                )
                yield transaction
                recorded = await transaction.flush()
                reach(BEFORE_COMMIT)
        reach(AFTER_COMMIT)
        self.metrics.recorded(recorded)

    async def migration(self) -> Any:
        """The version the database has, or None."""
        async with self._engine.connect() as connection:
            return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
