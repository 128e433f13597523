"""A service that hears the sample's credits and adds them up: it ends like the sample if each came, in its order."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import text

from chassis.consumer import Consumers
from chassis.events import Delivered
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.transaction import Transaction
from tests.chassis.sample.contract import CreditedV1, catalogue_with
from tests.support.service import ServiceUnderTest

# `version` ends as the number of credits only if each came in its order.
_ADD_UP = text(
    "INSERT INTO account (id, balance_rupiah, agency, region_code, version) VALUES (:id, :amount, 'a', '33', :sequence)"
    " ON CONFLICT (id) DO UPDATE SET balance_rupiah = account.balance_rupiah + :amount,"
    " version = CASE WHEN :sequence = account.version + 1 THEN :sequence ELSE -1000000 END"
)


def listener(name: str, settings: ServiceSettings, prefix: str = "") -> Service:
    """The service under this name, on a database with the sample's tables."""
    consumers = Consumers()

    @consumers.on(CreditedV1)
    async def credited(tx: Transaction, events: Sequence[Delivered[CreditedV1]]) -> None:
        for event in events:
            row = {"id": event.data.account_id, "amount": event.data.amount_rupiah, "sequence": event.sequence}
            await tx.execute(_ADD_UP, row)

    heard = replace(catalogue_with(prefix)[CreditedV1.event_type], consumers=(name,))
    return Service(
        name=name, package="tests.chassis.sample", settings=settings,
        catalogue={heard.type: heard}, consumers=consumers,
    )  # fmt: skip


async def heard_all(sample: ServiceUnderTest, added_up: ServiceUnderTest) -> bool:
    """Whether the listener's accounts are those of the sample."""
    state = "SELECT id, balance_rupiah, version FROM account ORDER BY id"
    there, here = await sample.fetch_all(state), await added_up.fetch_all(state)
    return [tuple(row) for row in there] == [tuple(row) for row in here]
