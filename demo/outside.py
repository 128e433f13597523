"""The outside processes of the scenario: started, told what their day brings, ended by closing their input."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from demo.errors import DemoError, TookTooLongError

CHECKOUT: Final = Path(__file__).resolve().parents[1]
START_TIMEOUT_SECONDS: Final = 60.0
ORDER_TIMEOUT_SECONDS: Final = 90.0
STOP_TIMEOUT_SECONDS: Final = 10.0
_WITHOUT_PROXY: Final = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
"""Whom the partners ask is on this machine."""


class Partner:
    """A running partner process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a partner is spoken to by its standard input and output")
        self._name = name
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    async def order(self, **order: Any) -> int:
        """Tell it what to do and return the count it answers. Raises DemoError."""
        self._stdin.write(json.dumps(order, default=str).encode() + b"\n")
        await self._stdin.drain()
        return await self.answer(ORDER_TIMEOUT_SECONDS)

    async def answer(self, timeout_seconds: float) -> int:
        """The next answer."""
        try:
            line = await asyncio.wait_for(self._stdout.readline(), timeout_seconds)
        except TimeoutError:
            raise TookTooLongError(f"{self._name} did not answer within {timeout_seconds:g} s") from None
        if not line:
            raise DemoError(f"{self._name} ended by itself with code {await self._process.wait()}")
        told = json.loads(line)
        if told["problem"]:
            raise DemoError(f"{self._name}: {told['problem']}")
        return int(told["done_count"])

    async def end(self) -> None:
        """Close its input and wait; kill it when it does not end."""
        self._stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def partner(module: str, *arguments: str, secrets: Mapping[str, str] | None = None) -> AsyncIterator[Partner]:
    """A partner process, ready. Secrets go by environment: arguments are seen by everybody on the machine."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"partners.{module}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env=os.environ | _WITHOUT_PROXY | dict(secrets or {}),
        start_new_session=True,  # a Ctrl-C reaches the scenario only, which closes their input
    )
    running = Partner(module, process)
    try:
        await running.answer(START_TIMEOUT_SECONDS)
        yield running
    finally:
        await running.end()
