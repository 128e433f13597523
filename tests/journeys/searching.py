"""Everything a stack wrote down, as bytes to search: logs, traces, metrics, topics, databases."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.catalogue import TOPICS
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack

Found = tuple[str, bytes]
"""Where it stands, and what stands there."""

MOST_TRACES = 20_000
_TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname !~ '^(pg_|information_schema$)'
    ORDER BY nspname, relname
"""


@dataclass(frozen=True)
class Searcher:
    """Reads one stack through its files and servers, past the services."""

    stack: Stack
    began_us: int
    """When the test began, in microseconds since 1970: older traces are another test's."""

    def logs(self) -> Iterator[Found]:
        """Every log file, of servers and simulators too."""
        for path in sorted((self.stack.home.root / "logs").rglob("*")):
            if path.is_file():
                yield f"log {path.name}", path.read_bytes()

    async def traces(self, client: httpx.AsyncClient, service: str) -> bytes:
        """All spans of the traces a service took part in."""
        query: dict[str, str | int] = {"serviceName": service, "limit": MOST_TRACES, "lookback": 3_600_000}
        answer = await client.get(f"{self.stack.state['zipkin_url']}/api/v2/traces", params=query, timeout=60)
        traces = [spans for spans in answer.raise_for_status().json() if spans[0]["timestamp"] >= self.began_us]
        return orjson.dumps(traces)

    async def metrics(self, client: httpx.AsyncClient) -> AsyncIterator[Found]:
        """The Prometheus text of every service."""
        for name, part in self.stack.state["services"].items():
            answer = await client.get(f"{part['url']}/metrics")
            yield f"metrics {name}", answer.raise_for_status().content

    async def records(self) -> AsyncIterator[tuple[tuple[str, int, int], bytes]]:
        """All records of all topics, by place: key, headers and value."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.stack.state["kafka_bootstrap_servers"], max_partition_fetch_bytes=4_000_000
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning()
            left = {place for place, end in ends.items() if end > 0}
            while left:
                for place, records in (await consumer.getmany(timeout_ms=2000)).items():
                    for record in records:
                        headers = b" ".join(name.encode() + b"=" + (value or b"") for name, value in record.headers)
                        content = b" ".join((record.key or b"", headers, record.value or b""))
                        yield (record.topic, record.partition, record.offset), content
                    if records[-1].offset + 1 >= ends[place]:
                        left.discard(place)
        finally:
            await consumer.stop()

    async def columns(self, service: str) -> AsyncIterator[Found]:
        """Every column of every table of a service, by `table.column`; bytes as hexadecimal text."""
        server = Postgres(self.stack.home, self.stack.state["servers"]["postgres"]["port"])
        connection = await asyncpg.connect(server.url(service))
        try:
            for schema, table in await connection.fetch(_TABLES):
                rows = await connection.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{schema}"."{table}" AS t')
                contents: dict[str, list[bytes]] = {}
                for row in rows:
                    parsed: dict[str, Any] = orjson.loads(row["row"])
                    for column, value in parsed.items():
                        contents.setdefault(column, []).append(orjson.dumps(value))
                for column, values in contents.items():
                    yield f"{table}.{column}", b"\n".join(values)
        finally:
            await connection.close()
