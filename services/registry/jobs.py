"""Long work of the registry: applying an approved list in chunks."""

from uuid import UUID

from chassis.jobs import Job, Jobs, JobStep
from chassis.transaction import Transaction
from services.registry.settings import Settings
from services.registry.usecases.apply_list_chunk import apply_list_chunk


def make_jobs(settings: Settings) -> Jobs:
    """The job handlers under these settings."""
    jobs = Jobs()

    @jobs.on("apply_list", cancellable=False)
    async def apply_list(tx: Transaction, job: Job) -> JobStep:
        """One chunk of an approved list; the cursor is the last row applied."""
        import_id, after_row = UUID(job.parameters["import_id"]), int(job.cursor or 0)
        chunk = await apply_list_chunk(tx, import_id, after_row, job.rows_limit, settings.assistance_owners)
        done = chunk.settled - chunk.refused
        return JobStep(done=done, failed=chunk.refused, cursor=chunk.last_row, finished=chunk.finished)

    return jobs
