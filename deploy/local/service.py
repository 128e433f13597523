"""One of our own processes in the stack: a service or a simulator, ready when it says so."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.home import CHECKOUT, Home
from deploy.local.loopback import is_healthy
from deploy.local.ports import LOOPBACK
from deploy.local.process import Child, Command
from deploy.local.records import STOP_TIMEOUT_SECONDS

LIVE_TIMEOUT_SECONDS = 10.0


@dataclass
class Service:
    """A Python module run as a process of its own, with its address and environment."""

    home: Home
    name: str
    module: str
    port: int
    environment: Mapping[str, str]
    ready_path: str = "/health/ready"
    live_path: str = "/health/live"
    arguments: tuple[str, ...] = ()
    _child: Child | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Base address of its HTTP API."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._child.pid if self._child else None

    @property
    def state(self) -> dict[str, object]:
        """What others may know of it."""
        return {"url": self.url, "port": self.port, "pid": self.pid, "ready_url": self.url + self.ready_path}

    def start(self, timeout_seconds: float = 60) -> None:
        """Start it and return when it is ready. Raises StackError."""
        own = {"HTTP_HOST": LOOPBACK, "HTTP_PORT": str(self.port), "STOP_WHEN_STDIN_CLOSES": "1"}
        environment = {**self.environment, **own}
        self._child = Child(
            Command(self.name, [sys.executable, "-m", self.module, *self.arguments], environment, CHECKOUT), self.home
        )
        self._child.start()
        self._child.wait_until(lambda: is_healthy(self.url + self.ready_path), timeout_seconds)

    def is_live(self) -> bool:
        """What the process says of itself; false also when it says nothing for LIVE_TIMEOUT_SECONDS."""
        return is_healthy(self.url + self.live_path, LIVE_TIMEOUT_SECONDS)

    def stop(self) -> None:
        """Ask it to end after the work in hand; kill it after STOP_TIMEOUT_SECONDS."""
        if self._child:
            self._child.stop(timeout_seconds=STOP_TIMEOUT_SECONDS)
