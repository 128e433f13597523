"""Ordering bulk work: an act, and whom it is done for."""

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, JsonValue, model_validator
from sqlalchemy import Row, text

from chassis.auth import Officer
from chassis.bulk.acts import OneAct, OneList
from chassis.bulk.inside import Inside
from chassis.bulk.items import FIELDS_LIMIT, Fields, NewItem, add_items, any_to_retry
from chassis.bulk.wrong import nearest, told, told_path
from chassis.commands import Command
from chassis.encryption import Vault
from chassis.errors import Conflict, NotFound, Unprocessable
from chassis.transaction import Transaction

BULK_JOB = "bulk"
ITEMS_LIMIT = 5000
"""Items that one request may bring; what a filter finds is not limited."""
SAME_LIMIT_BYTES = 4096
"""Of what is alike for all, and of a filter: it is kept for each row."""

_JOB = text(
    "SELECT id, state, parameters ->> 'act' AS act, parameters -> 'ids' AS ids FROM job"
    " WHERE id = :id AND kind = :kind AND in_scope(agency, officer ->> 'region')"
)
_LOCK_ENDED = text("SELECT 1 FROM job WHERE id = :id AND state NOT IN ('queued', 'running') FOR NO KEY UPDATE")
_COLLECTING_RETRY = text(
    "SELECT id FROM job WHERE state IN ('queued', 'running') AND kind = :kind"
    " AND parameters ->> 'failed_of' = :failed_of AND (cursor IS NULL OR jsonb_exists(cursor, 'collected'))"
)


class UnknownAct(Unprocessable):
    """Not a POST route with one effect, or not of this service."""

    title = "Give as `act` the path of an act as the API description writes it, such as /things/{thing_id}/approve"


class UnknownList(Unprocessable):
    """Not a GET route that lists things, or not of this service."""

    title = "Give as `each_of` the path of a list as the API description writes it, such as /things"


class UnknownFilter(Unprocessable):
    """A filter that is not heeded would choose everything."""

    title = "`where` may hold what the list filters by, and must hold the names in its path"


class UnknownField(Unprocessable):
    """Every row would be refused for it."""

    title = "`same` and `take` may hold fields of the act only"


class FieldNotListed(Unprocessable):
    """The act needs what the list does not give."""

    title = "The list has no such field: say in `take` where each name in the act's path comes from"


class BulkNotEnded(Conflict):
    """Its rows may still change."""

    title = "The job has not ended yet: wait for its end or cancel it"


class RetriedAlready(Conflict):
    """The job `retried_in` has yet to collect the failed rows; another one would find none, or some of them."""

    title = "These rows are being tried again already: see the job that does it"


class NothingToRetry(Conflict):
    """No row failed, or another job has tried the failed ones again."""

    title = "No row of this job failed that has not been tried again already"


def _small(fields: Fields) -> Fields:
    if len(json.dumps(fields).encode()) > SAME_LIMIT_BYTES:
        raise ValueError(f"at most {SAME_LIMIT_BYTES} bytes as JSON")
    return fields


Small = Annotated[Fields, AfterValidator(_small)]


class BulkOrder(Command):
    """An act done for each of a list (`items`) or for each of what a list of this service shows (`each_of`).

    Each item holds the fields of one act, those in its path among them; `same` holds what is alike for all. A name
    with a point reaches into an object: `receipt.grant_id`.
    """

    act: str = Field(max_length=200)
    items: list[Fields] | None = Field(default=None, min_length=1, max_length=ITEMS_LIMIT)
    each_of: str | None = Field(default=None, max_length=200)
    where: Small = Field(default_factory=dict)
    """The list's filters, and the names in its path."""
    take: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=FIELDS_LIMIT)] | Small = Field(
        default_factory=list
    )
    """Fields of the list that go into the act, beside those in its path; as an object: the act's name for each."""
    same: Small = Field(default_factory=dict)

    @model_validator(mode="after")
    def _exactly_one(self) -> "BulkOrder":
        if (self.items is None) == (self.each_of is None):
            raise ValueError("give exactly one of items, each_of")
        if self.items is not None and (self.where or self.take):
            raise ValueError("where and take belong to each_of")
        return self

    def taken(self, act: OneAct) -> Fields:
        """The list's field for each field of the act that comes from it."""
        found: Fields = {name: name for name in act.names if name not in self.same}
        return found | (self.take if isinstance(self.take, dict) else {name: name for name in self.take})


class RetryFailed(Command):
    """The failed rows again; `same` replaces fields of each."""

    same: Small = Field(default_factory=dict)


class Chosen(BaseModel):
    """What of an order the job must know to find the rows; sealed, since `same` may tell of persons."""

    where: Fields = Field(default_factory=dict)
    take: Fields = Field(default_factory=dict)
    same: Fields = Field(default_factory=dict)


