"""One role of the floor as a process of its own: `python -m benchmarks.floor.process '<json>'`.

Allocation waits for a line on standard input, `<people> <batch> <pause seconds>`; all end when their input closes.
"""

import asyncio
import sys

import orjson
import uvloop

from benchmarks.floor.roles import Floor, allocate, consume, pay, post, relay


async def main(role: str, floor: Floor, group: str) -> None:
    """Run the role until standard input closes."""
    stopping = asyncio.Event()
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    loops = []
    if role != "ledger":
        loops.append(asyncio.create_task(relay(floor, stopping)))
    if role != "allocation":
        effect = pay(floor) if role == "payment" else post
        loops.append(asyncio.create_task(consume(floor, group, stopping, effect)))
    while line := await lines.readline():
        people, batch, pause = line.split()
        await allocate(floor, int(people), int(batch), float(pause))
    stopping.set()
    await asyncio.gather(*loops)


if __name__ == "__main__":
    given = orjson.loads(sys.argv[1])
    uvloop.run(main(given["role"], Floor(**given["floor"]), given["group"]))
