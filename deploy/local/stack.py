"""The whole embedded stack: three servers, six services, one simulator; started together, stopped in order."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from deploy.local import evidence, jars, records
from deploy.local.environment import Addresses, gateway_environment, service_environment
from deploy.local.errors import StackError
from deploy.local.guard import guard_of
from deploy.local.home import Home, write_json
from deploy.local.installation import mode_of
from deploy.local.issuer import ISSUER, SERVICE_TOKEN_LIFETIME_SECONDS, Issuer
from deploy.local.kafka import Kafka
from deploy.local.migrate import migrate
from deploy.local.options import SMS_GATEWAY, Options
from deploy.local.ports import choose_port
from deploy.local.postgres import Postgres
from deploy.local.process import Child, keep_logs_short
from deploy.local.provision import ROLE_KINDS, DatabaseUrls, create_topics, provision_database
from deploy.local.service import Service
from deploy.local.supervisor import Backoff, Part, Supervisor
from deploy.local.targets import FILE as TARGETS_FILE
from deploy.local.targets import targets
from deploy.local.waiting import run_async
from deploy.local.zipkin import Zipkin

Report = Callable[[str, str], None]
TOKEN_RENEWAL_SECONDS = SERVICE_TOKEN_LIFETIME_SECONDS / 3
TOKEN_RETRY_SECONDS = 10.0


@dataclass
class Stack:
    """One run of the embedded stack. `report(part, what)` is told of every step."""

    home: Home
    options: Options
    report: Report
    fetch_progress: jars.Progress = lambda done, total: None
    backoff: Callable[[], Backoff] = Backoff
    """The pauses before restarts, for each part its own."""
    _parts: list[Part] = field(default_factory=list, init=False)
    _guard: Child | None = field(default=None, init=False)
    _lock: TextIO | None = field(default=None, init=False)
    _supervisor: Supervisor | None = field(default=None, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _ports: dict[str, int] = field(default_factory=dict, init=False)
    _known_versions: dict[str, str] = field(default_factory=dict, init=False)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(12), init=False)

    def start(self) -> None:
        """Start everything; return when every part is ready. On a StackError, call `stop` as after a good start."""
        self.home.create()
        self._lock = take_lock(self.home)
        if leftovers := records.end_leftovers(self.home):
            self.report("stack", f"ended leftovers of a killed run: {', '.join(leftovers)}")
        self._guard = guard_of(self.home)
        self._guard.start()
        (self.home.root / evidence.FILE).unlink(missing_ok=True)
        jars.ensure(jars.pinned(), progress=self.fetch_progress)
        self._make_parts()
        zipkin = self._pool.submit(self._start, self._zipkin)
        databases = self._pool.submit(self._start_postgres)
        broker = self._pool.submit(self._start_kafka)
        self._renew_tokens()
        urls = databases.result()
        broker.result()
        self._start_services(urls)
        zipkin.result()
        self.write_state()
        evidence.record(self.home, self._versions())

    def watch(self) -> None:
        """Restart what crashes and renew tokens, until `stop` is called from another thread or by a signal."""
        self._supervisor = Supervisor(self._parts, self._report_restart, backoff=self.backoff)
        renewal = threading.Thread(target=self._renew_in_time, name="token-renewal", daemon=True)
        renewal.start()
        threading.Thread(target=keep_logs_short, args=(self.home, self._stopping), name="logs", daemon=True).start()
        self._supervisor.watch()

    def stop(self) -> None:
        """End services, then servers, then the guard. Also right after a start that failed half-way."""
        self._stopping.set()
        if self._supervisor:
            self._supervisor.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        services = [part for part in self._parts if isinstance(part, Service)]
        for wave in (services, [part for part in self._parts if part not in services]):
            self._stop_together(wave)
        if self._supervisor:
            self._supervisor.join()
        self._pool.shutdown(wait=True)
        if self._guard:
            self._guard.stop()
        if self._lock:
            # Only the holder of the lock may touch what lies in the folder: another run's processes are not ours.
            records.end_leftovers(self.home)
            self.home.state_file.unlink(missing_ok=True)
            (self.home.root / TARGETS_FILE).unlink(missing_ok=True)
            self._lock.close()

    @property
    def holds_folder(self) -> bool:
        """Whether this run has the folder; another one that runs there keeps it."""
        return self._lock is not None

    @property
    def state(self) -> dict[str, Any]:
        """Addresses and pids, without secrets."""
        servers = [part for part in self._parts if not isinstance(part, Service)]
        services = [part for part in self._parts if isinstance(part, Service)]
        return {
            "home": str(self.home.root),
            "mode": mode_of(self.home).value,
            "pid": os.getpid(),
            "deployment": self.options.deployment,
            "issuer": self.options.issuer or ISSUER,
            "kafka_bootstrap_servers": self._kafka_address,
            "zipkin_url": self._zipkin.url,
            "servers": {part.name: self._describe(part) for part in servers},
            "services": {part.name: part.state for part in services if part.name != SMS_GATEWAY},
            "simulators": {part.name: part.state for part in services if part.name == SMS_GATEWAY},
        }

    def write_state(self) -> None:
        """Write `state` to `stack.json`, and where Prometheus finds the services."""
        write_json(self.home.state_file, self.state)
        services = [part for part in self._parts if isinstance(part, Service) and part.name != SMS_GATEWAY]
        write_json(self.home.root / TARGETS_FILE, targets(services))

    def _make_parts(self) -> None:
        taken: set[int] = set()
        ports = {name: choose_port(wanted, taken) for name, wanted in self.options.ports.items()}
        for name, port in ports.items():
            if port != self.options.ports[name]:
                self.report(name, f"port {self.options.ports[name]} is taken; uses {port}")
        self._ports = ports
        self._zipkin = Zipkin(self.home, ports["zipkin"])
        self._postgres = Postgres(self.home, ports["postgres"])
        self._kafka = Kafka(self.home, ports["kafka"])
        self._parts.append(self._zipkin)
        if not self.options.postgres_url:
            self._parts.append(self._postgres)
        if not self.options.kafka_bootstrap_servers:
            self._parts.append(self._kafka)

    @property
    def _kafka_address(self) -> str:
        return self.options.kafka_bootstrap_servers or self._kafka.bootstrap_servers

    def _start(self, part: Part) -> None:
        if self._stopping.is_set():
            return
        began = time.monotonic()
        self.report(part.name, "starting")
        part.start()
        self.report(part.name, f"ready after {time.monotonic() - began:.1f} s")

    def _start_postgres(self) -> dict[str, DatabaseUrls]:
        if not self.options.postgres_url:
            self._start(self._postgres)
        urls = provision_databases(self.home, self.options.postgres_url or self._postgres.url(), self.options.services)
        self.report("databases", "migrating")
        migrate(self.home, {service: url.owner for service, url in urls.items()})
        self.report("databases", "up to date")
        return urls

    def _start_kafka(self) -> None:
        from contracts.catalogue import TOPICS

        if not self.options.kafka_bootstrap_servers:
            self._start(self._kafka)
        run_async(create_topics(self._kafka_address, TOPICS))
        self.report("topics", "made")

    def _start_services(self, urls: Mapping[str, DatabaseUrls]) -> None:
        names = (*self.options.services, SMS_GATEWAY)
        addresses = Addresses(
            self._kafka_address, self._zipkin.url, {name: f"http://127.0.0.1:{self._ports[name]}" for name in names}
        )
        services = [
            Service(self.home, name, f"services.{name}.main", self._ports[name],
                    service_environment(self.home, self.options, name, urls[name], addresses))
            for name in self.options.services
        ]  # fmt: skip
        gateway = self._sms_gateway(addresses)
        self._parts.extend([*services, gateway])
        wait_for_all(self._pool.submit(self._start, service) for service in (*services, gateway))

    def _sms_gateway(self, addresses: Addresses) -> Service:
        port = self._ports[SMS_GATEWAY]
        return Service(
            self.home,
            SMS_GATEWAY,
            "simulators.sms_gateway",
            port,
            gateway_environment(self.home, self.options, addresses),
            ready_path="/simulator",
            live_path="/simulator",
            arguments=("--port", str(port)),
        )

    def _stop_together(self, parts: Iterable[Part]) -> None:
        with ThreadPoolExecutor(10) as pool:
            wait_for_all(pool.submit(part.stop) for part in parts)

    def _report_restart(self, name: str, what: str) -> None:
        self.report(name, what)
        if not self._stopping.is_set():
            try:
                self.write_state()
            except OSError as error:
                self.report("stack", f"{self.home.state_file.name} is out of date: {error}")

    def _renew_tokens(self) -> None:
        if not self.options.issuer:
            issuer = Issuer(self.home)
            issuer.ensure_key()
            for service in self.options.services:
                issuer.renew_service_token(service)

    def _renew_in_time(self) -> None:
        pause_seconds: float = TOKEN_RENEWAL_SECONDS
        while not self._stopping.wait(pause_seconds):
            try:
                self._renew_tokens()
                pause_seconds = TOKEN_RENEWAL_SECONDS
            except OSError as error:  # a full disk may have space again before the tokens end
                self.report("tokens", f"could not be renewed: {error}")
                pause_seconds = TOKEN_RETRY_SECONDS

    def _describe(self, part: Part) -> dict[str, Any]:
        return {"port": self._ports[part.name], "pid": part.pid, "version": self._versions().get(part.name, "")}

    def _versions(self) -> dict[str, str]:
        if not self._known_versions:
            for server in (self._zipkin, self._postgres, self._kafka):
                if server.pid:
                    self._known_versions[server.name] = server.version()
        return self._known_versions


def provision_databases(home: Home, superuser_url: str, services: Iterable[str]) -> dict[str, DatabaseUrls]:
    """Databases and roles of these services, with passwords kept in `home`."""
    urls = {}
    for service in services:
        passwords = {kind: home.secret(f"{service}_{kind}") for kind in ROLE_KINDS}
        urls[service] = run_async(provision_database(superuser_url, service, passwords))
    return urls


def take_lock(home: Home) -> TextIO:
    """Keep other runs out of this folder until the file is closed. Raises StackError if one is there."""
    path = Path(home.root) / "stack.lock"
    lock = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StackError(
            f"The stack in {home.root} is running already. See it with `sinergi status`; for a second one set "
            "SINERGI_HOME to another folder."
        ) from None
    return lock


def wait_for_all(futures: Iterable["Future[None]"]) -> None:
    """Wait for all of them, then raise the first error, if any."""
    waiting = list(futures)
    errors = [error for future in waiting if (error := future.exception())]
    if errors:
        raise errors[0]
