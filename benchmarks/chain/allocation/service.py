"""Composition, and the one job: allocate so many sums."""

from datetime import date
from uuid import UUID

from benchmarks.chain.contract import AllocatedV1, ChainSettings, catalogue_with
from chassis.ids import new_id
from chassis.jobs import Job, Jobs, JobStep
from chassis.rows import written_meanwhile
from chassis.service import Service, run
from chassis.transaction import Transaction
from chassis.writes import Write

CHUNK_PEOPLE = 500
AMOUNT_RUPIAH = 5_000_000
ON = date(2023, 11, 22)

_ALLOCATE = """
    INSERT INTO entitlement (id, programme_id, person_id, amount_rupiah, state)
    SELECT id, :@programme_id, person_id, :@amount_rupiah, 'allocated'
    FROM unnest(CAST(:@ids AS uuid[]), CAST(:@people AS uuid[])) AS given (id, person_id)
"""

jobs = Jobs()


@jobs.on("allocate")
async def allocate(tx: Transaction, job: Job) -> JobStep:
    """One chunk: entitlements, and an event of each."""
    count, done = int(job.parameters["people_count"]), int(job.cursor or 0)
    programme_id = UUID(job.parameters["programme_id"])
    people = [new_id() for _ in range(min(CHUNK_PEOPLE, count - done))]
    grants = [new_id() for _ in people]
    values = {"ids": grants, "people": people, "programme_id": programme_id, "amount_rupiah": AMOUNT_RUPIAH}
    async with written_meanwhile(tx, Write(_ALLOCATE, values)):
        for grant_id, person_id in zip(grants, people, strict=True):
            tx.publish(
                AllocatedV1(
                    occurred_on=ON,
                    agency="dinsos",
                    grant_id=grant_id,
                    person_id=person_id,
                    programme_id=programme_id,
                    package_code="paket-kambing",
                    amount_rupiah=AMOUNT_RUPIAH,
                ),
                sequence=1,
                case=person_id,
            )
    done += len(people)
    return JobStep(done=len(people), cursor=done, finished=done >= count, total=count)


def create_service(settings: ChainSettings) -> Service:
    """The service."""
    return Service(
        name="allocation",
        package="benchmarks.chain.allocation",
        settings=settings,
        catalogue=catalogue_with(settings.topic_prefix),
        jobs=jobs,
    )


if __name__ == "__main__":
    run(create_service(ChainSettings()))
