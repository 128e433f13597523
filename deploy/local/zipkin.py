"""The embedded Zipkin: the real server, keeping traces in memory, on a loopback port."""

from dataclasses import dataclass, field

from deploy.local import jars
from deploy.local.home import Home
from deploy.local.java import java, java_environment
from deploy.local.loopback import get_json
from deploy.local.ports import LOOPBACK
from deploy.local.process import Child, Command

VERSION = next(jar.version for jar in jars.pinned() if jar.group == "io.zipkin")
JVM = ("-Xms32m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
MOST_SPANS = 60_000
"""What the heap holds at some 2 kB a span; with more of them the collector alone takes half a core."""


@dataclass
class Zipkin:
    """One trace server. Its traces end with it: it is for looking, not for keeping."""

    home: Home
    port: int
    name: str = field(default="zipkin", init=False)
    _child: Child | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Address of its API and pages."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._child.pid if self._child else None

    def start(self, timeout_seconds: float = 90) -> None:
        """Start the server and return when it is healthy."""
        self.home.create()
        jar = jars.zipkin_jar(jars.ensure(jars.pinned()))
        listener = [
            f"-Darmeria.ports[0].ip={LOOPBACK}",
            f"-Darmeria.ports[0].port={self.port}",
            "-Darmeria.ports[0].protocols[0]=http",
        ]
        settings = {
            "STORAGE_TYPE": "mem",
            "MEM_MAX_SPANS": str(MOST_SPANS),
            "QUERY_PORT": str(self.port),
            "SELF_TRACING_ENABLED": "false",
        }
        argv = [str(java()), *JVM, *listener, "-jar", str(jar)]
        self._child = Child(Command("zipkin", argv, java_environment(settings), self.home.root), self.home)
        self._child.start()
        self._child.wait_until(lambda: get_json(f"{self.url}/health") is not None, timeout_seconds)

    def stop(self) -> None:
        """End the server."""
        if self._child:
            self._child.stop(timeout_seconds=5)

    def version(self) -> str:
        """The version that the running server reports."""
        info = get_json(f"{self.url}/info") or {}
        return str(info.get("zipkin", {}).get("version", ""))
