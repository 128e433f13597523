"""Note where people live, so that an officer sees the cases of the own region only."""

from collections.abc import Sequence

from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.registry import PersonCorrectedV1, PersonRegisteredV1
from services.console import store
from services.console.usecases.record_events import record_events


async def place_people(tx: Transaction, events: Sequence[Delivered[PersonRegisteredV1 | PersonCorrectedV1]]) -> None:
    """Keep the events, and the newest region of each person for the case files."""
    await record_events(tx, events)
    newest = {event.data.person_id: event for event in sorted(events, key=lambda event: event.sequence)}
    rows = [
        {"person_id": person_id, "region_code": event.data.region_code, "sequence": event.sequence}
        for person_id, event in sorted(newest.items())
    ]
    await store.upsert_regions(tx, rows)
    await store.complete_cases(tx, people=list(newest), programmes=[])
