"""Composition, and the one handler: pay."""

from collections.abc import Sequence

from benchmarks.chain.contract import AllocatedV1, ChainSettings, PaidV1, catalogue_with
from chassis.consumer import Consumers, Delivered
from chassis.ids import new_id
from chassis.rows import written_meanwhile
from chassis.service import Service, run
from chassis.transaction import Transaction
from chassis.writes import Write

_PAY = """
    INSERT INTO payment (id, grant_id, person_id, amount_rupiah, state)
    SELECT id, grant_id, person_id, amount_rupiah, 'paid'
    FROM unnest(CAST(:@ids AS uuid[]), CAST(:@grants AS uuid[]), CAST(:@people AS uuid[]), CAST(:@amounts AS bigint[]))
         AS paid (id, grant_id, person_id, amount_rupiah)
"""

consumers = Consumers()


@consumers.on(AllocatedV1)
async def allocated(tx: Transaction, events: Sequence[Delivered[AllocatedV1]]) -> None:
    """Pay each, and tell."""
    payments = [new_id() for _ in events]
    values = {
        "ids": payments,
        "grants": [event.data.grant_id for event in events],
        "people": [event.data.person_id for event in events],
        "amounts": [event.data.amount_rupiah for event in events],
    }
    async with written_meanwhile(tx, Write(_PAY, values)):
        for payment_id, event in zip(payments, events, strict=True):
            data = event.data
            tx.publish(
                PaidV1(
                    occurred_on=data.occurred_on,
                    agency=data.agency,
                    payment_id=payment_id,
                    grant_id=data.grant_id,
                    person_id=data.person_id,
                    programme_id=data.programme_id,
                    package_code=data.package_code,
                    amount_rupiah=data.amount_rupiah,
                ),
                sequence=1,
                cause=event,
            )


def create_service(settings: ChainSettings) -> Service:
    """The service."""
    return Service(
        name="payment",
        package="benchmarks.chain.payment",
        settings=settings,
        catalogue=catalogue_with(settings.topic_prefix),
        consumers=consumers,
    )


if __name__ == "__main__":
    run(create_service(ChainSettings()))
