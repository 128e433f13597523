"""The faults after which an operator has something to do: a broker rebuilt from nothing, a database from a backup."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import asyncpg

from contracts.catalogue import TOPICS
from demo.crowd.clerk import Clerk
from demo.crowd.wave import STEP_SECONDS
from deploy.local.backup import dump
from deploy.local.errors import StackError
from deploy.local.provision import create_topics
from deploy.local.restoring import restore
from tests.faults.evidence import OPERATOR, sent_messages
from tests.faults.injectors import ANYWHERE, DATA_DELETED, RESTORED, Struck
from tests.faults.running import PUBLISHERS, FaultStack
from tests.faults.storm import Storm
from tests.faults.watching import ends_of

SENT_SINCE_BACKUP: Final = 20
"""Messages that went out between the backup and the restore: the restored database knows nothing of them."""
_LOOK_SECONDS: Final = 0.2
_NOBODY: Final = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"


async def rebuild_broker(storm: Storm, clerk: Clerk) -> None:
    """Kill the broker, delete its data, make its topics again, and order every service to publish its archive."""
    stack = storm.stack
    pid, busy = await storm.ready("kafka")
    data = stack.home.root / "kafka" / "data"
    lost = data.with_name("data.lost")
    # Renamed before the kill: the supervisor starts the broker again at once, and must find no data.
    data.rename(lost)
    os.kill(pid, signal.SIGKILL)
    storm.note(Struck("kafka", DATA_DELETED, ANYWHERE, time.monotonic(), busy))
    await _until(lambda: _topics_are_made(stack), "the topics are made again")
    await asyncio.to_thread(shutil.rmtree, lost)
    new_log, _ = await ends_of(stack.bootstrap_servers)
    for service in PUBLISHERS:
        await _republish(clerk, service, new_log)
    storm.last_at = time.monotonic()


async def _topics_are_made(stack: FaultStack) -> bool:
    try:
        await create_topics(stack.bootstrap_servers, TOPICS)
    except StackError:
        return False
    return True


async def _republish(clerk: Clerk, service: str, new_log: str) -> None:
    async def replaced() -> str:
        outbox = await clerk.get(OPERATOR, service, "/admin/outbox")
        # Who never told anything takes to any log by itself.
        return "settled" if outbox["log_identity"] == new_log else str(outbox["log_replaced_by"] or "")

    if await _until(replaced, f"{service} noticed that its log was replaced") == new_log:
        body = {"log_identity": new_log}
        await clerk.act("republished", OPERATOR, service, "/admin/outbox/republish", body)


async def restore_service(storm: Storm, service: str, folder: Path) -> None:
    """Back one service's database up, let more messages go out, and put the backup in its place."""
    stack = storm.stack
    await storm.ready("postgres")
    superuser = stack.database_url("postgres")
    await asyncio.to_thread(folder.mkdir, parents=True)
    before = len(sent_messages(stack.sent_file))
    await asyncio.to_thread(dump, superuser, service, folder)
    known = len(sent_messages(stack.sent_file))
    await _until(lambda: _sent_more(stack, known), "messages after the backup")
    pid, busy = await storm.ready(service)
    await storm.watch.leave(service)
    connection = await asyncpg.connect(superuser)
    try:
        # The supervisor starts the service again at once: it must not find the old database and go on from there.
        await connection.execute(f'ALTER DATABASE "{service}" ALLOW_CONNECTIONS false')
        os.kill(pid, signal.SIGKILL)
        storm.note(Struck(service, RESTORED, ANYWHERE, time.monotonic(), busy))
        await _until(lambda: _nobody_there(connection, service), "nobody is connected")
        storm.overlooked |= {each.reference for each in sent_messages(stack.sent_file)[before:]}
    finally:
        await connection.close()
    await restore(stack.home, superuser, [service], folder)
    storm.watch.come_back(service)
    storm.last_at = time.monotonic()


async def _sent_more(stack: FaultStack, known: int) -> bool:
    return len(sent_messages(stack.sent_file)) >= known + SENT_SINCE_BACKUP


async def _nobody_there(connection: asyncpg.Connection, service: str) -> bool:
    return not await connection.fetchval(_NOBODY, service)


async def _until(ask: Callable[[], Awaitable[Any]], what: str) -> Any:
    deadline = time.monotonic() + STEP_SECONDS
    while not (answer := await ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not after {STEP_SECONDS} s")
        await asyncio.sleep(_LOOK_SECONDS)
    return answer
