"""Real HTTP servers in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


def listening_socket() -> socket.socket:
    """A socket on a free port, so that an address is known before its server exists."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of a server on this socket."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(app: Any, listener: socket.socket, *, lifespan: bool = True) -> AsyncIterator[None]:
    """Serve an application until the block ends."""
    config = uvicorn.Config(app, log_config=None, lifespan="on" if lifespan else "off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:
        assert not task.done(), task
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task
