"""Grants, the reserve list and the allocations' first rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text

from chassis.errors import NotFound
from chassis.rows import insert_new_rows, one_of, update_rows, updating
from chassis.transaction import Transaction
from chassis.writes import Write
from services.disbursement.domain.grant import Grant, GrantState
from services.disbursement.store import tables as t

_GRANT = [t.aid_grant.c[each.name] for each in fields(Grant)]
"""The columns of a grant, in the order in which one is made."""


class GrantNotFound(NotFound):
    """No such grant within the caller's agency and region."""

    title = "The grant is not known"


async def insert_grants(tx: Transaction, grants: Sequence[Grant]) -> set[UUID]:
    """Insert grants unless the family holds one already; returns the ids inserted. The database decides a race."""
    now = tx.now
    rows = [
        {
            "id": grant.id,
            "programme_id": grant.programme_id,
            "person_id": grant.person_id,
            "family_id": grant.family_id,
            "package_code": grant.package_code,
            "amount_rupiah": grant.amount_rupiah,
            "agency": grant.agency,
            "region_code": grant.region_code,
            "state": grant.state.value,
            "from_reserve_list": grant.from_reserve_list,
            "replaces_grant_id": grant.replaces_grant_id,
            "version": grant.version,
            "acted_on": grant.acted_on,
            "changed_at": now,
        }
        for grant in grants
    ]
    return await insert_new_rows(tx, t.aid_grant, rows, on_conflict="ON CONFLICT DO NOTHING")


def saving_grants(grants: Sequence[Grant], now: datetime) -> Write:
    """What the domain changed. The rows are locked by whoever loaded them for update."""
    rows = [
        {
            "id": grant.id,
            "state": grant.state.value,
            "proposal_id": grant.proposal_id,
            "decree_id": grant.decree_id,
            "decided_on": grant.decided_on,
            "bast_id": grant.bast_id,
            "ended_reason": grant.ended_reason,
            "version": grant.version,
            "acted_on": grant.acted_on,
            "changed_at": now,
        }
        for grant in grants
    ]
    return updating(t.aid_grant, rows)


async def load_grant(tx: Transaction, grant_id: UUID, *, for_update: bool = False) -> Grant:
    """One grant. Raises GrantNotFound."""
    grants = await _load(tx, select(*_GRANT).where(t.aid_grant.c.id == grant_id), for_update)
    if not grants:
        raise GrantNotFound(grant_id=grant_id)
    return grants[0]


async def lock_known_grants(tx: Transaction, grant_ids: Sequence[UUID]) -> list[Grant]:
    """Lock those of the grants that are known, in id order."""
    return await _load(tx, select(*_GRANT).where(one_of(t.aid_grant.c.id, grant_ids)), True)


async def lock_grants(tx: Transaction, grant_ids: Sequence[UUID]) -> list[Grant]:
    """Lock several grants in id order. Raises GrantNotFound when one is missing."""
    grants = await lock_known_grants(tx, grant_ids)
    missing = set(grant_ids) - {grant.id for grant in grants}
    if missing:
        raise GrantNotFound(grant_ids=[str(each) for each in sorted(missing)[:20]])
    return grants


async def lock_open_grants_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[Grant]:
    """The people's grants that an arriving fact may still confirm or release."""
    columns = t.aid_grant.c
    wanted = select(*_GRANT).where(
        one_of(columns.person_id, person_ids), columns.state.in_(["conditional", "confirmed"])
    )
    return await _load(tx, wanted, True)


_PROGRAMMES = text("""
SELECT programme_id FROM aid_grant WHERE person_id = ANY (CAST(:person_ids AS uuid[]))
UNION SELECT programme_id FROM enrolment WHERE person_id = ANY (CAST(:person_ids AS uuid[]))
UNION SELECT programme_id FROM reserve_candidate WHERE person_id = ANY (CAST(:person_ids AS uuid[]))
""")


async def programmes_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[UUID]:
    """Programmes in which the people have or had a grant, or may be given one at this moment.

    An allocation not yet committed shows no grant: only the lock on its programme makes one wait for it.
    """
    return [row.programme_id for row in await tx.fetch_all(_PROGRAMMES, {"person_ids": list(person_ids)})]


async def lock_grants_in(
    tx: Transaction, programme_id: UUID, state: GrantState, limit: int, proposal_id: UUID | None = None
) -> list[Grant]:
    """The next grants of a programme (or of one proposal) in a state, in id order."""
    columns = t.aid_grant.c
    wanted = select(*_GRANT).where(columns.programme_id == programme_id, columns.state == state.value)
    if proposal_id is not None:
        wanted = wanted.where(columns.proposal_id == proposal_id)
    return await _load(tx, wanted.limit(limit), True)


