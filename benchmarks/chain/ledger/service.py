"""Composition, and the one handler: post."""

from collections.abc import Sequence

from benchmarks.chain.contract import ChainSettings, PaidV1, catalogue_with
from chassis.consumer import Consumers, Delivered
from chassis.service import Service, run
from chassis.transaction import Transaction
from chassis.writes import Write

_POST = """
    INSERT INTO posting (transaction_id, account, amount_rupiah)
    SELECT paid.payment_id, side.account, side.sign * paid.amount_rupiah
    FROM unnest(CAST(:@payments AS uuid[]), CAST(:@amounts AS bigint[])) AS paid (payment_id, amount_rupiah)
         CROSS JOIN (VALUES ('fund', -1), ('paid', 1)) AS side (account, sign)
"""

consumers = Consumers()


@consumers.on(PaidV1)
async def paid(tx: Transaction, events: Sequence[Delivered[PaidV1]]) -> None:
    """Post each payment: out of the fund, into what is paid."""
    values = {
        "payments": [event.data.payment_id for event in events],
        "amounts": [event.data.amount_rupiah for event in events],
    }
    tx.later(Write(_POST, values))


def create_service(settings: ChainSettings) -> Service:
    """The service."""
    return Service(
        name="ledger",
        package="benchmarks.chain.ledger",
        settings=settings,
        catalogue=catalogue_with(settings.topic_prefix),
        consumers=consumers,
    )


if __name__ == "__main__":
    run(create_service(ChainSettings()))
