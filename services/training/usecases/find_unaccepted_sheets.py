"""Read which sheets of the inbound topic were not taken in, and why."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.paging import Page
from chassis.transaction import Transaction
from services.training.store.unaccepted import page_of_unaccepted


class UnacceptedSheetView(BaseModel):
    """What was sent, by whom as they say (`source`, `sender_agency`, `provider_code`), and the refusal's code."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    source: str
    event_id: UUID
    sender_agency: str
    provider_code: str
    class_id: UUID
    session_id: UUID
    occurred_on: date
    entries_count: int
    refusal: str
    recorded_at: datetime


async def find_unaccepted_sheets(
    tx: Transaction, class_id: UUID | None, after: str | None, limit: int
) -> Page[UnacceptedSheetView]:
    """By agency and place, the newest first.

    Those that name no known class belong to no agency: only readers of all agencies see them.
    """
    found = await page_of_unaccepted(tx, class_id, after, limit)
    return Page(items=[UnacceptedSheetView.model_validate(row) for row in found.rows], next=found.next)
