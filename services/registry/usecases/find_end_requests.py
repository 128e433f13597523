"""Show requests to end social assistance."""

from chassis.paging import Page
from chassis.transaction import Transaction
from services.registry.domain.end_request import RequestState
from services.registry.store import assistance
from services.registry.views import EndRequestView


async def find_end_requests(
    tx: Transaction, after: str | None, limit: int, state: RequestState | None
) -> Page[EndRequestView]:
    """A page of requests to the reader's agency, with their age."""
    found = await assistance.find_requests(tx, after, limit, state)
    items = [
        EndRequestView(
            graduation_id=row.graduation_id,
            person_id=row.person_id,
            family_id=row.family_id,
            programme_id=row.programme_id,
            case_id=row.case_id,
            region_code=row.region_code,
            visits_count=row.visits_count,
            answer_due_on=row.answer_due_on,
            waiting_days=(tx.now - row.opened_at).days,
            state=row.state,
            version=row.version,
            proposed_answer=row.answer,
            proposed_ended_on=row.ended_on,
            proposed_refusal_reason=row.refusal_reason,
        )
        for row in found.rows
    ]
    return Page(items=items, next=found.next)
