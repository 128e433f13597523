"""A TCP proxy on loopback that can delay, slow down, reset, hold and silence the connections through it."""

import asyncio
import random
import socket
import struct
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from deploy.local.ports import LOOPBACK

T = TypeVar("T")
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time left: closing sends RST instead of FIN."""
_CHUNK_BYTES: Final = 16 * 1024
HIT_SECONDS: Final = 120
"""So long a fault waits at most for something to hit: after a silence, clients may wait a minute before they speak."""


class Kind(StrEnum):
    """What happens to connections while a fault lasts."""

    DELAY = "delay"
    """Every piece is late by `amount` seconds."""
    SLOW = "slow"
    """`amount` bytes a second and connection."""
    RESET = "reset"
    """All connections are reset, and new ones as soon as they are made."""
    HOLD = "hold"
    """Nothing gets through; afterwards what was held arrives."""
    SILENCE = "silence"
    """Half open: nothing gets through, and these connections stay so, as behind a firewall that forgot them."""


class Way(StrEnum):
    """Which direction suffers."""

    BOTH = "both"
    OUT = "out"
    """From client to server."""
    BACK = "back"
    """From server to client."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and how long it lasts."""

    kind: Kind
    way: Way
    seconds: float
    amount: float = 0.0

    @classmethod
    def drawn(cls, lot: random.Random, kind: Kind | None = None) -> "Fault":
        """A fault by lot: 0.5 to 4 s, later by 20 to 400 ms, slower than 200 kB/s."""
        kind = kind or lot.choice(list(Kind))
        amount = {Kind.DELAY: lot.uniform(0.02, 0.4), Kind.SLOW: lot.uniform(20_000, 200_000)}.get(kind, 0.0)
        return cls(kind, lot.choice(list(Way)), lot.uniform(0.5, 4), amount)

    def hits(self, way: Way) -> bool:
        """Whether this direction suffers."""
        return self.way in {Way.BOTH, way}


@dataclass(eq=False)
class _Line:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    silent: set[Way] = field(default_factory=set)
    """Directions in which nothing will ever get through again."""

    def reset(self) -> None:
        for writer in (self.client, self.server):
            if (found := writer.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Proxy:
    """Forwards connections from a port of its own to `target_port`, both on loopback; runs in a thread of its own."""

    def __init__(self, target_port: int) -> None:
        # Bound at once and kept: the port is known, and nobody else's, before anybody listens.
        self._socket = socket.socket()
        self._socket.bind((LOOPBACK, 0))
        self.port = int(self._socket.getsockname()[1])
        self.target_port = target_port
        self.hit_count = 0
        """Pieces of data and connections that the fault of the moment, or the last one, has struck so far."""
        self._lines: set[_Line] = set()
        self._fault: Fault | None = None
        self._over = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen. The target need not be there yet: until then connections are reset."""
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, sock=self._socket))

    def stop(self) -> None:
        """Reset what is left and stop listening."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def suffering(self, fault: Fault) -> Iterator[None]:
        """The fault lasts as long as the block, whatever `fault.seconds` says. One at a time."""
        self._do(self._begin(fault))
        try:
            yield
        finally:
            self._do(self._end())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _begin(self, fault: Fault) -> None:
        self._over = asyncio.Event()
        self._fault, self.hit_count = fault, 0
        for line in tuple(self._lines):
            if fault.kind is Kind.RESET:
                line.reset()
                self.hit_count += 1
            elif fault.kind is Kind.SILENCE:
                line.silent |= {way for way in (Way.OUT, Way.BACK) if fault.hits(way)}

    async def _end(self) -> None:
        self._fault = None
        self._over.set()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for line in tuple(self._lines):
            line.reset()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(LOOPBACK, self.target_port)
        except OSError:
            _Line(writer, writer).reset()
            return
        line = _Line(writer, to_server)
        if self._fault is not None and self._fault.kind is Kind.RESET:
            line.reset()
            self.hit_count += 1
            return
        self._lines.add(line)
        try:
            await asyncio.gather(
                self._carry(line, Way.OUT, reader, to_server), self._carry(line, Way.BACK, from_server, writer)
            )
        except OSError:
            pass
        finally:
            self._lines.discard(line)
            line.reset()

    async def _carry(self, line: _Line, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            if not await self._let_through(line, way, len(data)):
                continue
            writer.write(data)
            await writer.drain()
        if way in line.silent:
            return
        # Whoever closes first ends the other side too: none of our protocols uses a half-closed connection.
        (line.server if way is Way.OUT else line.client).close()

    async def _let_through(self, line: _Line, way: Way, size: int) -> bool:
        fault = self._fault
        if fault is not None and fault.hits(way):
            # What a line swallows that was silenced before is no other fault's doing.
            self.hit_count += fault.kind is Kind.SILENCE or way not in line.silent
            if fault.kind is Kind.DELAY:
                await asyncio.sleep(fault.amount)
            elif fault.kind is Kind.SLOW:
                await asyncio.sleep(size / fault.amount)
            elif fault.kind is Kind.SILENCE:
                line.silent.add(way)
            elif fault.kind is Kind.HOLD:
                await self._over.wait()
        return way not in line.silent


async def strike(proxy: Proxy, fault: Fault) -> None:
    """Let the fault last its time, and on until it has hit something. Raises TimeoutError when nothing comes by."""
    with proxy.suffering(fault):
        await asyncio.sleep(fault.seconds)
        deadline = time.monotonic() + HIT_SECONDS
        while not proxy.hit_count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing came by that {fault.kind} could have hit")
            await asyncio.sleep(0.05)
