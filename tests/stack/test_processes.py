"""Leftovers of a killed run are ended, other processes are not; children end with their parent."""

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chassis.service import GRACE_SECONDS
from deploy.local import kafka, records
from deploy.local.errors import StackError
from deploy.local.home import CHECKOUT, Home
from deploy.local.process import Child, Command
from deploy.local.stack import take_lock

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def test_ends_a_recorded_leftover(home: Home, sleeper: "subprocess.Popen[bytes]") -> None:
    records.write(home, "registry", sleeper.pid, signal.SIGTERM)
    assert records.end_leftovers(home) == ["registry"]
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not list(home.run.iterdir())


@pytest.mark.parametrize("change", [{"started_at": 1.0}, {"folder": "/elsewhere"}])
def test_spares_a_process_that_only_has_the_same_id(
    home: Home, sleeper: "subprocess.Popen[bytes]", change: dict[str, object]
) -> None:
    records.write(home, "registry", sleeper.pid, signal.SIGTERM)
    path = home.run / "registry.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    assert records.end_leftovers(home) == []
    assert sleeper.poll() is None


def test_guard_ends_the_children_of_a_killed_parent(home: Home) -> None:
    code = (
        "import sys, pathlib, time\n"
        "from deploy.local.guard import guard_of\n"
        "from deploy.local.home import Home, CHECKOUT\n"
        "from deploy.local.process import Child, Command\n"
        "home = Home(pathlib.Path(sys.argv[1]))\n"
        "guard_of(home).start()\n"
        f"child = Child(Command('kafka', {SLEEP!r}, {{}}, CHECKOUT), home)\n"
        "child.start()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(home.root)], stdout=subprocess.PIPE, cwd=CHECKOUT)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.close()
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the guard did not end the child"
        time.sleep(0.05)


def test_a_child_that_dies_while_starting_shows_the_end_of_its_log(home: Home) -> None:
    argv = [sys.executable, "-c", "print('no luck today'); raise SystemExit(3)"]
    child = Child(Command("kafka", argv, {}, CHECKOUT), home)
    child.start()
    with pytest.raises(StackError, match=r"kafka stopped while starting \(exit code 3\)") as caught:
        child.wait_until(lambda: False, 10)
    assert "no luck today" in caught.value.detail
    child.stop()


def test_a_service_has_time_to_end_in_order() -> None:
    assert records.STOP_TIMEOUT_SECONDS > 2 * GRACE_SECONDS  # its requests first, then its loops


def test_a_second_stack_in_the_same_folder_is_refused(home: Home) -> None:
    with take_lock(home), pytest.raises(StackError, match="running already"):
        take_lock(home)
    take_lock(home).close()


def test_a_cluster_id_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """One UUID in 64 begins with a dash in base64, and Kafka's own tool refused it then."""
    made = iter([uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=b"\x00" + bytes(15))])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(made))
    assert kafka.cluster_id() == "A" * 22
