"""The chain as Celery tasks, each a transaction that starts the next.

A task is acknowledged after its work, so that a killed worker's task comes again: every insert ignores what is there.
"""

from celery import Celery

from benchmarks.peers.celery.models import Entitlement, Payment, Posting
from benchmarks.peers.protocol import AMOUNT_RUPIAH, given

app = Celery("peers", broker=given().get("broker_url"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    worker_redirect_stdouts=False,
)


@app.task
def start(programme_id: str, person_id: str, grant_id: str, payment_id: str) -> None:
    """A person's chain begins."""
    allocate.delay(programme_id, person_id, grant_id, payment_id)


@app.task
def allocate(programme_id: str, person_id: str, grant_id: str, payment_id: str) -> None:
    """Write the entitlement."""
    given_to = Entitlement(
        id=grant_id, programme_id=programme_id, person_id=person_id, amount_rupiah=AMOUNT_RUPIAH, state="allocated"
    )
    Entitlement.objects.bulk_create([given_to], ignore_conflicts=True)
    pay.delay(person_id, grant_id, payment_id)


@app.task
def pay(person_id: str, grant_id: str, payment_id: str) -> None:
    """Write the payment."""
    paid = Payment(id=payment_id, grant_id=grant_id, person_id=person_id, amount_rupiah=AMOUNT_RUPIAH, state="paid")
    Payment.objects.bulk_create([paid], ignore_conflicts=True)
    post.delay(payment_id)


@app.task
def post(payment_id: str) -> None:
    """Write the two postings."""
    sides = (("fund", -AMOUNT_RUPIAH), ("paid", AMOUNT_RUPIAH))
    postings = [Posting(transaction_id=payment_id, account=name, amount_rupiah=amount) for name, amount in sides]
    Posting.objects.bulk_create(postings, ignore_conflicts=True)
