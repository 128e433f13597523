"""A mentor sends several visits at once, as after a day without network; each has its own outcome."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import insert

from chassis.commands import Command
from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.followup.store.tables import visit_list
from services.followup.usecases.record_visit import RecordVisit, record_visit


class RecordVisits(Command):
    """Up to 200 visits."""

    visits: Annotated[tuple[RecordVisit, ...], Field(min_length=1, max_length=200)]


async def record_visits(tx: Transaction, command: RecordVisits) -> UUID:
    """Record what can be recorded; a refused row does not hold up the others. Returns the id of the list."""
    rows = {index: await _record(tx, visit) for index, visit in _in_lock_order(command.visits)}
    list_id = tx.new_id()
    await tx.execute(
        insert(visit_list).values(
            id=list_id,
            agency=tx.officer.agency,
            region_code=tx.officer.region,
            maker=tx.officer.identity,
            recorded_at=tx.now,
            rows=[rows[index] for index in sorted(rows)],
        )
    )
    return list_id


def _in_lock_order(visits: tuple[RecordVisit, ...]) -> list[tuple[int, RecordVisit]]:
    # Two lists that name the same plans in different order must not wait for each other.
    return sorted(enumerate(visits), key=lambda each: (each[1].plan_id, each[1].visit_number))


async def _record(tx: Transaction, visit: RecordVisit) -> dict[str, Any]:
    row: dict[str, Any] = {"plan_id": str(visit.plan_id), "visit_number": visit.visit_number}
    try:
        async with tx.savepoint():
            visit.refuse_impossible_date(tx.today)
            visit_id = await record_visit(tx, visit)
    except Refusal as refusal:
        return row | {"visit_id": None, "refusal": refusal.code}
    return row | {"visit_id": str(visit_id), "refusal": None}
