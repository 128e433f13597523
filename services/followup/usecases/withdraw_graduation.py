"""An officer takes a graduation back, before or after the assistance ended."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.errors import StaleVersion
from chassis.transaction import Transaction
from services.followup.domain.graduation import WithdrawalReason
from services.followup.outgoing import publish_facts, when_of
from services.followup.store.graduations import lock_graduation, save_graduation
from services.followup.store.plans import save_plan


class Withdrawal(DatedCommand):
    """Why, and the version the officer saw."""

    reason: WithdrawalReason
    version: Annotated[int, Field(strict=True, ge=1)]


class WithdrawGraduation(Withdrawal):
    """The graduation to take back."""

    graduation_id: UUID


async def withdraw_graduation(tx: Transaction, command: WithdrawGraduation) -> UUID:
    """Withdraw; assistance already ended is then restored by its owner. Returns the graduation's id.

    Raises GraduationNotFound, GraduationClosed, StaleVersion.
    """
    plan, graduation = await lock_graduation(tx, command.graduation_id)
    if graduation.version != command.version:
        raise StaleVersion(graduation_id=graduation.id, version=graduation.version)
    withdrawn = graduation.withdraw(plan, command.reason, when_of(command))
    await save_graduation(tx, graduation, withdrawn_by=tx.officer.identity, withdrawn_on=command.occurred_on)
    await save_plan(tx, plan)
    publish_facts(tx, plan, withdrawn)
    return graduation.id
