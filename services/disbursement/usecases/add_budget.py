"""A programme's budget is topped up."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from contracts.fields import DocumentNumber
from services.disbursement.domain.facts import Trail
from services.disbursement.domain.ledger import budget_added
from services.disbursement.store import programmes as store
from services.disbursement.store.ledger import LogLine, Posting, log_acts, record
from services.disbursement.usecases.record_changes import about_programme, occasion_of


class AddBudget(DatedCommand):
    """Add rupiah to a programme on the strength of a document (such as a DPA perubahan)."""

    amount_rupiah: Annotated[int, Field(strict=True, gt=0, le=10**15)]
    document_number: DocumentNumber


async def add_budget(tx: Transaction, programme_id: UUID, command: AddBudget) -> UUID:
    """Add it and post it; returns the posting's id. Raises ProgrammeNotFound."""
    programme = await store.load_programme(tx, programme_id, for_update=True)
    await store.add_budget(tx, programme_id, command.amount_rupiah)
    occasion, about = occasion_of(tx, command), about_programme(programme)
    (posting_id,) = await record(tx, [Posting(about, budget_added(command.amount_rupiah), occasion)], [])
    trail = Trail("budget_added", posting_id, command.document_number)
    await log_acts(tx, [LogLine(about, trail, occasion, command.amount_rupiah)])
    return posting_id