async def lines_of(tx: Transaction, proposal_id: UUID, after: UUID, limit: int) -> list[Grant]:
    """The grants that stand in a proposal, in id order."""
    columns = t.aid_grant.c
    wanted = select(*_GRANT).where(columns.proposal_id == proposal_id, columns.state == "proposed", columns.id > after)
    return await _load(tx, wanted.limit(limit), False)


_KEYS = text("""
SELECT id, person_id, package_code FROM aid_grant
WHERE proposal_id = :proposal_id AND state = 'proposed' AND id > CAST(:after AS uuid) ORDER BY id LIMIT :limit
""")


async def line_keys(tx: Transaction, proposal_id: UUID, after: UUID, limit: int) -> Sequence[Any]:
    """The same as rows of (id, person_id, package_code)."""
    return await tx.fetch_all(_KEYS, {"proposal_id": proposal_id, "after": after, "limit": limit})


async def count_confirmed(tx: Transaction, programme_id: UUID) -> int:
    """How many grants of a programme wait for a proposal."""
    found = await tx.scalar(
        text("SELECT count(*) FROM aid_grant WHERE programme_id = :id AND state = 'confirmed'"), {"id": programme_id}
    )
    return int(found)


async def count_lines(tx: Transaction, proposal_id: UUID) -> int:
    """How many grants stand in a proposal."""
    found = await tx.scalar(
        text("SELECT count(*) FROM aid_grant WHERE proposal_id = :id AND state = 'proposed'"), {"id": proposal_id}
    )
    return int(found)


_RELEASED = text("""
SELECT DISTINCT ON (person_id) person_id, id, programme_id, package_code, state, ended_reason
FROM aid_grant WHERE person_id = ANY (CAST(:person_ids AS uuid[])) AND programme_id = :programme_id
ORDER BY person_id, id DESC
""")


async def newest_grants_of(tx: Transaction, programme_id: UUID, person_ids: Sequence[UUID]) -> Sequence[Any]:
    """Each person's newest grant in a programme: rows of person_id, id, package_code, state, ended_reason."""
    return await tx.fetch_all(_RELEASED, {"person_ids": list(person_ids), "programme_id": programme_id})


async def insert_candidates(tx: Transaction, rows: Sequence[dict[str, object]]) -> set[UUID]:
    """Add to the reserve list; people who stand on it already stay where they are."""
    return await insert_new_rows(
        tx, t.reserve_candidate, rows, on_conflict="ON CONFLICT (programme_id, person_id) DO NOTHING"
    )


async def last_position(tx: Transaction, programme_id: UUID) -> int:
    """The last place taken on a programme's reserve list; 0 when it is empty."""
    found = await tx.scalar(
        text("SELECT max(position) FROM reserve_candidate WHERE programme_id = :id"), {"id": programme_id}
    )
    return int(found or 0)


async def waiting_candidates(tx: Transaction, programme_id: UUID, people: Collection[UUID]) -> dict[UUID, Any]:
    """Those of the people who wait on the reserve list without a grant, by person, locked in the list's order."""
    among = one_of(t.reserve_candidate.c.person_id, people)
    return {row.person_id: row for row in await tx.fetch_all(_waiting(programme_id).where(among).with_for_update())}


async def next_waiting_candidates(tx: Transaction, programme_id: UUID, after: int, limit: int) -> Sequence[Any]:
    """Reserve candidates without a grant behind a position, in order, locked."""
    behind = t.reserve_candidate.c.position > after
    return await tx.fetch_all(_waiting(programme_id).where(behind).limit(limit).with_for_update())


def _waiting(programme_id: UUID) -> "Select[Any]":
    columns = t.reserve_candidate.c
    waits = (columns.programme_id == programme_id) & columns.grant_id.is_(None)
    return select(t.reserve_candidate).where(waits).order_by(columns.position)


async def mark_called(tx: Transaction, called: Mapping[UUID, UUID]) -> None:
    """Candidates of the reserve list got a place: the grant by the candidate's id."""
    rows = [{"id": candidate_id, "grant_id": grant_id} for candidate_id, grant_id in called.items()]
    await update_rows(tx, t.reserve_candidate, rows)


async def _load(tx: Transaction, statement: "Select[Any]", for_update: bool) -> list[Grant]:
    statement = statement.order_by(t.aid_grant.c.id)
    if for_update:
        statement = statement.with_for_update(key_share=True)
    grants = [Grant(*row) for row in await tx.fetch_all(statement)]
    for grant in grants:
        grant.state = GrantState(grant.state)
    return grants
