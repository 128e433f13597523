"""The chain's events and catalogue."""

from collections.abc import Mapping

from chassis.settings import ServiceSettings
from contracts.catalogue import Entry, Topic
from contracts.envelope import Fact
from contracts.fields import Code, Id, PersonId, Rupiah


class AllocatedV1(Fact):
    """A person was given a sum."""

    event_type = "allocation.allocated.v1"
    grant_id: Id
    person_id: PersonId
    programme_id: Id
    package_code: Code
    amount_rupiah: Rupiah


class PaidV1(Fact):
    """The sum was paid."""

    event_type = "payment.paid.v1"
    payment_id: Id
    grant_id: Id
    person_id: PersonId
    programme_id: Id
    package_code: Code
    amount_rupiah: Rupiah


def catalogue_with(prefix: str) -> Mapping[str, Entry]:
    """The two events of the chain, with topics of one round of the benchmark."""
    allocations, payments = Topic(f"{prefix}allocation.grants"), Topic(f"{prefix}payment.payments")
    entries = (
        Entry(AllocatedV1, allocations, "person_id", "grant_id", ("payment",)),
        Entry(PaidV1, payments, "person_id", "payment_id", ("ledger",)),
    )
    return {entry.type: entry for entry in entries}


class ChainSettings(ServiceSettings):
    """A service's settings, and which round's topics it uses."""

    topic_prefix: str = ""
