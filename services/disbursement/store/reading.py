"""What officers look at: programmes, grants, proposals, sessions, handover records."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, literal_column, select, text

from chassis.paging import BEFORE_ALL, PageRows, cut_page, fetch_page, fetch_scoped_page
from chassis.transaction import Transaction
from services.disbursement.domain.handover import BastNotFound
from services.disbursement.store import handover_tables as h
from services.disbursement.store import tables as t
from services.disbursement.store.projection_tables import refused_assistance

_WAITING_FOR: ColumnElement[str] = literal_column("""CASE aid_grant.state
    WHEN 'conditional' THEN CASE WHEN EXISTS (
        SELECT FROM enrolment WHERE enrolment.person_id = aid_grant.person_id
          AND enrolment.programme_id = aid_grant.programme_id
    ) THEN 'training.course_completed' ELSE 'training.enrolled' END
    WHEN 'confirmed' THEN 'proposal' WHEN 'proposed' THEN 'decree'
    WHEN 'decided' THEN CASE WHEN appointment.id IS NULL THEN 'handover_session' ELSE 'handover' END
END""")
_WAITING_DAYS: ColumnElement[int] = literal_column("extract(day FROM now() - aid_grant.changed_at)::int")

_COUNTS = text("""
SELECT package_code, state, count(*)::int AS grants_count, sum(amount_rupiah)::bigint AS amount_rupiah
FROM aid_grant WHERE programme_id = :programme_id GROUP BY package_code, state ORDER BY package_code, state
""")

_INVITED = """
SELECT appointment.id, appointment.grant_id, appointment.person_id, appointment.state, aid_grant.region_code,
       aid_grant.package_code, bast.id AS bast_id, bast.number AS bast_number
FROM appointment JOIN aid_grant ON aid_grant.id = appointment.grant_id
LEFT JOIN bast ON bast.grant_id = appointment.grant_id AND bast.session_id = appointment.session_id
              AND bast.state = 'valid'
WHERE appointment.session_id = :session_id AND appointment.state <> 'replaced'
"""

_ATTENDANCE_PART = text(
    "WITH listed AS (SELECT invited.*, row_number() OVER (ORDER BY region_code, id) AS number FROM ("  # noqa: S608
    + _INVITED
    + """) AS invited)
SELECT * FROM listed WHERE number > coalesce((SELECT number FROM listed WHERE id = CAST(:after AS uuid)), 0)
ORDER BY number LIMIT :limit
"""
)
_INVITED_PAGE = text(_INVITED + "AND appointment.id > CAST(:after AS uuid) ORDER BY appointment.id LIMIT :limit")


async def page_of(
    tx: Transaction, /, table: Table, after: str | None, limit: int, **equal: object
) -> PageRows[Any, str]:
    """A page of a guarded table, filtered by equal columns; a filter of None is no filter."""
    return await fetch_scoped_page(tx, select(table), table, after, limit, equal=equal)


async def refused_assistance_page(tx: Transaction, after: UUID | None, limit: int) -> PageRows[Any, UUID]:
    """A page of what was heard of other agencies' aid and not believed: of all of them."""
    return await fetch_page(tx, select(refused_assistance), refused_assistance.c.id, after, limit)


async def grants_page(
    tx: Transaction, /, after: str | None, limit: int, *, region_code: str | None = None, **equal: object
) -> PageRows[Any, str]:
    """A page of grants with what each waits for and since how many days; filters as in `page_of`, and a region."""
    expected = (h.appointment.c.grant_id == t.aid_grant.c.id) & (h.appointment.c.state == "expected")
    statement = select(
        t.aid_grant,
        h.appointment.c.session_id.label("expected_session_id"),
        h.bast.c.number.label("bast_number"),
        _WAITING_FOR.label("waiting_for"),
        _WAITING_DAYS.label("waiting_days"),
    ).select_from(
        t.aid_grant.outerjoin(h.appointment, expected).outerjoin(h.bast, h.bast.c.id == t.aid_grant.c.bast_id)
    )
    return await fetch_scoped_page(tx, statement, t.aid_grant, after, limit, equal=equal, region=region_code)


