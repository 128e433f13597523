"""What the registry last said of a person."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import Row, case, func, select, update

from chassis.rows import insert_rows, one_of
from chassis.transaction import Transaction
from services.followup.store.tables import person

ACTIVE = "active"
_NEVER_HEARD = -1


KnownPerson = Row[tuple[UUID, str, int, date, str | None]]


async def lock_people(tx: Transaction, person_ids: Iterable[UUID]) -> dict[UUID, KnownPerson]:
    """Rows by person, made if missing and locked in one order.

    A handover and a death may arrive in either order and at the same moment, from two topics: whoever comes second
    waits here and then sees what the first one did.
    """
    wanted = sorted(set(person_ids))
    fresh = [{"person_id": each, "status": ACTIVE, "status_sequence": _NEVER_HEARD} for each in wanted]
    await insert_rows(tx, person, fresh, on_conflict="ON CONFLICT DO NOTHING")
    query = select(person).where(one_of(person.c.person_id, wanted)).order_by(person.c.person_id).with_for_update()
    return {row.person_id: row for row in await tx.fetch_all(query)}


async def save_status(
    tx: Transaction, person_id: UUID, status: str, sequence: int, status_on: date, region_code: str | None
) -> None:
    """Keep the newest status of a locked person, and the village unless None.

    Its day is the one a plan would have been stopped by, had there been one: a later correction of a dead person does
    not move it, and who moved away and then died is gone since the first of it.
    """
    await tx.execute(
        update(person)
        .where(person.c.person_id == person_id)
        .values(
            status=status,
            status_sequence=sequence,
            status_on=case(
                (person.c.status == ACTIVE, status_on),
                (person.c.status == status, person.c.status_on),
                else_=func.least(person.c.status_on, status_on),
            ),
            region_code=func.coalesce(region_code, person.c.region_code),
        )
    )
