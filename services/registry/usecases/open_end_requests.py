"""Graduations were proposed: ask the owner of the families' social assistance to end it."""

from collections.abc import Sequence

from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.envelope import case_id
from contracts.followup import GraduationProposedV1
from services.registry.domain.end_request import RequestState
from services.registry.store import assistance


async def open_end_requests(tx: Transaction, events: Sequence[Delivered[GraduationProposedV1]], owner: str) -> None:
    """Open one request per graduation; one heard already, or withdrawn before it was heard, stays as it is."""
    for event in events:
        proposed = event.data
        await assistance.open_request(
            tx,
            {
                "graduation_id": proposed.graduation_id,
                "agency": owner,
                "region_code": proposed.region_code,
                "person_id": proposed.person_id,
                "family_id": proposed.family_id,
                "programme_id": proposed.programme_id,
                "case_id": event.case or case_id(proposed.programme_id, proposed.person_id),
                "visits_count": proposed.visits_count,
                "answer_due_on": proposed.answer_due_on,
                "state": RequestState.OPEN.value,
            },
        )