class Plan(BaseModel):
    """The parameters of a bulk job."""

    act: str
    ids: tuple[str, ...]
    """Fields by which somebody finds whom a row is about."""
    each_of: str | None = None
    failed_of: UUID | None = None
    sealed: str = ""

    def chosen(self, vault: Vault) -> Chosen:
        """What is sealed."""
        return Chosen.model_validate(json.loads(vault.open_bytes(base64.b64decode(self.sealed))))


def _sealed(vault: Vault, chosen: Chosen) -> str:
    return base64.b64encode(vault.seal(json.dumps(chosen.model_dump()))).decode()


def known_act(inside: Inside, path: str) -> OneAct:
    """Raises UnknownAct."""
    act = inside.acts.get(path)
    if act is None:
        raise UnknownAct(act=told_path(path, inside.acts), nearest=nearest(path, inside.acts))
    return act


def check_order(inside: Inside, officer: Officer, order: BulkOrder) -> None:
    """Raises NotAllowed, UnknownAct, UnknownList, UnknownFilter, UnknownField, FieldNotListed."""
    act = known_act(inside, order.act)
    officer.require(act.permission, reading=False)
    _refuse_unknown_fields(act, order.same)
    if order.each_of is None:
        return
    source = inside.lists.get(order.each_of)
    if source is None:
        near = nearest(order.each_of, inside.lists)
        raise UnknownList(each_of=told_path(order.each_of, inside.lists), nearest=near)
    _refuse_unknown_filters(source, order.where)
    taken = order.taken(act)
    unlisted = [name for name in map(str, taken.values()) if name not in source.listed]
    if unlisted:
        listed, path = sorted(source.listed), list(act.names)
        raise FieldNotListed(unknown=told(unlisted, [*listed, *path]), path=path, listed=listed)
    _refuse_unknown_fields(act, taken)


def _refuse_unknown_filters(source: OneList, where: Fields) -> None:
    unknown = [name for name in where if name not in {*source.filters, *source.names}]
    missing = [name for name in source.names if name not in where]
    if unknown or missing:
        filters, path = sorted(source.filters), list(source.names)
        raise UnknownFilter(unknown=told(unknown, [*filters, *path]), missing=missing, filters=filters, path=path)


def _refuse_unknown_fields(act: OneAct, given: Mapping[str, JsonValue]) -> None:
    if unknown := act.unknown(given):
        fields = sorted({*act.fields, *act.names})
        raise UnknownField(unknown=told(unknown, fields), fields=fields)


async def order_bulk(tx: Transaction, inside: Inside, order: BulkOrder) -> UUID:
    """Queue what was checked; returns the job's id. Rows of a list are kept at once, those of a filter by the job."""
    act = inside.acts[order.act]
    if order.items is not None:
        job_id = await tx.start_job(BULK_JOB, _parameters(Plan(act=act.path, ids=act.ids)), total=len(order.items))
        await add_items(tx, job_id, 0, [NewItem(order.same | item) for item in order.items])
        return job_id
    chosen = Chosen(where=order.where, take=order.taken(act), same=order.same)
    plan = Plan(act=act.path, ids=act.ids, each_of=order.each_of, sealed=_sealed(tx.vault, chosen))
    return await tx.start_job(BULK_JOB, _parameters(plan))


async def retry_failed(tx: Transaction, inside: Inside, job_id: UUID, command: RetryFailed) -> UUID:
    """Queue the failed rows of an ended job once more; returns the new job's id.

    Raises NotFound, NotAllowed, UnknownField, BulkNotEnded, RetriedAlready, NothingToRetry.
    """
    # Who asks at the same moment waits here, and then sees the other's job.
    await tx.execute(_LOCK_ENDED, {"id": job_id})
    job = await find_bulk(tx, job_id)
    act = known_act(inside, job.act)
    tx.officer.require(act.permission, reading=False)
    _refuse_unknown_fields(act, command.same)
    if job.state in {"queued", "running"}:
        raise BulkNotEnded(job_id=job_id)
    retry_id = await tx.scalar(_COLLECTING_RETRY, {"failed_of": str(job_id), "kind": BULK_JOB})
    if retry_id is not None:
        raise RetriedAlready(job_id=job_id, retried_in=retry_id)
    if not await any_to_retry(tx, job_id):
        raise NothingToRetry(job_id=job_id)
    sealed = _sealed(tx.vault, Chosen(same=command.same))
    return await tx.start_job(BULK_JOB, _parameters(Plan(act=act.path, ids=act.ids, failed_of=job_id, sealed=sealed)))


def _parameters(plan: Plan) -> dict[str, Any]:
    return plan.model_dump(mode="json", exclude_defaults=True)


async def find_bulk(tx: Transaction, job_id: UUID) -> Row[Any]:
    """A bulk job ordered within the reader's agency and region; raises NotFound."""
    row = await tx.fetch_one(_JOB, {"id": job_id, "kind": BULK_JOB})
    if row is None:
        raise NotFound(job_id=job_id)
    return row
