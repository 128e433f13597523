"""Register the accepted rows of an approved list, one chunk per transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.ids import derived_id
from chassis.transaction import Transaction
from services.registry import outgoing
from services.registry.domain.act import Act
from services.registry.domain.findings import Finding, FindingCode
from services.registry.domain.list_import import ListImport, PersonRegistered, RowOutcome
from services.registry.domain.list_row import SCHEME_COLUMNS, Candidate, CheckContext, check_row, villages_named
from services.registry.domain.membership import Membership, Scheme
from services.registry.domain.person import Attributes, PersonStatus
from services.registry.store import assistance, imports, people, regions
from services.registry.usecases.receive_list import compare_with_registered


@dataclass(frozen=True, slots=True)
class AppliedChunk:
    """Progress: rows settled, rows refused after all, where to go on, whether the list is through."""

    settled: int
    refused: int
    last_row: int
    finished: bool


@dataclass(frozen=True, slots=True)
class _Registered:
    candidate: Candidate
    attributes: Attributes


async def apply_list_chunk(
    tx: Transaction, import_id: UUID, after_row: int, limit: int, owners: Mapping[Scheme, str]
) -> AppliedChunk:
    """Apply up to `limit` rows. Every row is checked once more: regions and people may have changed since."""
    aggregate = await imports.load_import(tx, import_id, for_update=True)
    approval = aggregate.approval
    if approval is None:
        raise RuntimeError("only an approved list has a job")
    rows = await imports.load_rows(tx, import_id, after_row, limit, RowOutcome.ACCEPTED)
    source = aggregate.decile_source
    villages = await regions.known_villages(tx, villages_named(kept.row for kept in rows))
    context = CheckContext(villages, aggregate.region_code, source.list_dated_on)
    checked = [check_row(kept.row, context) for kept in rows]
    outcomes, findings = await compare_with_registered(tx, [row.candidate for row in checked if row.candidate])
    fresh = [row.candidate for row in checked if row.candidate and outcomes[row.row.number] is RowOutcome.ACCEPTED]
    registered = await _register(tx, aggregate, fresh, owners)
    overtaken, found_late = await _compare_overtaken(tx, fresh, registered)
    settled = _settled(aggregate, [kept.row.number for kept in rows], {**outcomes, **overtaken}, registered)
    await imports.settle_rows(tx, import_id, settled)
    refusals = [finding for row in checked if row.candidate is None for finding in row.findings]
    ended = await _assistance_ended_since(tx, registered)
    await imports.insert_findings(tx, aggregate, [*refusals, *findings, *found_late, *ended])
    _tell(tx, aggregate, registered, approval)
    finished = len(rows) < limit
    if finished:
        fact = aggregate.finish()
        tx.publish(outgoing.list_imported(fact, approval), sequence=aggregate.version, case=aggregate.id)
    await imports.save_import(tx, aggregate)
    last_row = rows[-1].row.number if rows else after_row
    refused = sum(outcome is RowOutcome.REFUSED for outcome, _ in settled.values())
    return AppliedChunk(len(settled), refused, last_row, finished)


async def _register(
    tx: Transaction, aggregate: ListImport, fresh: Sequence[Candidate], owners: Mapping[Scheme, str]
) -> list[_Registered]:
    if not fresh:
        return []
    indexed = [(tx.vault.blind_index(row.family_card), row) for row in fresh]
    families = await people.ensure_families(tx, {index: row.family_card for index, row in indexed}, aggregate.id)
    made = [_Registered(row, _attributes(aggregate, row, families[index])) for index, row in indexed]
    keys = [
        (one.attributes.person_id, tx.vault.blind_index(one.candidate.nik), one.attributes.family_id) for one in made
    ]
    claimed = await people.insert_identities(tx, keys)
    registered = [one for one in made if one.attributes.person_id in claimed]
    await people.insert_people(tx, [_row(tx, aggregate, one) for one in registered])
    starting = [
        (
            Membership(_id(aggregate, one, scheme), one.attributes.family_id, scheme, None),
            owners[scheme],
            one.attributes.region_code,
        )
        for one in registered
        for scheme in one.candidate.schemes
    ]
    # A list is dated: it takes a family in again that left before, and not one that left since.
    await assistance.insert_memberships(tx, starting, aggregate.id, again_after=aggregate.decile_source.list_dated_on)
    return registered


async def _compare_overtaken(
    tx: Transaction, fresh: Sequence[Candidate], registered: Sequence[_Registered]
) -> tuple[dict[int, RowOutcome], list[Finding]]:
    """Compare again those whose NIK another list claimed after the first look: it may be in another family."""
    claimed = {one.candidate.row_number for one in registered}
    overtaken = [candidate for candidate in fresh if candidate.row_number not in claimed]
    outcomes, findings = await compare_with_registered(tx, overtaken)
    if RowOutcome.ACCEPTED in outcomes.values():
        raise RuntimeError("a claimed NIK was corrected at this moment: the chunk is to run again")
    return outcomes, findings


async def _assistance_ended_since(tx: Transaction, registered: Sequence[_Registered]) -> list[Finding]:
    """A warning for each assistance of the list that its family left after the list was made."""
    ended = await assistance.ended_memberships(tx, [one.attributes.family_id for one in registered])
    return [
        Finding(one.candidate.row_number, SCHEME_COLUMNS[scheme], FindingCode.ASSISTANCE_ENDED_SINCE)
        for one in registered
        for scheme in one.candidate.schemes
        if (one.attributes.family_id, scheme) in ended
    ]


def _id(aggregate: ListImport, one: _Registered, scheme: Scheme) -> UUID:
    return derived_id(aggregate.id, "membership", one.candidate.row_number, scheme.value)


def _attributes(aggregate: ListImport, candidate: Candidate, family_id: UUID) -> Attributes:
    return Attributes(
        person_id=derived_id(aggregate.id, "person", candidate.row_number),
        family_id=family_id,
        region_code=candidate.village_code,
        decile=candidate.decile,
        decile_source=aggregate.decile_source,
        population_match=candidate.population_match,
        status=PersonStatus.ACTIVE,
    )


def _row(tx: Transaction, aggregate: ListImport, one: _Registered) -> dict[str, Any]:
    candidate, attributes = one.candidate, one.attributes
    source = attributes.decile_source
    return {
        "id": attributes.person_id,
        "agency": aggregate.agency,
        "region_code": attributes.region_code,
        "nik_sealed": tx.vault.seal(candidate.nik),
        "name": candidate.name,
        "birth_date": candidate.birth_date,
        "female": candidate.female,
        "married": candidate.married,
        "address_sealed": tx.vault.seal(candidate.address) if candidate.address else None,
        "phone_sealed": tx.vault.seal(candidate.phone) if candidate.phone else None,
        "phone_index": tx.vault.blind_index(candidate.phone) if candidate.phone else None,
        "email_sealed": tx.vault.seal(candidate.email) if candidate.email else None,
        "decile": attributes.decile,
        "list_source": source.list_source.value,
        "list_version": source.list_version,
        "list_dated_on": source.list_dated_on,
        "population_match": attributes.population_match.value,
        "status": attributes.status.value,
        "import_id": aggregate.id,
        "version": 1,
        "registered_at": tx.now,
    }


def _settled(
    aggregate: ListImport,
    row_numbers: Sequence[int],
    outcomes: Mapping[int, RowOutcome],
    registered: Sequence[_Registered],
) -> dict[int, tuple[RowOutcome, UUID | None]]:
    ids = {one.candidate.row_number: one.attributes.person_id for one in registered}
    settled: dict[int, tuple[RowOutcome, UUID | None]] = {}
    for number in row_numbers:
        outcome = outcomes.get(number, RowOutcome.REFUSED)
        if number in ids:
            outcome = RowOutcome.REGISTERED
        settled[number] = (outcome, ids.get(number))
    reached = [outcome for outcome, _ in settled.values()]
    aggregate.count_applied(
        reached.count(RowOutcome.REGISTERED), reached.count(RowOutcome.KNOWN), reached.count(RowOutcome.REFUSED)
    )
    return settled


def _tell(tx: Transaction, aggregate: ListImport, registered: Sequence[_Registered], approval: Act) -> None:
    for one in registered:
        fact = PersonRegistered(aggregate.id, one.attributes)
        tx.publish(outgoing.person_registered(fact, approval), sequence=1, case=aggregate.id)
