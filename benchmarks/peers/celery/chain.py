"""A process of Celery and Django: the worker, the one that starts every person's chain, or Django alone in bulk."""

import os
import signal
import time

from celery.signals import worker_process_init, worker_ready
from django.db import connection, transaction

from benchmarks.peers.celery.models import Entitlement, Payment, Posting
from benchmarks.peers.celery.tasks import app, start
from benchmarks.peers.protocol import AMOUNT_RUPIAH, asked, given, new_id, tell, when_input_closes

BULK_PEOPLE = 1_000
WARM_SECONDS = 10


def work() -> None:
    """Run tasks in as many processes as there are cores, until standard input closes."""
    worker_process_init.connect(lambda **_: connection.ensure_connection(), weak=False)
    worker_ready.connect(lambda **_: tell("ready"), weak=False)
    when_input_closes(_end)
    app.worker_main(
        ["worker", "--loglevel=ERROR", "--pool=prefork", f"--concurrency={os.cpu_count()}", "--without-gossip",
         "--without-mingle", "--without-heartbeat"]
    )  # fmt: skip


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    # The tasks in hand are ended first; but when the broker is gone too, the worker would wait for it for ever.
    time.sleep(WARM_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def begin() -> None:
    """Send the first task of every person asked for."""
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=5)
    tell("ready")
    for people_count in asked():
        programme_id = new_id()
        for _ in range(people_count):
            start.delay(programme_id, new_id(), new_id(), new_id())
        tell("done")


def write_in_bulk() -> None:
    """All three tables, a thousand people in a transaction, by Django alone."""
    connection.ensure_connection()
    tell("ready")
    for people_count in asked():
        programme_id = new_id()
        for first in range(0, people_count, BULK_PEOPLE):
            _write(programme_id, min(BULK_PEOPLE, people_count - first))
        tell("done")


@transaction.atomic
def _write(programme_id: str, people_count: int) -> None:
    sum_of, sides = {"amount_rupiah": AMOUNT_RUPIAH}, (("fund", -AMOUNT_RUPIAH), ("paid", AMOUNT_RUPIAH))
    grants = [
        Entitlement(id=new_id(), programme_id=programme_id, person_id=new_id(), state="allocated", **sum_of)
        for _ in range(people_count)
    ]
    payments = [
        Payment(id=new_id(), grant_id=grant.id, person_id=grant.person_id, state="paid", **sum_of) for grant in grants
    ]
    postings = [
        Posting(transaction_id=payment.id, account=name, amount_rupiah=amount)
        for payment in payments
        for name, amount in sides
    ]
    Entitlement.objects.bulk_create(grants)
    Payment.objects.bulk_create(payments)
    Posting.objects.bulk_create(postings)


if __name__ == "__main__":
    {"worker": work, "starter": begin, "bulk": write_in_bulk}[given()["role"]]()
