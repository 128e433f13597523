"""One real service of the product as a process, on a database and topics of a round's own, and its officers.

`python -m benchmarks.one_service registry round_aa.` runs the registry with all its topics under that prefix.
"""

import asyncio
import dataclasses
import importlib
import sys
import time
import uuid
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from benchmarks.rounds import WrongEnd
from benchmarks.sides import Side
from chassis.migrations import upgrade
from chassis.service import Service, run
from chassis.settings import ServiceSettings
from contracts.catalogue import CATALOGUE, Entry
from deploy.local.environment import encryption_keys_file
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from deploy.local.loopback import is_healthy, without_proxy
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.provision import ROLE_KINDS, DatabaseUrls, provision_database

READY_SECONDS: Final = 60
REQUEST_SECONDS: Final = 120
AGENCY: Final = "dinsos"
REGION: Final = "33.28"
_IN_PROGRESS: Final = "urn:sinergi:problem:request-in-progress"


def prefixed(prefix: str) -> dict[str, Entry]:
    """The catalogue with topics of a round's own."""
    return {
        kind: dataclasses.replace(entry, topic=dataclasses.replace(entry.topic, name=prefix + entry.topic.name))
        for kind, entry in CATALOGUE.items()
    }


@dataclass
class OneService(Side):
    """A database as one service has it, its topics, and officers with tokens; what runs on it the subclass says."""

    traces_endpoint: str = ""
    """Where spans go at the default sampling; empty: none are exported."""
    urls: DatabaseUrls | None = None
    port: int = 0
    service: str = field(default="", init=False)
    """Name of the service whose database it is."""

    @property
    def prefix(self) -> str:
        """What the names of this round's topics begin with."""
        return f"{self.round_name}."

    @property
    def keys_file(self) -> str:
        """The service's encryption keys, the same ones in every round."""
        return encryption_keys_file(self.servers.home, self.service)

    def database(self, role: str) -> str:
        return f"{self.service}_{self.round_name}"

    async def prepare(self) -> None:
        home = self.servers.home
        passwords = {kind: home.secret(f"{self.service}_{kind}") for kind in ROLE_KINDS}
        self.urls = await provision_database(
            self.servers.postgres.url(), self.service, passwords, self.database(self.service)
        )
        await asyncio.to_thread(upgrade, self.service, self.urls.owner)
        await self.servers.make_topics({entry.topic for entry in prefixed(self.prefix).values()})

    async def settle(self) -> None:
        """Let the database know its tables, too."""
        await self.servers.execute(self.database(self.service), "VACUUM ANALYZE")
        await super().settle()

    async def ask(self, statement: str) -> int:
        """One number of the service's database."""
        return await self.servers.scalar(self.database(self.service), statement)

    @abstractmethod
    async def content(self) -> dict[str, int]:
        """A number for what stands in each table, equal on both sides of a comparison."""

    async def digests(self, queries: Mapping[str, str]) -> dict[str, int]:
        """A number for the rows of each query, equal where they are, whatever their order."""
        digest = (
            "SELECT ('x' || substr(md5(string_agg(line, '' ORDER BY line)), 1, 15))::bit(60)::bigint"
            " FROM (SELECT md5(found::text) AS line FROM ({}) AS found) AS lines"
        )
        return {name: await self.ask(digest.format(query)) for name, query in queries.items()}

    async def unsent(self) -> int:
        """1 while the broker has not acknowledged all events: counting them would cost what is measured."""
        return await self.ask("SELECT count(*) FROM (SELECT FROM outbox WHERE published_at IS NULL LIMIT 1) AS unsent")

    async def start_service(self) -> None:
        """Start the real service and wait until it is ready and has joined its group."""
        Issuer(self.servers.home).ensure_key()
        self.port = free_port()
        self.restart_service()
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(is_healthy, f"{self.url}/health/ready"):
            if time.monotonic() > deadline:
                raise WrongEnd(f"{self.service} is not ready after {READY_SECONDS} s: see its log")
            await asyncio.sleep(0.1)

    def restart_service(self) -> None:
        """Start it (again) on the address it has."""
        argv = [sys.executable, "-m", "benchmarks.one_service", self.service, self.prefix]
        self.spawn(self.service, argv, self._environment())

    @property
    def url(self) -> str:
        """Base address of its API."""
        return f"http://{LOOPBACK}:{self.port}"

    def _environment(self) -> dict[str, str]:
        assert self.urls is not None
        return {
            "DATABASE_URL": self.urls.app,
            "WORKER_DATABASE_URL": self.urls.worker,
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.bootstrap_servers,
            "HTTP_HOST": LOOPBACK,
            "HTTP_PORT": str(self.port),
            "AUTH_ISSUER": ISSUER,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS": str(Issuer(self.servers.home).jwks_file),
            "ENCRYPTION_KEYS_FILE": self.keys_file,
            "SERVICE_INSTANCE": self.round_name,
            "TRACES_EXPORTER": "otlp" if self.traces_endpoint else "none",
            "TRACES_ENDPOINT": self.traces_endpoint,
            "TRACES_SAMPLE_RATIO": str(ServiceSettings.model_fields["traces_sample_ratio"].default),
            "STOP_WHEN_STDIN_CLOSES": "true",
            **without_proxy({}),
        }

    def officer(self, *roles: str) -> "Officer":
        """Somebody of the agency with these roles."""
        token = Issuer(self.servers.home).mint("-".join(roles), roles, AGENCY, REGION)
        client = httpx.AsyncClient(base_url=self.url, timeout=REQUEST_SECONDS, trust_env=False)
        client.headers["Authorization"] = f"Bearer {token}"
        return Officer(client)


@dataclass(frozen=True, slots=True)
class Officer:
    """A signed-in officer who sends a request again, under the same key, until it is answered."""

    client: httpx.AsyncClient

    async def act(self, path: str, body: Mapping[str, Any] | bytes, **query: str) -> str:
        """The id of what the act made. Raises WrongEnd when it is refused."""
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        answer = await self._answer("POST", path, params=query, headers=key, **content)
        return str(answer["id"])

    async def read(self, path: str) -> dict[str, Any]:
        """An answer. Raises WrongEnd when it is refused."""
        return await self._answer("GET", path)

    async def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        while True:
            try:
                response = await self.client.request(method, path, **options)
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            if response.status_code == 503 or _IN_PROGRESS in response.text:
                await asyncio.sleep(0.2)
                continue
            if response.is_error:
                raise WrongEnd(f"{path}: {response.status_code} {response.text}")
            answer: dict[str, Any] = response.json()
            return answer


def _service(name: str, prefix: str) -> Service:
    main = importlib.import_module(f"services.{name}.main")
    main.CATALOGUE = prefixed(prefix)  # type: ignore[attr-defined]
    service: Service = main.create_service()
    return service


if __name__ == "__main__":
    run(_service(*sys.argv[1:]))
