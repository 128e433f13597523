"""The ledger and the decision log: only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.ids import new_id
from chassis.rows import inserting, write_together
from chassis.transaction import Transaction
from chassis.writes import Write
from services.disbursement.domain.facts import Occasion, Trail
from services.disbursement.domain.ledger import Entries
from services.disbursement.store import tables as t


@dataclass(frozen=True, slots=True)
class About:
    """What a posting or a log line is about, and in whose scope it is read."""

    programme_id: UUID
    agency: str
    region_code: str
    grant_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """Balanced entries about something, on an occasion."""

    about: About
    entries: Entries
    occasion: Occasion
    reference_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One act of one officer."""

    about: About
    trail: Trail
    occasion: Occasion
    amount_rupiah: int | None = None


async def record(tx: Transaction, postings: Sequence[Posting], lines: Sequence[LogLine]) -> list[UUID]:
    """Write postings with their entries, and who decided what, when and why; returns the postings' ids.

    The database refuses an unbalanced posting.
    """
    ids = [new_id() for _ in postings]
    await write_together(tx, *recording(list(zip(ids, postings, strict=True)), lines, tx.now))
    return ids


def recording(
    postings: Sequence[tuple[UUID, Posting]], lines: Sequence[LogLine], now: datetime
) -> tuple[Write, Write, Write]:
    """What `record` writes."""
    return (
        inserting(t.posting, [_posting_row(posting_id, posting, now) for posting_id, posting in postings]),
        inserting(
            t.ledger_entry, [row for posting_id, posting in postings for row in _entry_rows(posting_id, posting)]
        ),
        inserting(t.decision_log, [_log_row(line, now) for line in lines]),
    )


async def log_acts(tx: Transaction, lines: Sequence[LogLine]) -> None:
    """Write who decided what, when and why, where no money moves."""
    await record(tx, [], lines)


def _posting_row(posting_id: UUID, posting: Posting, now: datetime) -> dict[str, Any]:
    return {
        "id": posting_id,
        "programme_id": posting.about.programme_id,
        "agency": posting.about.agency,
        "region_code": posting.about.region_code,
        "kind": posting.entries.kind,
        "grant_id": posting.about.grant_id,
        "reference_id": posting.reference_id,
        "officer": posting.occasion.officer,
        "occurred_on": posting.occasion.occurred_on,
        "recorded_at": now,
    }


def _entry_rows(posting_id: UUID, posting: Posting) -> list[dict[str, Any]]:
    return [
        {"posting_id": posting_id, "account": entry.account.value, "amount_rupiah": entry.amount_rupiah}
        for entry in posting.entries.entries
    ]


def _log_row(line: LogLine, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "act": line.trail.act,
        "officer": line.occasion.officer,
        "agency": line.about.agency,
        "region_code": line.about.region_code,
        "programme_id": line.about.programme_id,
        "grant_id": line.about.grant_id,
        "person_id": line.about.person_id,
        "reference_id": line.trail.reference_id,
        "document_number": line.trail.document_number,
        "reason": line.trail.reason,
        "amount_rupiah": line.amount_rupiah,
        "occurred_on": line.occasion.occurred_on,
        "late_entry_reason": line.occasion.late_entry_reason,
        "recorded_at": now,
    }


_BALANCES = text("""
SELECT account, sum(ledger_entry.amount_rupiah)::bigint AS balance_rupiah,
       sum(greatest(ledger_entry.amount_rupiah, 0))::bigint AS debit_rupiah,
       -sum(least(ledger_entry.amount_rupiah, 0))::bigint AS credit_rupiah
FROM ledger_entry JOIN posting ON posting.id = ledger_entry.posting_id
WHERE posting.programme_id = :programme_id GROUP BY account ORDER BY account
""")

_MOVEMENTS = text("""
SELECT kind, count(DISTINCT posting.id)::int AS postings_count, sum(ledger_entry.amount_rupiah)::bigint AS amount_rupiah
FROM ledger_entry JOIN posting ON posting.id = ledger_entry.posting_id
WHERE posting.programme_id = :programme_id AND ledger_entry.amount_rupiah > 0
  AND ledger_entry.account NOT IN ('in_stock', 'handed_over', 'written_off') = (posting.kind <> 'purchased')
GROUP BY kind ORDER BY kind
""")


async def balances(tx: Transaction, programme_id: UUID) -> Sequence[Any]:
    """Balance and turnover per account, in rupiah."""
    return await tx.fetch_all(_BALANCES, {"programme_id": programme_id})


async def movements(tx: Transaction, programme_id: UUID) -> Sequence[Any]:
    """Number and rupiah of postings by kind: what was allocated, released, decided, bought, handed over."""
    return await tx.fetch_all(_MOVEMENTS, {"programme_id": programme_id})


_EXPORT = text("""
SELECT * FROM decision_log
WHERE (CAST(:person_id AS uuid) IS NULL OR person_id = :person_id)
  AND (CAST(:officer AS text) IS NULL OR officer = :officer)
  AND (CAST(:from_on AS date) IS NULL OR occurred_on >= :from_on)
  AND (CAST(:to_on AS date) IS NULL OR occurred_on <= :to_on)
  AND id > CAST(:after AS uuid)
ORDER BY id LIMIT :limit
""")


async def log_page(tx: Transaction, /, after: UUID, limit: int, **wanted: object) -> Sequence[Any]:
    """A page of the decision log, oldest first, by `person_id`, `officer`, `from_on`, `to_on` (None: all)."""
    return await tx.fetch_all(_EXPORT, {"after": after, "limit": limit, **wanted})
