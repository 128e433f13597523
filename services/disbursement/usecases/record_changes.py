"""Saves what happened to grants: rows, ledger, decision log and events, set-based and in one order of locks."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.commands import DatedCommand
from chassis.ids import new_id
from chassis.rows import written_meanwhile
from chassis.transaction import Transaction
from chassis.writes import Write
from services.disbursement.domain.facts import Occasion, trail
from services.disbursement.domain.grant import Grant
from services.disbursement.domain.ledger import entries_of, freed_rupiah
from services.disbursement.domain.programme import Programme
from services.disbursement.outgoing import Change, told
from services.disbursement.store import grants as store
from services.disbursement.store.ledger import About, LogLine, Posting, recording
from services.disbursement.store.programmes import give_back_budget

TOLD_AT_ONCE = 200


def occasion_of(tx: Transaction, command: DatedCommand) -> Occasion:
    """Who acts now, and the date the command gives."""
    late = command.late_entry_reason
    return Occasion(tx.officer.identity, command.occurred_on, late.value if late else None)


def about_programme(programme: Programme) -> About:
    """What is posted or logged about a programme as a whole."""
    return About(programme.id, programme.agency, programme.region_code)


async def record_changes(tx: Transaction, changes: Sequence[Change]) -> None:
    """Save, post, log and publish what happened to grants.

    Whatever frees money needs the programmes locked before the grants: all budget rows are touched here.
    """
    await _record(tx, changes, saving(changes, tx.now))


async def tell_changes(tx: Transaction, changes: Sequence[Change]) -> None:
    """Post, log and publish what happened to grants that are saved already."""
    await _record(tx, changes)


async def _record(tx: Transaction, changes: Sequence[Change], *first: Write) -> None:
    async with written_meanwhile(tx, *first, *posting(changes, tx.now)):
        for start in range(0, len(changes), TOLD_AT_ONCE):
            publish(tx, changes[start : start + TOLD_AT_ONCE])
            # Many events take a tenth of a second, in which the process would answer nobody.
            await asyncio.sleep(0)
    await _give_back(tx, changes)


def saving(changes: Sequence[Change], now: datetime) -> Write:
    """The grants as they are after the changes."""
    changed: dict[UUID, Grant] = {change.grant.id: change.grant for change in changes}
    for change in changes:
        change.grant.acted_on = change.occasion.occurred_on
    return store.saving_grants(list(changed.values()), now)


def telling(tx: Transaction, changes: Sequence[Change]) -> tuple[Write, ...]:
    """The postings and log lines of the changes; their events are published."""
    publish(tx, changes)
    return posting(changes, tx.now)


def posting(changes: Sequence[Change], now: datetime) -> tuple[Write, ...]:
    """The postings and log lines of the changes."""
    lines = [_line(change) for change in changes]
    pairs = zip(changes, lines, strict=True)
    return recording([(new_id(), found) for change, line in pairs if (found := _posting(change, line))], lines, now)


def publish(tx: Transaction, changes: Sequence[Change]) -> None:
    """The events of the changes."""
    for change in changes:
        fact = told(change)
        if fact is not None:
            tx.publish(fact, sequence=change.version, case=change.case, cause=change.cause)


async def _give_back(tx: Transaction, changes: Sequence[Change]) -> None:
    freed: dict[UUID, int] = {}
    for change in changes:
        amount = freed_rupiah(change.fact, change.grant.amount_rupiah)
        if amount:
            freed[change.grant.programme_id] = freed.get(change.grant.programme_id, 0) + amount
    for programme_id in sorted(freed):
        await give_back_budget(tx, programme_id, freed[programme_id])


def _line(change: Change) -> LogLine:
    grant = change.grant
    about = About(grant.programme_id, grant.agency, grant.region_code, grant.id, grant.person_id)
    return LogLine(about, trail(change.fact), change.occasion, grant.amount_rupiah)


def _posting(change: Change, line: LogLine) -> Posting | None:
    """What the change moves, if anything, as its line in the log tells of it."""
    entries = entries_of(change.fact, change.grant.amount_rupiah)
    return Posting(line.about, entries, change.occasion, line.trail.reference_id) if entries is not None else None
