"""One service under test: the real composition on a real database, with HTTP in process and no broker."""

import asyncio
import base64
import importlib
import itertools
import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from aiokafka import ConsumerRecord
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy import Row, text

from chassis.auth import Role
from chassis.ids import new_id
from chassis.processing import Processor
from chassis.records import RecordReader
from chassis.service import Service
from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact
from deploy.local.provision import DatabaseUrls

ISSUER = "https://issuer.test"
AUDIENCE = "sinergi"
_offsets = itertools.count()


class TestIssuer:
    """Signs tokens that the service under test trusts."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig", "alg": "Ed25519"})
        self.jwks = folder / "jwks.json"
        self.jwks.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}))

    def token(
        self,
        subject: str,
        roles: Sequence[Role | str],
        agency: str,
        region: str,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token valid for an hour, unless `claims` say otherwise."""
        now = int(time.time())
        body = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600}
        scope = {"roles": [str(role) for role in roles], "agency": agency, "region": region}
        told = body | scope | dict(claims or {})
        return jwt.encode({"alg": "Ed25519", "kid": "test"}, told, self._key, algorithms=["Ed25519"])


class OfficerClient(httpx.AsyncClient):
    """A signed-in officer; gives every POST an Idempotency-Key unless the test sets one."""

    async def post(self, url: Any, **options: Any) -> httpx.Response:
        """POST with an Idempotency-Key."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} | dict(options.pop("headers", None) or {})
        return await super().post(url, headers=headers, **options)


class Published(NamedTuple):
    """An event found in the outbox."""

    type: str
    data: Any
    case: UUID | None
    sequence: int
    key: str


@dataclass
class ServiceUnderTest:
    """Drives one service as its users and its topics would."""

    service: Service
    issuer: TestIssuer
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def as_(
        self, *roles: Role, agency: str = "dinsos", region: str = "33.28", subject: str | None = None
    ) -> OfficerClient:
        """An HTTP client of an officer; the subject defaults to the roles' names."""
        name = subject or "-".join(roles)
        token = self.issuer.token(name, roles, agency, region)
        return self.client({"Authorization": f"Bearer {token}"})

    def client(self, headers: dict[str, str] | None = None) -> OfficerClient:
        """An HTTP client with the given headers."""
        transport = httpx.ASGITransport(self.service.app, raise_app_exceptions=False)
        client = OfficerClient(transport=transport, base_url="http://service.test", headers=headers)
        self._clients.append(client)
        return client

    def processor(self, log_identity: str = "test-log") -> Processor:
        """The consumer's processing, without a broker."""
        reader = RecordReader(self.service.name, self.service.catalogue, self.service.consumers.kinds)
        return Processor(self.service.name, self.service.database, reader, self.service.consumers, log_identity)

    async def deliver(
        self, *facts: Fact, case: UUID | None = None, sequence: int = 1, event_id: UUID | None = None
    ) -> None:
        """Deliver the facts as one batch; fails the test when one of them is parked."""
        records = [record_of(fact, case=case, sequence=sequence, event_id=event_id) for fact in facts]
        await self.processor().process(records)
        parked = await self.fetch_all("SELECT type, reason, detail FROM parked_message WHERE redriven_at IS NULL")
        assert not parked, f"parked: {[tuple(row) for row in parked]}"

    async def run_jobs(self) -> None:
        """Run jobs until none is left; fails the test when one failed."""
        while await self.service.jobs.run_next(self.service.database, 1_000_000):
            failed = await self.fetch_all("SELECT kind, last_error FROM job WHERE last_error IS NOT NULL")
            assert not failed, f"jobs failed: {[tuple(row) for row in failed]}"

    async def run_timers(self) -> None:
        """Fire every timer that is due; fails the test when one failed."""
        while await self.service.timers.fire_due(self.service.database):
            failed = await self.fetch_all("SELECT kind, last_error FROM timer WHERE last_error IS NOT NULL")
            assert not failed, f"timers failed: {[tuple(row) for row in failed]}"

    async def run_workers(self) -> None:
        """Repeat every worker's step until none finds anything to do."""
        for worker in self.service.workers:
            while await worker.step(self.service):
                pass

    async def published(self, *models: type[Fact]) -> list[Published]:
        """Events of the outbox in order, all or those of the models."""
        wanted = {model.event_type for model in models}
        rows = await self.fetch_all("SELECT type, key, correlation_id, headers, body FROM outbox ORDER BY position")
        return [
            Published(
                row.type,
                CATALOGUE[row.type].model.model_validate_json(row.body),
                row.correlation_id,
                int(row.headers["ce_sequence"]),
                row.key,
            )
            for row in rows
            if not wanted or row.type in wanted
        ]

    async def fetch_all(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        """Rows seen with the worker's rights."""
        async with self.service.database.transaction() as tx:
            return await tx.fetch_all(text(sql), parameters)

    async def fetch_one(self, sql: str, **parameters: Any) -> Row[Any] | None:
        """The first row, or None."""
        rows = await self.fetch_all(sql, **parameters)
        return rows[0] if rows else None

    async def published_types(self) -> list[str]:
        """Types of the outbox's events, in order."""
        return [row.type for row in await self.fetch_all("SELECT type FROM outbox ORDER BY position")]

    async def execute(self, sql: str, **parameters: Any) -> None:
        """Change something behind the service's back, with the worker's rights."""
        async with self.service.database.transaction() as tx:
            await tx.execute(text(sql), parameters)

    async def close(self) -> None:
        """Close clients and connections."""
        for client in self._clients:
            await client.aclose()
        await self.service.database.close()
        await self.service.api_database.close()


def record_of(
    fact: Fact, *, case: UUID | None = None, sequence: int = 1, event_id: UUID | None = None, partition: int = 0
) -> ConsumerRecord[Any, Any]:
    """The Kafka record by which a publisher would tell this fact."""
    entry = CATALOGUE[fact.event_type]
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id or new_id()),
        "ce_source": f"/sinergi/test/{entry.owner}",
        "ce_type": entry.type,
        "ce_subject": str(getattr(fact, entry.subject)),
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_sequence": str(sequence),
        "ce_correlationid": str(case or getattr(fact, entry.subject)),
        "content-type": "application/json",
    }
    return raw_record(
        topic=entry.topic.name,
        key=str(getattr(fact, entry.key)).encode(),
        value=fact.model_dump_json(exclude_none=True).encode(),
        headers=[(name, value.encode()) for name, value in headers.items()],
        partition=partition,
    )


