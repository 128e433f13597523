"""A handover session is planned: a date and a place where recipients receive their packages."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from contracts.fields import Code, RegionCode
from services.disbursement.domain.facts import Trail
from services.disbursement.domain.handover import HandoverSession
from services.disbursement.store.handovers import insert_session
from services.disbursement.store.ledger import LogLine, log_acts
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.record_changes import about_programme, occasion_of


class PlanHandoverSession(DatedCommand):
    """Plan a session; `occurred_on` is the day of planning, `held_on` of the session. `symbolic`: the ceremony."""

    programme_id: UUID
    held_on: date
    place_code: Code
    place_name: Annotated[str, Field(min_length=1, max_length=120)]
    region_code: RegionCode
    symbolic: bool = False


async def plan_handover_session(tx: Transaction, command: PlanHandoverSession) -> UUID:
    """Plan it; returns the session's id. Raises ProgrammeNotFound, NotAllowed (region)."""
    tx.officer.require_region(command.region_code)
    programme = await load_programme(tx, command.programme_id)
    session = HandoverSession(
        id=tx.new_id(),
        programme_id=programme.id,
        agency=programme.agency,
        region_code=command.region_code,
        place_code=command.place_code,
        place_name=command.place_name,
        held_on=command.held_on,
        symbolic=command.symbolic,
    )
    await insert_session(tx, session)
    trail = Trail("handover_session_planned", session.id)
    await log_acts(tx, [LogLine(about_programme(programme), trail, occasion_of(tx, command))])
    return session.id
