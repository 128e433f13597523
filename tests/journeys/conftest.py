"""The embedded stack with all services, started once for the journeys and watched as `sinergi up` does."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from demo.officers import Office
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.options import Options, from_environment
from deploy.local.ports import free_port
from deploy.local.stack import Stack
from tests.journeys.patience import PatientTransport


def stack_options() -> Options:
    """The environment's, on ports that are free now."""
    wanted = from_environment(dict(os.environ))
    return from_environment(
        dict(os.environ) | {f"SINERGI_{name.upper()}_PORT": str(free_port()) for name in wanted.ports}
    )


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Every service a process of its own; what dies is started again."""
    folder = Path(tempfile.mkdtemp(prefix="sinergi-journey-"))
    folder.chmod(0o755)
    reports: list[str] = []
    running = Stack(Home(folder), stack_options(), lambda part, what: reports.append(f"{part}: {what}"))
    try:
        running.start()
        watcher = threading.Thread(target=running.watch, name="supervisor", daemon=True)
        watcher.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    """Officers with real tokens, whose requests outlast a service's death."""
    urls = {name: found["url"] for name, found in stack.state["services"].items()}
    transport = PatientTransport()
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        yield Office(urls, Issuer(stack.home).mint, client)
        await asyncio.sleep(0)
