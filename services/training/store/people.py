"""What is known of people and programmes, and on which days people are booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.rows import one_of
from chassis.transaction import Transaction
from services.training.domain.admission import PersonStatus
from services.training.store.tables import booked_day, person, programme


@dataclass(frozen=True, slots=True)
class Booking:
    """A day on which a person sits in a class, and the programme of that class."""

    person_id: UUID
    programme_id: UUID
    held_on: date


@dataclass(frozen=True, slots=True)
class KnownProgramme:
    """Whose a programme is, and the courses that lead to its packages."""

    agency: str
    region_code: str
    course_codes: frozenset[str]


async def put_people(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the newest state of each person; an older fact changes nothing. One row per person."""
    statement = insert(person).values(sorted(rows, key=lambda row: str(row["person_id"])))
    changed = {name: statement.excluded[name] for name in ("family_id", "region_code", "status", "sequence")}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[person.c.person_id], set_=changed, where=person.c.sequence < statement.excluded.sequence
        )
    )


async def lock_people(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, PersonStatus]:
    """Statuses of those that are known, locked in one order: whatever is decided for a person, one at a time."""
    rows = await tx.fetch_all(
        select(person.c.person_id, person.c.status)
        .where(one_of(person.c.person_id, list(person_ids)))
        .order_by(person.c.person_id)
        .with_for_update(key_share=True)
    )
    return {row.person_id: PersonStatus(row.status) for row in rows}


async def bookings_of(tx: Transaction, person_ids: Sequence[UUID], besides: UUID | None = None) -> list[Booking]:
    """Days and programmes these people are booked for, over all agencies, `besides` one enrolment."""
    statement = select(booked_day.c.person_id, booked_day.c.programme_id, booked_day.c.held_on).where(
        one_of(booked_day.c.person_id, list(person_ids)), booked_day.c.is_active
    )
    if besides is not None:
        statement = statement.where(booked_day.c.enrolment_id != besides)
    return [Booking(row.person_id, row.programme_id, row.held_on) for row in await tx.fetch_all(statement)]


async def put_programme(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Keep the newest state of a programme."""
    statement = insert(programme).values(dict(row))
    changed = {name: statement.excluded[name] for name in row if name != "programme_id"}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[programme.c.programme_id],
            set_=changed,
            where=programme.c.sequence < statement.excluded.sequence,
        )
    )


async def load_programme(tx: Transaction, programme_id: UUID) -> KnownProgramme | None:
    """The programme, or None if it is not known."""
    row = await tx.fetch_one(select(programme).where(programme.c.programme_id == programme_id))
    return None if row is None else KnownProgramme(row.agency, row.region_code, frozenset(row.course_codes))
