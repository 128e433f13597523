"""The second officer lets a checked list in; a job applies it."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.registry.domain.act import Act
from services.registry.store import imports


class ApproveImport(DatedCommand):
    """Approval of the version that was seen."""

    version: int


async def approve_import(tx: Transaction, import_id: UUID, command: ApproveImport) -> UUID:
    """Approve and queue the application; raises what `ListImport.approve` raises."""
    aggregate = await imports.load_import(tx, import_id, for_update=True)
    act = Act(command.occurred_on, command.late_entry_reason, aggregate.agency)
    aggregate.approve(tx.officer.identity, command.version, act, tx.today)
    await imports.save_import(tx, aggregate)
    job_id = await tx.start_job("apply_list", {"import_id": str(import_id)}, total=aggregate.accepted_count)
    await imports.note_job(tx, import_id, job_id)
    return import_id