def raw_record(
    *, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, Any]], partition: int = 0
) -> ConsumerRecord[Any, Any]:
    """A Kafka record as it comes from the log, at the next offset."""
    return ConsumerRecord(
        topic=topic, partition=partition, offset=next(_offsets), timestamp=0, timestamp_type=0, key=key, value=value,
        checksum=None, serialized_key_size=-1, serialized_value_size=-1, headers=tuple(headers),
    )  # fmt: skip


def settings_for(urls: DatabaseUrls, issuer: TestIssuer, folder: Path, **more: Any) -> dict[str, Any]:
    """The settings every service needs, for a test."""
    keys = folder / "encryption-keys.json"
    if not keys.exists():
        secret = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
        keys.write_text(json.dumps({"current": "k1", "keys": {"k1": secret[0]}, "blind_index_key": secret[1]}))
    token = folder / "service.token"
    token.write_text(issuer.token("service:test", [Role.SERVICE], "*", ""))
    base = {"database_url": urls.app, "worker_database_url": urls.worker, "encryption_keys_file": keys}
    auth = {"auth_issuer": ISSUER, "auth_jwks": str(issuer.jwks), "service_token_file": token}
    return base | auth | {"deployment": "test"} | more


ServiceFactory = Callable[..., Awaitable[ServiceUnderTest]]


@asynccontextmanager
async def services_under_test(
    database_for: Callable[..., DatabaseUrls], issuer: TestIssuer, folder: Path
) -> AsyncIterator[ServiceFactory]:
    """A factory of services; everything it made is closed at the end."""
    made: list[ServiceUnderTest] = []

    async def make(name: str, **settings: Any) -> ServiceUnderTest:
        urls = await asyncio.to_thread(database_for, name)
        settings_class = importlib.import_module(f"services.{name}.settings").Settings
        main = importlib.import_module(f"services.{name}.main")
        service = main.create_service(settings_class(**settings_for(urls, issuer, folder, **settings)))
        made.append(ServiceUnderTest(service, issuer))
        return made[-1]

    yield make
    for under_test in made:
        await under_test.close()
