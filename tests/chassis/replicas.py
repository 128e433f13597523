"""Processes of the sample on one database and one set of topics, to be frozen, woken up and killed one by one."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import psutil

from chassis.failpoints import AFTER_HANDLER


class Replica:
    """One process, with a folder of failpoints of its own."""

    def __init__(self, settings: dict[str, Any], prefix: str, folder: Path) -> None:
        folder.mkdir()
        self._armed = folder / "sample.json"
        self._log = folder / "log"
        told = json.dumps(settings | {"failpoints_folder": folder}, default=str)
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chassis.service_process", told, prefix], stdout=output, stderr=output
            )

    def freeze_in_the_middle(self) -> None:
        """Let it freeze where its next batch is handled, and not committed."""
        self._arm({AFTER_HANDLER: "freeze"})

    @property
    def in_the_middle(self) -> bool:
        """Whether it is frozen."""
        return bool(psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED)

    def go_on(self) -> None:
        """Wake it up, if it is frozen, and let nothing freeze it."""
        self._arm({})
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut would end it; fails the test when it had ended by itself."""
        ended = self.process.poll()
        self.process.kill()
        self.process.wait()
        assert ended is None, self._log.read_text()

    def _arm(self, points: dict[str, str]) -> None:
        temporary = self._armed.with_suffix(".new")
        temporary.write_bytes(orjson.dumps(points))
        temporary.replace(self._armed)


class Replicas:
    """Those that run, by the order of their start."""

    def __init__(self, settings: dict[str, Any], prefix: str, folder: Path) -> None:
        self._settings = settings
        self._prefix = prefix
        self._folder = folder
        self._started = 0
        self.running: list[Replica] = []

    def start(self, count: int) -> None:
        """So many more."""
        for _ in range(count):
            self._started += 1
            folder = self._folder / f"replica-{self._started}"
            self.running.append(Replica(self._settings, self._prefix, folder))

    def kill(self, victims: Sequence[Replica]) -> None:
        """These."""
        for replica in victims:
            self.running.remove(replica)
            replica.kill()

    def go_on(self) -> None:
        """All of them."""
        for replica in self.running:
            replica.go_on()

    @property
    def in_the_middle(self) -> list[Replica]:
        """Those that are frozen in the middle of a batch."""
        return [replica for replica in self.running if replica.in_the_middle]
