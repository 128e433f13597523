"""A training provider (lembaga pelatihan) with a system of its own: hears its classes, sends attendance sheets.

Run: `python -m partners.training_provider --provider lpk-elite-slawi --bootstrap-servers host:port`
"""

import argparse
import asyncio
import contextlib
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import Field

from contracts.envelope import LateEntryReason
from contracts.inbound import Attendance
from partners.cloudevents import heard_in, hearing, producer, tell
from partners.orders import Order, serve, until
from partners.register import WANTED, Register

HEARING_TIMEOUT_SECONDS = 60.0


class SendSheets(Order):
    """Send the sheets of all sessions held up to a day, once the register holds everybody expected."""

    until: date
    enrolled_count: int
    left_count: int = 0
    marks: Mapping[UUID, Attendance] = Field(default_factory=dict)
    late_entry_reason: LateEntryReason | None = None


async def keep_register(consumer: AIOKafkaConsumer, register: Register) -> None:
    """Hear for ever."""
    async for record in consumer:
        if heard := heard_in(record, WANTED):
            register.hear(heard.fact)


async def send_sheets(order: SendSheets, register: Register, sender: AIOKafkaProducer, source: str, prefix: str) -> int:
    """Send what is due and return the number of sheets. Raises NotYetError when the register stays incomplete."""

    def complete() -> bool:
        return register.enrolled_count >= order.enrolled_count and register.left_count >= order.left_count

    await until(complete, what="the register is incomplete", timeout_seconds=HEARING_TIMEOUT_SECONDS)
    sheets = list(register.sheets_until(order.until, order.marks, order.late_entry_reason))
    for sheet in sheets:
        await tell(sender, sheet, source=source, prefix=prefix)
    return len(sheets)


async def main(provider: str, bootstrap_servers: str, prefix: str) -> None:
    """Take part until standard input closes."""
    register = Register(provider)
    source = f"urn:training-provider:{provider}"
    async with (
        hearing(bootstrap_servers, f"{prefix}training-provider.{provider}", prefix, WANTED) as consumer,
        producer(bootstrap_servers) as sender,
    ):
        listening = asyncio.create_task(keep_register(consumer, register))
        await serve(SendSheets, lambda order: send_sheets(order, register, sender, source, prefix))
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="A training provider that sends its attendance sheets.")
    parser.add_argument("--provider", required=True, help="code of the provider, such as lpk-elite-slawi")
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic-prefix", default="")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    asyncio.run(main(given.provider, given.bootstrap_servers, given.topic_prefix))
