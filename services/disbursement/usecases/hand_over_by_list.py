"""Packages are handed over to a list of recipients of one session, each with an outcome of its own."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.disbursement.store.handovers import insert_list, listing, load_session
from services.disbursement.usecases.hand_over_packages import Receipt, Signing, hand_over_packages
from services.disbursement.usecases.record_changes import occasion_of


class HandOverByList(DatedCommand):
    """Hand packages over to many recipients with the same signatories."""

    session_id: UUID
    receipts: Annotated[tuple[Receipt, ...], Field(min_length=1, max_length=500)]
    signing: Signing


async def hand_over_by_list(tx: Transaction, command: HandOverByList) -> UUID:
    """Serve whom it can; returns the list's id, whose lines tell each BAST or refusal.

    Raises SessionNotFound, SessionClosed for the whole.
    """
    session = await load_session(tx, command.session_id, for_share=True)
    session.require_planned()
    list_id, occasion = tx.new_id(), occasion_of(tx, command)
    await insert_list(tx, list_id, session)
    outcomes = await hand_over_packages(tx, session, command.receipts, command.signing, occasion)
    lines = [
        {"list_id": list_id, "grant_id": grant_id, "bast_id": None, "refusal": outcome.code}
        if isinstance(outcome, Refusal)
        else {"list_id": list_id, "grant_id": grant_id, "bast_id": outcome, "refusal": None}
        for grant_id, outcome in sorted(outcomes.items())
    ]
    tx.later(listing(lines))
    return list_id
