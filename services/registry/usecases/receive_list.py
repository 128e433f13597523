"""Take in a targeting list: check every row, keep it sealed, register nobody yet."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DateInFuture
from chassis.transaction import Transaction
from contracts.fields import ListVersion
from services.registry.domain.findings import Column, Finding, FindingCode
from services.registry.domain.list_import import AlreadyImported, ListImport, RowOutcome
from services.registry.domain.list_row import Candidate, CheckContext, CheckedRow, RawRow, check_rows, villages_named
from services.registry.domain.person import DecileSource, ListSource
from services.registry.store import imports, people, regions

_KNOWN_CHUNK = 5_000


class ReceiveList(Command):
    """An uploaded list. The rows stay out of `repr` and of the idempotency fingerprint: the hash stands for them."""

    filename: str = Field(min_length=1, max_length=200)
    list_source: ListSource
    list_version: ListVersion
    list_dated_on: date
    content_hash: str
    rows: Sequence[RawRow] = Field(repr=False, exclude=True)


def hash_of(content: bytes) -> str:
    """What recognises the same file; kept only under the blind index's key."""
    return hashlib.sha256(content).hexdigest()


async def receive_list(tx: Transaction, command: ReceiveList) -> UUID:
    """Check and keep a list; raises `AlreadyImported`, naming the earlier import, for a file already here."""
    if command.list_dated_on > tx.today:
        raise DateInFuture(occurred_on=command.list_dated_on, today=tx.today)
    earlier = await imports.find_same_file(tx, command.content_hash, tx.officer.agency)
    if earlier is not None:
        raise AlreadyImported(import_id=earlier, registered_count=0)
    villages = await regions.known_villages(tx, villages_named(command.rows))
    context = CheckContext(villages, tx.officer.region, command.list_dated_on)
    # In a thread: twenty thousand rows take seconds, and this process has other requests and a heartbeat to answer.
    checked = await asyncio.to_thread(check_rows, command.rows, context)
    candidates = [row.candidate for row in checked if row.candidate is not None]
    outcomes, late_findings = await compare_with_registered(tx, candidates)
    findings = [finding for row in checked for finding in row.findings] + late_findings
    aggregate = _aggregate(tx, command, checked, outcomes)
    await imports.insert_import(tx, aggregate, command.filename, command.content_hash)
    rows = ((row.row, outcomes.get(row.row.number, RowOutcome.REFUSED)) for row in checked)
    await imports.keep_rows(tx, aggregate, rows)
    await imports.insert_findings(tx, aggregate, findings)
    return aggregate.id


async def compare_with_registered(
    tx: Transaction, candidates: Sequence[Candidate]
) -> tuple[dict[int, RowOutcome], list[Finding]]:
    """Outcome by row number: accepted when new, known in the same family, refused (with a finding) in another one."""
    outcomes: dict[int, RowOutcome] = {}
    findings: list[Finding] = []
    for start in range(0, len(candidates), _KNOWN_CHUNK):
        indexed = {tx.vault.blind_index(row.nik): row for row in candidates[start : start + _KNOWN_CHUNK]}
        known = await people.find_known(tx, list(indexed))
        for nik_index, candidate in indexed.items():
            found = known.get(nik_index)
            if found is None:
                outcomes[candidate.row_number] = RowOutcome.ACCEPTED
            elif found.card_index == tx.vault.blind_index(candidate.family_card):
                outcomes[candidate.row_number] = RowOutcome.KNOWN
            else:
                outcomes[candidate.row_number] = RowOutcome.REFUSED
                findings.append(Finding(candidate.row_number, Column.NIK, FindingCode.NIK_IN_OTHER_FAMILY))
    return outcomes, findings


def _aggregate(
    tx: Transaction, command: ReceiveList, checked: Sequence[CheckedRow], outcomes: dict[int, RowOutcome]
) -> ListImport:
    reached = list(outcomes.values())
    accepted, known = reached.count(RowOutcome.ACCEPTED), reached.count(RowOutcome.KNOWN)
    return ListImport(
        id=tx.new_id(),
        agency=tx.officer.agency,
        region_code=tx.officer.region,
        decile_source=DecileSource(command.list_source, command.list_version, command.list_dated_on),
        rows_count=len(checked),
        accepted_count=accepted,
        known_count=known,
        refused_count=len(checked) - accepted - known,
        maker=tx.officer.identity,
        uploaded_on=tx.today,
    )
