"""What the servers must hold before a service can start: databases, roles, topics. Safe to run again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.errors import StackError
from deploy.local.postgres import SETTINGS

LOCKS_NEEDED = int(SETTINGS["max_locks_per_transaction"]) * int(SETTINGS["max_connections"])
"""Locks that the server has room for, all transactions together: a chunk's events take one for each of their keys."""
ROLE_KINDS = ("owner", "app", "worker")
_IDENTIFIER = re.compile(r"[a-z][a-z_]{0,40}")


class Topic(Protocol):
    """What is needed of a topic of the catalogue in `contracts`."""

    @property
    def name(self) -> str:
        """Name in Kafka."""

    @property
    def partitions(self) -> int:
        """Number of partitions, fixed for ever."""

    @property
    def retention_ms(self) -> int:
        """How long records are kept; -1 for ever."""


@dataclass(frozen=True)
class DatabaseUrls:
    """The three addresses of one service's database."""

    app: str
    worker: str
    owner: str

    def for_database(self, database: str) -> "DatabaseUrls":
        """The same roles on another database."""
        return DatabaseUrls(
            *(urlunsplit(urlsplit(url)._replace(path=f"/{database}")) for url in (self.app, self.worker, self.owner))
        )


def database_urls(superuser_url: str, service: str, passwords: Mapping[str, str]) -> DatabaseUrls:
    """Addresses of a service's database; `passwords` by kind of role."""
    server = urlsplit(superuser_url)

    def url(kind: str) -> str:
        return f"postgresql://{service}_{kind}:{passwords[kind]}@{server.hostname}:{server.port}/{service}"

    return DatabaseUrls(app=url("app"), worker=url("worker"), owner=url("owner"))


async def provision_database(
    superuser_url: str, service: str, passwords: Mapping[str, str], database: str = ""
) -> DatabaseUrls:
    """Make the database of a service, named as it or as `database`, and its owner, application and worker roles.

    None is a superuser or bypasses row-level security. The owner role alone may change the schema; what the others
    may do to its tables is granted by the migrations. Raises StackError for a server without room for `LOCKS_NEEDED`.
    """
    database = database or service
    if not (_IDENTIFIER.fullmatch(service) and _IDENTIFIER.fullmatch(database)):
        raise StackError(f"{service!r} cannot name a database: small letters and underscores only.")
    connection = await asyncpg.connect(superuser_url)
    try:
        await _require_room_for_locks(connection)
        for kind in ROLE_KINDS:
            await _ensure_role(connection, f"{service}_{kind}", passwords[kind])
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}" OWNER "{service}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{service}_app", "{service}_worker"')
    finally:
        await connection.close()
    await own_schema(urlunsplit(urlsplit(superuser_url)._replace(path=f"/{database}")), service)
    return database_urls(superuser_url, service, passwords).for_database(database)


async def _require_room_for_locks(connection: asyncpg.Connection) -> None:
    """Large jobs that run out of locks (53200) are repeated for ever: that passes for a failure that ends by itself."""
    locks = int(await connection.fetchval("SHOW max_locks_per_transaction"))
    connections = int(await connection.fetchval("SHOW max_connections"))
    if locks * connections < LOCKS_NEEDED:
        raise StackError(
            f"PostgreSQL has max_locks_per_transaction = {locks}: with max_connections = {connections} at least "
            f"{-(-LOCKS_NEEDED // connections)} are needed. Set it in postgresql.conf and restart the server."
        )


async def create_topics(bootstrap_servers: str, topics: Iterable[Topic], prefix: str = "") -> None:
    """Make the topics that do not exist yet; one that exists is left as it is, and must fit.

    Raises StackError when the broker refuses, and for a topic in which events would be lost or out of order: with other
    partitions, kept for a shorter time, or compacted. A broker that makes topics by itself makes such ones.
    """
    topics = list(topics)
    wanted = [
        NewTopic(
            name=prefix + topic.name,
            num_partitions=topic.partitions,
            replication_factor=1,
            topic_configs={"retention.ms": str(topic.retention_ms), "cleanup.policy": "delete"},
        )
        for topic in topics
    ]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        response = await admin.create_topics(wanted)
        found = await _settings_of(admin, [topic.name for topic in wanted])
    except (KafkaError, OSError) as error:
        raise StackError(f"Kafka at {bootstrap_servers} made no topics: {error!r}") from error
    finally:
        await admin.close()
    for name, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise StackError(f"Kafka refused the topic {name}: {for_code(code).__name__}")
    for topic in topics:
        _require_fit(topic, prefix + topic.name, found.get(prefix + topic.name, {}))


async def _settings_of(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """What each topic was made with, as far as the broker knows it by now."""
    asked = {name: dict.fromkeys(("retention.ms", "cleanup.policy")) for name in names}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in asked.items()]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources):
        for code, _, _, name, entries in answer.resources:
            if code == 0:
                found[name] = {entry[0]: entry[1] for entry in entries}
    for topic in await admin.describe_topics(names):
        if topic["topic"] in found and topic["partitions"]:
            found[topic["topic"]]["partitions"] = str(len(topic["partitions"]))
    return found


def _require_fit(topic: Topic, name: str, found: Mapping[str, str]) -> None:
    kept = int(found.get("retention.ms", topic.retention_ms))
    if found.get("partitions", str(topic.partitions)) != str(topic.partitions):
        problem = f"has {found['partitions']} partitions instead of {topic.partitions}"
    elif kept != -1 and not 0 <= topic.retention_ms <= kept:
        problem = f"keeps records for {kept} ms (retention.ms) instead of {topic.retention_ms}"
    elif found.get("cleanup.policy", "delete") != "delete":
        problem = f"is compacted (cleanup.policy {found['cleanup.policy']})"
    else:
        return
    raise StackError(
        f"The topic {name} {problem}: make it anew so, and set auto.create.topics.enable=false on the broker."
    )


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f'CREATE ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS')
    statement = await connection.fetchval(
        "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password
    )
    await connection.execute(statement)


async def own_schema(database_url: str, service: str) -> None:
    """Give schema `public` of this database to the service's owner role, and its use to the other two."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f'ALTER SCHEMA public OWNER TO "{service}_owner"')
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{service}_app", "{service}_worker"')
    finally:
        await connection.close()
