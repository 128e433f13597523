"""A recipient receives the package against a BAST."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.disbursement.store.handovers import load_session
from services.disbursement.usecases.hand_over_packages import Receipt, Signing, hand_over_packages
from services.disbursement.usecases.record_changes import occasion_of


class HandOverAid(DatedCommand):
    """Hand a package over in a session."""

    session_id: UUID
    receipt: Receipt
    signing: Signing


async def hand_over_aid(tx: Transaction, command: HandOverAid) -> UUID:
    """Write the BAST; returns its id. A voided BAST of the grant is replaced by this one.

    Raises SessionNotFound, SessionClosed, GrantNotFound, SessionOfOtherProgramme, AlreadyHandedOver, GrantNotInState,
    HandoverBeforeDecree, ItemsDiffer, RecipientNotActive, OutOfStock.
    """
    session = await load_session(tx, command.session_id, for_share=True)
    session.require_planned()
    outcomes = await hand_over_packages(tx, session, [command.receipt], command.signing, occasion_of(tx, command))
    outcome = outcomes[command.receipt.grant_id]
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome
