"""Note the agency and code of programmes, by which their cases are found."""

from collections.abc import Sequence

from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.disbursement import ProgrammeOpenedV1
from services.console import store
from services.console.usecases.record_events import record_events


async def note_programmes(tx: Transaction, events: Sequence[Delivered[ProgrammeOpenedV1]]) -> None:
    """Keep the events, and code and agency of each programme for the case files."""
    await record_events(tx, events)
    newest = {event.data.programme_id: event.data for event in events}
    rows = [
        {"programme_id": programme_id, "code": data.programme_code, "agency": data.agency}
        for programme_id, data in sorted(newest.items())
    ]
    await store.upsert_programmes(tx, rows)
    await store.complete_cases(tx, people=[], programmes=list(newest))