async def grant_counts(tx: Transaction, programme_id: UUID) -> Sequence[Any]:
    """Grants and rupiah of a programme by package and state."""
    return await tx.fetch_all(_COUNTS, {"programme_id": programme_id})


async def grant_log(tx: Transaction, grant_id: UUID) -> Sequence[Any]:
    """Everything that happened to a grant, oldest first."""
    columns = t.decision_log.c
    return await tx.fetch_all(select(t.decision_log).where(columns.grant_id == grant_id).order_by(columns.id))


async def stock_of(tx: Transaction, programme_id: UUID) -> Sequence[Any]:
    """Bought, in stock, handed over and written off, by package."""
    columns = t.stock.c
    return await tx.fetch_all(
        select(t.stock).where(columns.programme_id == programme_id).order_by(columns.package_code)
    )


async def reserve_page(tx: Transaction, programme_id: UUID, after: int, limit: int) -> PageRows[Any, int]:
    """A page of the reserve list in its order; `after` is a position."""
    columns = t.reserve_candidate.c
    listed = select(t.reserve_candidate).where(columns.programme_id == programme_id, columns.position > after)
    rows = await tx.fetch_all(listed.order_by(columns.position).limit(limit + 1))
    return cut_page(rows, limit, lambda row: int(row.position))


async def attendance_part(tx: Transaction, session_id: UUID, after: UUID | None, limit: int) -> PageRows[Any, UUID]:
    """A part of who is invited to a session, by village, numbered through all parts, with each one's outcome.

    If who stands at `after` is invited elsewhere by now, it is the first part: nobody is missed. Each part is of its
    own moment: who is invited between two parts to a village of the first one is on neither, and the numbers move on.
    """
    parameters = {"session_id": session_id, "after": after, "limit": limit + 1}
    return cut_page(await tx.fetch_all(_ATTENDANCE_PART, parameters), limit, lambda row: row.id)


async def invited_page(tx: Transaction, session_id: UUID, after: UUID | None, limit: int) -> PageRows[Any, UUID]:
    """A page of the invited in the order of their invitations, with each one's outcome."""
    parameters = {"session_id": session_id, "after": after or BEFORE_ALL, "limit": limit + 1}
    return cut_page(await tx.fetch_all(_INVITED_PAGE, parameters), limit, lambda row: row.id)


async def list_lines(tx: Transaction, list_id: UUID) -> Sequence[Any]:
    """Outcomes of a handover by list; the list itself is guarded, its lines are not."""
    columns = h.handover_list_line.c
    return await tx.fetch_all(
        select(h.handover_list_line)
        .join(h.handover_list, h.handover_list.c.id == columns.list_id)
        .where(columns.list_id == list_id)
        .order_by(columns.grant_id)
    )


async def bast_values(tx: Transaction, bast_id: UUID) -> dict[str, Any]:
    """Everything a BAST says except the recipient's name; officials' names are opened. Raises BastNotFound."""
    row = await tx.fetch_one(select(h.bast).where(h.bast.c.id == bast_id))
    if row is None:
        raise BastNotFound(bast_id=bast_id)
    items = await tx.fetch_all(
        select(h.bast_item).where(h.bast_item.c.bast_id == bast_id).order_by(h.bast_item.c.item_code)
    )
    corrections = await tx.fetch_all(
        text("""
        SELECT recorded_at, reason, maker, checker FROM bast_correction
        WHERE bast_id = :id AND state = 'approved' ORDER BY id"""),
        {"id": bast_id},
    )
    values = dict(row._mapping)
    return {
        **{name: value for name, value in values.items() if not name.endswith("_sealed")},
        "first_party_name": tx.vault.open(row.first_party_sealed),
        "witness_name": tx.vault.open(row.witness_sealed),
        "items": [dict(item._mapping) for item in items],
        "corrections": [dict(each._mapping) for each in corrections],
    }
