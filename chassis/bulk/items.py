"""What a bulk job does, row by row, and what became of each: the table `bulk_item`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import Field, JsonValue
from sqlalchemy import Row, text

from chassis.encryption import Vault
from chassis.transaction import Transaction

FIELDS_LIMIT = 100
Fields = Annotated[dict[str, JsonValue], Field(max_length=FIELDS_LIMIT)]
"""One act's fields, those of its path among them."""

_ADD = text(
    "INSERT INTO bulk_item (job_id, number, repeats_row, request_sealed, request_index)"
    " VALUES (:job_id, :number, :repeats_row, :request_sealed, :request_index)"
)
_TAKEN = text("SELECT request_index FROM bulk_item WHERE job_id = :job_id AND request_index = ANY(:indexes)")
_NEXT = text(
    "SELECT number, request_sealed FROM bulk_item WHERE job_id = :job_id AND number > :after"
    " ORDER BY number LIMIT :limit"
)
_SETTLE = text(
    """
    UPDATE bulk_item SET status = :status, resource_id = :resource_id, problem = CAST(:problem AS json),
           settled_at = clock_timestamp(), request_sealed = CASE WHEN :failed THEN request_sealed END,
           request_index = NULL
    WHERE job_id = :job_id AND number = :number
    """
)
_TAKE_FAILED = text(
    """
    UPDATE bulk_item SET retried_in = :retry_id WHERE job_id = :job_id AND number IN (
        SELECT number FROM bulk_item WHERE job_id = :job_id AND number > :after AND status >= 400
        AND retried_in IS NULL ORDER BY number LIMIT :limit FOR UPDATE)
    RETURNING number, coalesce(repeats_row, number) AS first_number, request_sealed
    """
)
_ROWS = """
    SELECT number, repeats_row, request_sealed, status, resource_id, problem, retried_in, settled_at FROM bulk_item
    WHERE job_id = :job_id AND number > :after {only} ORDER BY number LIMIT :limit
"""
_ALL_ROWS = text(_ROWS.format(only=""))
_FAILED_ROWS = text(_ROWS.format(only="AND status >= 400"))
_ANY_TO_RETRY = text(
    "SELECT EXISTS (SELECT 1 FROM bulk_item WHERE job_id = :job_id AND status >= 400 AND retried_in IS NULL)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: the id of what the act made or changed, or the problem it was answered."""

    number: int
    status: int
    resource_id: str | None = None
    problem: Mapping[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether the act did not take place."""
        return self.status >= 400


def opened(vault: Vault, row: Row[Any]) -> Fields:
    """The request of a row; empty once it is done, since then it is kept no longer."""
    fields: Fields = json.loads(vault.open(row.request_sealed)) if row.request_sealed is not None else {}
    return fields


class NewItem(NamedTuple):
    """A row to be added."""

    request: Fields
    repeats_row: int | None = None
    """The number, in the job before, of the failed row that it tries again."""
    request_index: bytes | None = None


async def add_items(tx: Transaction, job_id: UUID, after: int, items: Iterable[NewItem]) -> None:
    """Add rows behind the number, all as they are."""
    # The standard library's JSON keeps whatever a request may hold: halves of characters, numbers of any size.
    rows = [
        {
            "job_id": job_id,
            "number": number,
            "repeats_row": item.repeats_row,
            "request_sealed": tx.vault.seal(json.dumps(item.request)),
            "request_index": item.request_index,
        }
        for number, item in enumerate(items, after + 1)
    ]
    if rows:
        await tx.execute(_ADD, rows)


async def add_found(tx: Transaction, job_id: UUID, after: int, requests: Sequence[Fields]) -> int:
    """Add rows behind the number, but for those that ask for the very same as another one of the job; how many."""
    found = {_index(tx.vault, job_id, request): request for request in requests}
    taken = await tx.fetch_all(_TAKEN, {"job_id": job_id, "indexes": list(found)})
    for row in taken:
        del found[row.request_index]
    await add_items(tx, job_id, after, [NewItem(request, request_index=index) for index, request in found.items()])
    return len(found)


def _index(vault: Vault, job_id: UUID, request: Fields) -> bytes:
    return vault.blind_index(f"{job_id} {json.dumps(request, sort_keys=True)}")


async def next_items(tx: Transaction, job_id: UUID, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows behind the number, in order."""
    return await tx.fetch_all(_NEXT, {"job_id": job_id, "after": after, "limit": limit})


async def settle_items(tx: Transaction, job_id: UUID, outcomes: Sequence[Outcome]) -> None:
    """Keep what became of the rows; the request of one that is done is kept no longer."""
    rows = [
        {
            "job_id": job_id,
            "number": one.number,
            "status": one.status,
            "resource_id": one.resource_id,
            "problem": None if one.problem is None else json.dumps(one.problem),
            "failed": one.failed,
        }
        for one in outcomes
    ]
    await tx.execute(_SETTLE, rows)


async def take_failed(tx: Transaction, job_id: UUID, retry_id: UUID, after: int, limit: int) -> Sequence[Row[Any]]:
    """Failed rows of an ended job, taken by the job that retries them; no other one gets them again."""
    asked = {"job_id": job_id, "retry_id": retry_id, "after": after, "limit": limit}
    return sorted(await tx.fetch_all(_TAKE_FAILED, asked), key=lambda row: int(row.number))


async def any_to_retry(tx: Transaction, job_id: UUID) -> bool:
    """Whether a row failed that no other job has retried."""
    return bool(await tx.scalar(_ANY_TO_RETRY, {"job_id": job_id}))


async def find_rows(tx: Transaction, job_id: UUID, after: int, limit: int, *, failed_only: bool) -> Sequence[Row[Any]]:
    """Rows behind the number with what became of them."""
    asked = {"job_id": job_id, "after": after, "limit": limit}
    return await tx.fetch_all(_FAILED_ROWS if failed_only else _ALL_ROWS, asked)
