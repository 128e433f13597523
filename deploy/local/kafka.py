"""The embedded Kafka: the real broker in KRaft mode, one node, on a loopback port."""

import base64
import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import jars
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.java import java, java_environment
from deploy.local.ports import LOOPBACK, accepts_connections, choose_port
from deploy.local.process import Child, Command
from deploy.local.waiting import run_async

VERSION = next(jar.version for jar in jars.pinned() if jar.artifact == "kafka_2.13")
JVM = ("-Xms96m", "-Xmx256m", "-XX:+UseSerialGC", "-Djava.awt.headless=true")

LOGGING = """\
appenders = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRefs = console
rootLogger.appenderRef.console.ref = console
"""


@dataclass
class Kafka:
    """One broker, which is its own controller, whose log lies in `home`."""

    home: Home
    port: int
    proxied: tuple[int, int] | None = None
    """A second listener's port, and the port of a proxy before it, under which clients that come that way are told to
    find the broker."""
    name: str = field(default="kafka", init=False)
    _child: Child | None = field(default=None, init=False)
    _jars: Path | None = field(default=None, init=False)

    @property
    def folder(self) -> Path:
        """Configuration and data of the broker."""
        return self.home.root / "kafka"

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the running broker."""
        return self._child.pid if self._child else None

    def start(self, timeout_seconds: float = 90) -> None:
        """Format the log folder if it is new, start the broker, and return when it answers clients.

        A log that was not closed cleanly is recovered by the broker itself.
        """
        self.home.create()
        self._jars = jars.ensure(jars.pinned())
        self._configure()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        argv = self._java("kafka.Kafka", str(self._properties))
        self._child = Child(Command("kafka", argv, java_environment(), self.folder), self.home)
        self._child.start()
        self._child.wait_until(lambda: accepts_connections(self.port) and self._answers(), timeout_seconds)

    def stop(self) -> None:
        """Controlled shutdown."""
        if self._child:
            self._child.stop(timeout_seconds=30)

    def kill(self) -> None:
        """End the broker as a power cut would, for tests of recovery."""
        if self._child:
            self._child.kill()

    def version(self) -> str:
        """The version that the running broker reported when it started."""
        log = self._child.log.read_text(encoding="utf-8", errors="replace") if self._child else ""
        return log.rpartition("Kafka version: ")[2].split(maxsplit=1)[0] if "Kafka version: " in log else ""

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        class_path = ":".join(str(path) for path in jars.kafka_jars(self._jars or Path()))
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        return [str(java()), *JVM, logging, "-cp", class_path, main_class, *arguments]

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        controller_port = choose_port(0, {self.port})
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
            "controller.listener.names": "CONTROLLER",
            **self._listeners(controller_port),
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "num.partitions": "12",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # After a kill the controller keeps the dead broker's session, and refuses the new one, for this long.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.segment.bytes": str(64 * 1024 * 1024),
            "log.index.size.max.bytes": str(1024 * 1024),
            # By default 128 MiB, half of the heap, for compacting logs of which there is one here, of offsets: what was
            # left filled up with some thousand partitions, and the broker closed connections instead of answering.
            "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
        }
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")

    def _listeners(self, controller_port: int) -> dict[str, str]:
        named = {"PLAINTEXT": (self.port, self.port), **({"PROXIED": self.proxied} if self.proxied else {})}
        own = [f"{name}://{LOOPBACK}:{port}" for name, (port, _) in named.items()]
        return {
            "listeners": ",".join([*own, f"CONTROLLER://{LOOPBACK}:{controller_port}"]),
            "advertised.listeners": ",".join(f"{name}://{LOOPBACK}:{told}" for name, (_, told) in named.items()),
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }

    def _format(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        argv = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(self._properties))
        result = subprocess.run(argv, check=False, capture_output=True, text=True, env=java_environment())  # noqa: S603 - fixed command
        if result.returncode != 0:
            raise StackError("Kafka's log folder could not be made", (result.stdout + result.stderr)[-2000:])

    def _answers(self) -> bool:
        return run_async(_has_controller(self.bootstrap_servers))


def cluster_id() -> str:
    """A fresh id in Kafka's form: a UUID in URL-safe base64. One that begins with a dash would be read as an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


async def _has_controller(bootstrap_servers: str) -> bool:
    """Whether the broker gives metadata and knows itself: only then topics can be made."""
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=2000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return bool(cluster["brokers"])
