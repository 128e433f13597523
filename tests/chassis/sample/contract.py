"""The sample's events and catalogue."""

from contracts.catalogue import Entry, Topic
from contracts.envelope import Fact
from contracts.fields import Id, Rupiah


class CreditedV1(Fact):
    """An account was credited."""

    event_type = "sample.credited.v1"
    account_id: Id
    amount_rupiah: Rupiah


class OrderedV1(Fact):
    """Somebody outside orders a credit."""

    event_type = "outside.ordered.v1"
    account_id: Id
    amount_rupiah: Rupiah


class ClosedV1(Fact):
    """Somebody outside closes an account."""

    event_type = "outside.closed.v1"
    account_id: Id


def catalogue_with(prefix: str = "") -> dict[str, Entry]:
    """The catalogue, with topics under a prefix of the test's own."""
    credited, orders = Topic(f"{prefix}sample.credits", partitions=3), Topic(f"{prefix}outside.orders", partitions=3)
    entries = (
        Entry(CreditedV1, credited, "account_id", "account_id", ("external",)),
        Entry(OrderedV1, orders, "account_id", "account_id", ("sample",)),
        Entry(ClosedV1, orders, "account_id", "account_id", ("sample",)),
    )
    return {entry.type: entry for entry in entries}
