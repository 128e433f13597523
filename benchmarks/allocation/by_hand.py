"""The statements as a process: `python -m benchmarks.allocation.by_hand '<json>'`, then a line with `go`."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson
import uvloop

from benchmarks.allocation import statements
from benchmarks.allocation.people import PROGRAMME_ID
from benchmarks.floor.events import new_id
from benchmarks.hand_relay import relay

LATE: Final = "historical_data"
NUMBER: Final = "460/2023"
DAYS: Final = {
    "allocate": "2023-10-20",
    "propose": "2023-11-14",
    "check": "2023-11-15",
    "decide": "2023-11-17",
}
"""When each act is done, on both sides."""
_ACTS: Final = {
    "allocate": statements.ALLOCATE,
    "propose": statements.PROPOSE,
    "check": statements.CHECK,
    "decide": statements.DECIDE,
}
_OFFICERS: Final = {"allocate": "petugas", "propose": "petugas", "check": "verifikator", "decide": "penetap"}


@dataclass(frozen=True, slots=True)
class ByHand:
    """What it needs to know."""

    database_url: str
    bootstrap_servers: str
    topic: str


async def act(connection: "asyncpg.Connection[Any]", given: ByHand) -> None:
    """Every act, one statement and one transaction each."""
    told = {
        "topic": given.topic,
        "proposal_id": str(new_id()),
        "decree_id": str(new_id()),
        "number": NUMBER,
        "late_entry_reason": LATE,
    }
    for name, statement in _ACTS.items():
        parameters = told | {"officer": _OFFICERS[name], "occurred_on": DAYS[name]}
        await connection.execute(statement, PROGRAMME_ID, orjson.dumps(parameters).decode())
        await connection.execute("NOTIFY outbox")


async def main(given: ByHand) -> None:
    """Act when told to, and send the events meanwhile, until standard input closes."""
    stopping, lines = asyncio.Event(), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    relaying = asyncio.create_task(relay(given.database_url, given.bootstrap_servers, stopping))
    connection = await asyncpg.connect(given.database_url)
    while await lines.readline():
        await act(connection, given)
    stopping.set()
    await relaying


if __name__ == "__main__":
    uvloop.run(main(ByHand(**orjson.loads(sys.argv[1]))))
