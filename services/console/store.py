"""Tables and queries of the read model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from chassis.paging import PageRows, fetch_scoped_page
from chassis.rows import insert_rows
from chassis.transaction import Transaction
from services.console.domain.recording import CaseEvent

metadata = sa.MetaData()

case_event = sa.Table(
    "case_event",
    metadata,
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("case_id", sa.Uuid),
    sa.Column("person_id", sa.Uuid),
    sa.Column("programme_id", sa.Uuid),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("occurred_on", sa.Date, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("trace_id", sa.Text),
    sa.Column("facts", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("source", "event_id", name="case_event_pkey"),
    sa.Index("case_event_case", "case_id", "occurred_on", "recorded_at"),
    sa.Index("case_event_person", "person_id", postgresql_where=sa.text("case_id IS NULL")),
)

programme = sa.Table(
    "programme",
    metadata,
    sa.Column("programme_id", sa.Uuid, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("programme_id", name="programme_pkey"),
)

person_region = sa.Table(
    "person_region",
    metadata,
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("region_code", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("person_id", name="person_region_pkey"),
)

case_file = sa.Table(
    "case_file",
    metadata,
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("programme_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("region_code", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("case_id", name="case_file_pkey"),
    sa.Index("case_file_person", "person_id"),
    sa.Index("case_file_programme", "programme_id"),
    sa.Index("case_file_scope", "agency", "region_code", "case_id"),
)

_EVENT = tuple(each.name for each in fields(CaseEvent))
_WAITING = ""
"""Agency or region that is not known yet: inside nobody's scope, so nobody sees the case before."""

_OPEN = sa.text(
    """
    INSERT INTO case_file (case_id, programme_id, person_id, agency, region_code)
    SELECT case_id, programme_id, person_id, :waiting, :waiting
    FROM unnest(CAST(:cases AS uuid[]), CAST(:programmes AS uuid[]), CAST(:people AS uuid[]))
         AS named (case_id, programme_id, person_id)
    ORDER BY case_id
    ON CONFLICT DO NOTHING RETURNING programme_id, person_id
    """
)
_AWAIT_PEOPLE = sa.text(
    """
    INSERT INTO person_region (person_id, region_code, sequence)
    SELECT person_id, :waiting, -1 FROM unnest(CAST(:people AS uuid[])) AS named (person_id) ORDER BY person_id
    ON CONFLICT (person_id) DO UPDATE SET sequence = person_region.sequence
    """
)
_AWAIT_PROGRAMMES = sa.text(
    """
    INSERT INTO programme (programme_id, code, agency)
    SELECT programme_id, :waiting, :waiting FROM unnest(CAST(:programmes AS uuid[])) AS named (programme_id)
    ORDER BY programme_id
    ON CONFLICT (programme_id) DO UPDATE SET code = programme.code
    """
)
_COMPLETE = """
    UPDATE case_file SET agency = p.agency, region_code = r.region_code
    FROM programme AS p, person_region AS r
    WHERE case_file.{column} = ANY(CAST(:ids AS uuid[]))
      AND p.programme_id = case_file.programme_id AND r.person_id = case_file.person_id
      AND (case_file.agency, case_file.region_code) IS DISTINCT FROM (p.agency, r.region_code)
"""
_COMPLETE_OF_PEOPLE = sa.text(_COMPLETE.format(column="person_id"))
_COMPLETE_OF_PROGRAMMES = sa.text(_COMPLETE.format(column="programme_id"))
_TIMELINE = sa.text(
    """
    SELECT event_id, type, occurred_on, recorded_at, agency, subject, trace_id, facts
    FROM case_event
    WHERE case_id = :case_id OR (case_id IS NULL AND person_id = :person_id)
    ORDER BY occurred_on, recorded_at, event_id
    """
)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One person in one programme."""

    case_id: UUID
    programme_id: UUID
    programme_code: str
    person_id: UUID
    region_code: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A line of the list of cases, with the newest thing that happened."""

    case: CaseFile
    last_type: str | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One thing that happened, as the page shows it."""

    event_id: UUID
    type: str
    occurred_on: date
    recorded_at: datetime
    agency: str
    subject: str
    trace_id: str | None
    facts: Mapping[str, Any]


async def insert_events(tx: Transaction, events: Sequence[CaseEvent]) -> None:
    """Keep events; one that is kept already stays as it is."""
    rows = [{name: getattr(event, name) for name in _EVENT} for event in events]
    await insert_rows(tx, case_event, rows, on_conflict="ON CONFLICT DO NOTHING")


async def open_cases(tx: Transaction, cases: Mapping[UUID, tuple[UUID, UUID]]) -> None:
    """Open a file for each case by id of programme and person, where there is none.

    Both of the rows a new file takes agency and region from are locked, made where they are missing: whoever brings
    them at this moment either is seen here, or sees the file.
    """
    columns = {
        "cases": list(cases),
        "programmes": [programme_id for programme_id, _ in cases.values()],
        "people": [person_id for _, person_id in cases.values()],
    }
    opened = await tx.fetch_all(_OPEN, columns | {"waiting": _WAITING})
    if opened:
        programmes, people = ({row[place] for row in opened} for place in (0, 1))
        await tx.execute(_AWAIT_PROGRAMMES, {"programmes": list(programmes), "waiting": _WAITING})
        await tx.execute(_AWAIT_PEOPLE, {"people": list(people), "waiting": _WAITING})
        await complete_cases(tx, people=list(people), programmes=[])


async def upsert_programmes(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep code and agency of programmes."""
    statement = insert(programme)
    newer = {"code": statement.excluded.code, "agency": statement.excluded.agency}
    await tx.execute(statement.on_conflict_do_update(index_elements=["programme_id"], set_=newer), rows)


