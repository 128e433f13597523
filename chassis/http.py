"""The HTTP edge: routes that declare their permission, acts that commit once, reads in the officer's scope."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from sqlalchemy import text

from chassis.auth import ALL_AGENCIES, Officer, Permission, TokenVerifier
from chassis.commands import DatedCommand
from chassis.database import Database
from chassis.errors import BadRequest, Conflict, NotSignedIn, Unprocessable
from chassis.ids import Origin, derived_id, is_recent, new_id
from chassis.query import refuse_unknown_names
from chassis.telemetry import current_trace_id
from chassis.transaction import Transaction
from chassis.writes import Write

CommandT = TypeVar("CommandT")
ResultT = TypeVar("ResultT")
P = ParamSpec("P")
EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])


class Decorator(Protocol):
    """Registers an endpoint and leaves it as it is."""

    def __call__(self, endpoint: EndpointT, /) -> EndpointT: ...


ACTING: Final = "sinergi.officer"
"""Where a call from within this process (chassis/bulk) puts the officer. Servers build the scope of what comes from
outside, and what a caller sends gets into its headers, path, query and body only."""

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_EARLIER = text(
    "SELECT fingerprint, status, resource_id FROM idempotency WHERE caller = :caller AND route = :route AND key = :key"
)
_RECORD_AUDIT = """
    INSERT INTO audit (id, actor, agency, operation, resource_id, trace_id)
    VALUES (:@id, :@actor, :@agency, :@operation, CAST(:@resource_id AS uuid), :@trace_id)
"""
_REMEMBER = """
    INSERT INTO idempotency (caller, route, key, fingerprint, status, resource_id)
    VALUES (:@caller, :@route, :@key, :@fingerprint, :@status, CAST(:@resource_id AS uuid))
