"""The end of a consumer, also of one whose client library waits for something that never comes."""

import asyncio
from typing import Any

from chassis.logs import logger

log = logger(__name__)

STOP_SECONDS = 18
"""More than the running batch is given; a service has 35 s to end."""
AGAIN_SECONDS = 5


async def stop_for_certain(broker: Any, consumer: Any, tasks: list[asyncio.Task[Any]]) -> None:
    """Stop FastStream's broker; what does not stop in time is ended from outside: its tasks, and its connections."""
    if not await _stopped(broker, STOP_SECONDS):
        log.error("consumer_does_not_stop")
        await _end(consumer, tasks)
        await _stopped(broker, AGAIN_SECONDS)


async def _stopped(broker: Any, seconds: float) -> bool:
    # In a task of its own: while a log is replaced the client library may swallow the cancelling of one of its tasks
    # and wait for it for ever, or let the cancelling out. Either way nobody would begin anew.
    stop = asyncio.ensure_future(broker.stop())
    await asyncio.wait({stop}, timeout=seconds)
    if not stop.done():
        stop.cancel()
        await asyncio.wait({stop}, timeout=5)
    return stop.done() and not stop.cancelled() and stop.exception() is None


async def _end(consumer: Any, tasks: list[asyncio.Task[Any]]) -> None:
    # Alive it would stay a member of the group, and the partitions it is given would be read by nobody. Closing its
    # connections alone does not do, since it makes others; nor does stopping it again, since it believes that it is.
    if consumer is not None and (coordinator := consumer._coordinator) is not None:
        kept = (coordinator._coordination_task, coordinator._heartbeat_task, coordinator._commit_refresh_task)
        tasks += [task for task in kept if task is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=5)
    if consumer is not None:
        if consumer._fetcher is not None:
            await asyncio.wait({asyncio.ensure_future(consumer._fetcher.close())}, timeout=5)
        await consumer._client.close()
