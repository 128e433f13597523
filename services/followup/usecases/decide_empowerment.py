"""A verifier confirms a candidate as empowered (berdaya), or gives the candidature back."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.transaction import Transaction
from services.followup.domain.empowerment import ReturnReason
from services.followup.outgoing import publish_facts, when_of
from services.followup.store.empowerments import load_empowerment, save_empowerment
from services.followup.store.plans import load_plan, save_plan


class Confirmation(DatedCommand):
    """The version of the candidate that the verifier saw."""

    version: Annotated[int, Field(strict=True, ge=1)]


class ConfirmEmpowerment(Confirmation):
    """The candidate to confirm."""

    empowerment_id: UUID


class GivenBack(Command):
    """Why the verifier does not confirm."""

    version: Annotated[int, Field(strict=True, ge=1)]
    reason: ReturnReason


class ReturnEmpowerment(GivenBack):
    """The candidate to give back."""

    empowerment_id: UUID


async def confirm_empowerment(tx: Transaction, command: ConfirmEmpowerment) -> UUID:
    """Confirm; four eyes against the mentor of the last visit. Returns the candidate's id.

    Raises EmpowermentNotFound, MentoringEnded, NotCandidate, StaleVersion, SamePerson.
    """
    plan_id = (await load_empowerment(tx, command.empowerment_id)).plan_id
    plan = await load_plan(tx, plan_id, for_update=True)
    candidate = await load_empowerment(tx, command.empowerment_id)
    empowered = candidate.confirm(plan, tx.officer.identity, command.version, when_of(command))
    await save_empowerment(tx, candidate, checked_on=command.occurred_on)
    await save_plan(tx, plan)
    publish_facts(tx, plan, empowered)
    return candidate.id


async def return_empowerment(tx: Transaction, command: ReturnEmpowerment) -> UUID:
    """Give back with a reason; the next figures may make a new candidate. Returns the candidate's id.

    Raises EmpowermentNotFound, NotCandidate, StaleVersion, SamePerson.
    """
    plan_id = (await load_empowerment(tx, command.empowerment_id)).plan_id
    await load_plan(tx, plan_id, for_update=True)
    candidate = await load_empowerment(tx, command.empowerment_id)
    candidate.give_back(tx.officer.identity, command.version, command.reason)
    await save_empowerment(tx, candidate, checked_on=tx.today)
    return candidate.id