async def upsert_regions(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep where people live, by the registry's newest word."""
    statement = insert(person_region)
    newer = {"region_code": statement.excluded.region_code, "sequence": statement.excluded.sequence}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id"],
            set_=newer,
            where=person_region.c.sequence < statement.excluded.sequence,
        ),
        rows,
    )


async def complete_cases(tx: Transaction, *, people: Sequence[UUID], programmes: Sequence[UUID]) -> None:
    """Give the files of these people and programmes their agency and region, as far as they are known now."""
    # Not both in one statement: no index serves a condition on either.
    for statement, ids in ((_COMPLETE_OF_PEOPLE, people), (_COMPLETE_OF_PROGRAMMES, programmes)):
        if ids:
            await tx.execute(statement, {"ids": list(ids)})


async def find_case(tx: Transaction, case_id: UUID) -> CaseFile | None:
    """The case file within the officer's scope."""
    statement = (
        sa.select(
            case_file.c.case_id,
            case_file.c.programme_id,
            programme.c.code,
            case_file.c.person_id,
            case_file.c.region_code,
        )
        .join(programme, programme.c.programme_id == case_file.c.programme_id)
        .where(case_file.c.case_id == case_id)
    )
    row = await tx.fetch_one(statement)
    return CaseFile(*row) if row else None


async def list_cases(tx: Transaction, *, region: str, after: str | None, limit: int) -> PageRows[CaseLine, str]:
    """Case files within the officer's scope and a region, by agency, village and id, behind `after`."""
    last = (
        sa.select(case_event.c.type.label("last_type"), case_event.c.occurred_on.label("last_on"))
        .where(case_event.c.case_id == case_file.c.case_id)
        .order_by(case_event.c.occurred_on.desc(), case_event.c.recorded_at.desc())
        .limit(1)
        .lateral("last")
    )
    query = sa.select(case_file, programme.c.code, last).select_from(
        case_file.join(programme, programme.c.programme_id == case_file.c.programme_id).outerjoin(last, sa.true())
    )
    found = await fetch_scoped_page(tx, query, case_file, after, limit, region=region, then=("case_id",))
    lines = [
        CaseLine(
            CaseFile(row.case_id, row.programme_id, row.code, row.person_id, row.region_code),
            row.last_type,
            row.last_on,
        )
        for row in found.rows
    ]
    return PageRows(lines, found.next)


async def load_timeline(tx: Transaction, case: CaseFile) -> list[TimelineEvent]:
    """All that is known of a case, oldest act first, with what concerns the person in every programme."""
    rows = await tx.fetch_all(_TIMELINE, {"case_id": case.case_id, "person_id": case.person_id})
    return [TimelineEvent(*row) for row in rows]