"""


class IdempotencyKeyMissing(BadRequest):
    """A POST without a key could happen twice."""

    title = "Every POST needs an Idempotency-Key header of 1 to 128 characters"


class RequestInProgress(Conflict):
    """The same key is being worked on at this moment."""

    title = "A request with this Idempotency-Key is still in progress"


class IdempotencyKeyReused(Unprocessable):
    """The key was used for another request."""

    title = "This Idempotency-Key was used for a different request"


class Created(BaseModel):
    """What an act made or changed."""

    id: UUID


class Routes(APIRouter):
    """A router whose routes cannot be declared without a permission."""

    def get(self, path: str, *, permission: Permission, **options: Any) -> Decorator:  # type: ignore[override]
        """A read; auditors may always."""
        return super().get(path, **_guarded(permission, True, options))

    def post(self, path: str, *, permission: Permission, **options: Any) -> Decorator:  # type: ignore[override]
        """An act; answers 201 unless said otherwise."""
        options.setdefault("status_code", 201)
        return super().post(path, **_guarded(permission, False, options))


def _guarded(permission: Permission, reading: bool, options: dict[str, Any]) -> dict[str, Any]:
    async def authorise(request: Request) -> None:
        officer = await _officer(request)
        officer.require(permission, reading)
        refuse_unknown_names(request)
        request.state.officer = officer
        request.state.permission = permission

    options["dependencies"] = [*options.get("dependencies", ()), Depends(authorise)]
    options["openapi_extra"] = {
        "x-permission": permission.operation,
        "x-roles": sorted(permission.roles),
        "security": [{"bearer": []}],
        **options.get("openapi_extra", {}),
    }
    return options


async def _officer(request: Request) -> Officer:
    inside: Officer | None = request.scope.get(ACTING)
    if inside is not None:
        return inside
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        # A browser sends its cookie to whoever asks it to: good for reading, never enough for an act.
        token = request.cookies.get("session", "") if request.method == "GET" else ""
    if not token:
        raise NotSignedIn
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.officer(token)


@asynccontextmanager
async def _in_scope(request: Request) -> AsyncIterator[Transaction]:
    permission: Permission = request.state.permission
    database: Database = request.app.state.database
    agency = ALL_AGENCIES if permission.across_agencies else None
    async with database.transaction(request.state.officer, agency=agency) as tx:
        yield tx


@dataclass(frozen=True, slots=True)
class ActEdge:
    """Runs one use case: idempotency, effect, audit and events commit together, once."""

    request: Request
    response: Response
    key: str

    async def __call__(
        self,
        usecase: Callable[[Transaction, CommandT], Awaitable[UUID]],
        command: CommandT,
        *,
        while_catching_up: bool = False,
    ) -> Created:
        """The id of what the use case made or changed; the same one when the request is repeated.

        Raises the use case's refusals, `RequestInProgress` (409), `IdempotencyKeyReused` (422) and, unless it may act
        on a database that a restore left behind, `CatchingUp` (503).
        """
        if not while_catching_up:
            await self.request.app.state.restoration.refuse_while_pending()
        async with _in_scope(self.request) as tx:
            if isinstance(command, DatedCommand):
                command.refuse_impossible_date(tx.today)
            name = {
                "caller": tx.officer.identity,
                "route": self._route(),
                "key": self.key,
            }
            if not await tx.scalar(_TRY_LOCK, {"name": "idempotency/" + "/".join(name.values())}):
                raise RequestInProgress
            fingerprint = await self._fingerprint()
            earlier = await tx.fetch_one(_EARLIER, name)
            if earlier is not None:
                if bytes(earlier.fingerprint) != fingerprint:
                    raise IdempotencyKeyReused
                self.response.headers["Idempotency-Replayed"] = "true"
                return Created(id=earlier.resource_id)
            tx.act_for(self._origin(name, fingerprint))
            resource_id = await usecase(tx, command)
            status = self.request.scope["route"].status_code
            kept = {
                "fingerprint": fingerprint,
                "status": status,
                "resource_id": resource_id,
            }
            tx.later(Write(_REMEMBER, name | kept))
            record_audit(tx, self.request.state.permission, resource_id)
            return Created(id=resource_id)

    def _origin(self, name: Mapping[str, str], fingerprint: bytes) -> Origin | None:
        """The request itself where its key is a UUIDv7 of our days: sent again after a restore, it makes the same."""
        try:
            key = UUID(self.key)
        except ValueError:
            return None
        if not is_recent(key):
            return None
        return Origin(derived_id(key, name["caller"], name["route"], fingerprint.hex()))

    def _route(self) -> str:
        return f"{self.request.method} {self.request.scope['route'].path}"

    async def _fingerprint(self) -> bytes:
        """Of path, query and body: the same key must mean the same request."""
        told = hashlib.sha256(str(self.request.url.path).encode())
        told.update(self.request.url.query.encode())
        told.update(await self.request.body())
        return told.digest()


def record_audit(tx: Transaction, permission: Permission, resource_id: UUID) -> None:
    """Leave a trail of who did what to which resource; acts do so by themselves, a look-up that matters by this."""
    row = {
        "id": new_id(),
        "actor": tx.officer.identity,
        "agency": tx.officer.agency,
        "operation": permission.operation,
        "resource_id": resource_id,
        "trace_id": current_trace_id(),
    }
    tx.later(Write(_RECORD_AUDIT, row))


@dataclass(frozen=True, slots=True)
class ReadEdge:
    """Runs one query in a transaction bound to the officer's agency and region."""

    request: Request

    @property
    def officer(self) -> Officer:
        """Who reads."""
        officer: Officer = self.request.state.officer
        return officer

    async def __call__(
        self,
        query: Callable[Concatenate[Transaction, P], Awaitable[ResultT]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> ResultT:
        """The query's answer. Committed, since reading personal data leaves an access record."""
        async with _in_scope(self.request) as tx:
            return await query(tx, *args, **kwargs)


async def _act_edge(
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> ActEdge:
    if not idempotency_key:
        raise IdempotencyKeyMissing
    return ActEdge(request, response, idempotency_key)


async def _read_edge(request: Request) -> ReadEdge:
    return ReadEdge(request)


def is_act(dependant: Dependant) -> bool:
    """Whether an endpoint gets an `Act`, and so demands an Idempotency-Key."""
    return any(inner.call is _act_edge or is_act(inner) for inner in dependant.dependencies)


Act = Annotated[ActEdge, Depends(_act_edge)]
Read = Annotated[ReadEdge, Depends(_read_edge)]
