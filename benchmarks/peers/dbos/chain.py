"""DBOS: a workflow of three steps for so many people at once, one or many.

Ids come with the workflow's input and every insert ignores what is there, so that a step which is repeated after a
crash has no second effect: DBOS runs a step at least once.
"""

from dbos import DBOS
from psycopg_pool import ConnectionPool

from benchmarks.peers.protocol import AMOUNT_RUPIAH, asked, given, new_id, tell

settings = given()
pool = ConnectionPool(
    settings["database_url"], min_size=settings["threads"], max_size=settings["threads"], kwargs={"autocommit": True}
)


@DBOS.step()
def allocate(programme_id: str, people: list[str], grants: list[str]) -> None:
    """An entitlement of each."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO entitlement (id, programme_id, person_id, amount_rupiah, state)"
            " SELECT id, %s::uuid, person_id, %s, 'allocated' FROM unnest(%s::uuid[], %s::uuid[]) AS g (id, person_id)"
            " ON CONFLICT DO NOTHING",
            (programme_id, AMOUNT_RUPIAH, grants, people),
        )


@DBOS.step()
def pay(people: list[str], grants: list[str], payments: list[str]) -> None:
    """A payment of each."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO payment (id, grant_id, person_id, amount_rupiah, state)"
            " SELECT *, %s, 'paid' FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING",
            (AMOUNT_RUPIAH, payments, grants, people),
        )


@DBOS.step()
def post(payments: list[str]) -> None:
    """Two postings of each payment."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO posting (transaction_id, account, amount_rupiah)"
            " SELECT id, account, amount FROM unnest(%s::uuid[]) AS paid (id)"
            " CROSS JOIN (VALUES ('fund', %s), ('paid', %s)) AS side (account, amount) ON CONFLICT DO NOTHING",
            (payments, -AMOUNT_RUPIAH, AMOUNT_RUPIAH),
        )


@DBOS.workflow()
def help_people(programme_id: str, people: list[str], grants: list[str], payments: list[str]) -> None:
    """The chain."""
    allocate(programme_id, people, grants)
    pay(people, grants, payments)
    post(payments)


def help_all(people_count: int) -> None:
    """Start every workflow, and wait until the last has ended."""
    programme_id, size = new_id(), settings["people_per_workflow"]
    handles = []
    for start in range(0, people_count, size):
        chunk = range(min(size, people_count - start))
        people, grants, payments = ([new_id() for _ in chunk] for _ in range(3))
        handles.append(DBOS.start_workflow(help_people, programme_id, people, grants, payments))
    for handle in handles:
        handle.get_result()


def main() -> None:
    """Be an executor until standard input closes."""
    DBOS(
        config={
            "name": "peer-of-the-benchmark",
            "application_version": "1",
            "system_database_url": settings["database_url"],
            "sys_db_pool_size": settings["threads"],
            "max_executor_threads": settings["threads"],
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    pool.wait()
    tell("ready")
    for people_count in asked():
        help_all(people_count)
        tell("done")
    DBOS.destroy()
    pool.close()


if __name__ == "__main__":
    main()
