"""Builders of the sample's facts and records."""

from datetime import date
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from chassis.ids import new_id
from contracts.envelope import Fact
from tests.chassis.sample.contract import ClosedV1, OrderedV1
from tests.support.service import raw_record

ON = date(2023, 11, 22)
TOPIC = "outside.orders"


def ordered(account: int, amount_rupiah: int = 5) -> OrderedV1:
    """An order for the account of that number."""
    return OrderedV1(occurred_on=ON, agency="outside", account_id=UUID(int=account), amount_rupiah=amount_rupiah)


def closed(account: int) -> ClosedV1:
    """The closing of the account of that number."""
    return ClosedV1(occurred_on=ON, agency="outside", account_id=UUID(int=account))


def headers_of(fact: Fact, event_id: UUID | None = None) -> dict[str, str]:
    """CloudEvents attributes as an outside publisher sends them."""
    return {
        "ce_specversion": "1.0",
        "ce_id": str(event_id or new_id()),
        "ce_source": "/outside",
        "ce_type": fact.event_type,
        "ce_time": "2023-11-22T03:00:00Z",
        "ce_correlationid": str(UUID(int=9)),
        "ce_sequence": "1",
    }


def record(
    fact: Fact, *, event_id: UUID | None = None, partition: int = 0, **overrides: Any
) -> ConsumerRecord[Any, Any]:
    """The fact as a record; overrides spoil it: `key`, `value`, `topic`, `headers`."""
    headers = [(name, value.encode()) for name, value in headers_of(fact, event_id).items()]
    account_id = str(fact.account_id).encode()  # type: ignore[attr-defined]
    parts: dict[str, Any] = {"topic": TOPIC, "key": account_id, "value": fact.model_dump_json().encode()}
    return raw_record(**(parts | {"headers": headers} | overrides), partition=partition)
