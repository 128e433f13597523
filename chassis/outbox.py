"""The outbox: events written in the transaction of the state they tell of, published later by the relay."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.events import Catalogue, Delivered, EventEntry, event_type_of
from chassis.ids import Origin, derived_id, new_id
from chassis.telemetry import carry
from chassis.writes import Write, one_statement

BODY_LIMIT_BYTES = 900_000
"""Below the broker's 1 MiB: a body that could never be sent must not be committed."""

CHANNEL = "outbox"
"""NOTIFY channel that wakes the relay."""

HELD = """held AS MATERIALIZED (
        SELECT topic, key, min(position) AS since FROM outbox
        WHERE published_at IS NULL AND held_reason IS NOT NULL GROUP BY topic, key)"""
"""The keys with a held row, few if any, found once and not for every row that may wait behind one."""
BEHIND_HELD = "EXISTS (SELECT FROM held WHERE held.topic = o.topic AND held.key = o.key AND held.since < o.position)"
"""Whether a row `o` of the outbox waits behind a held one of its key; after `WITH HELD`."""

_INSERT = """
    locked AS MATERIALIZED (
        SELECT count(pg_advisory_xact_lock(hashtextextended(k, 0))) FROM unnest(CAST(:keys AS text[])) AS k),
    inserted AS (
        INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body)
        SELECT event_id, topic, key, type, told.subject, correlation_id,
               CASE WHEN lift IS NULL THEN headers::jsonb ELSE headers::jsonb || jsonb_build_object(
                   'ce_sequence', ((headers::jsonb ->> 'ce_sequence')::bigint + lift)::text) END, body
        FROM locked CROSS JOIN
             unnest(CAST(:event_id AS uuid[]), CAST(:topic AS text[]), CAST(:key AS text[]), CAST(:type AS text[]),
                    CAST(:subject AS text[]), CAST(:correlation_id AS uuid[]), CAST(:headers AS text[]),
                    CAST(:body AS bytea[]))
             WITH ORDINALITY AS told (event_id, topic, key, type, subject, correlation_id, headers, body, place)
             LEFT JOIN sequence_lift ON sequence_lift.subject = told.subject
        ORDER BY place
        ON CONFLICT (event_id) DO NOTHING RETURNING 1)
"""
_WAKE = f"SELECT count(*), pg_notify('{CHANNEL}', '') FROM inserted"  # noqa: S608 - constants of ours
"""The keys' locks, the rows, and a call that wakes the relay when the transaction commits. No row is made, and so none
has its position, before all locks are held. What is told again is found by the index, and `sequence_lift` never changes
while anybody writes: neither minds that the statement's snapshot is from before the locks."""
_TOLD_AGAIN = text(
    """
    UPDATE adopted_event AS adopted SET settled_at = coalesce(settled_at, clock_timestamp()),
           settlement = coalesce(settlement, CASE WHEN known.body = told.body THEN 'told_again'
                                                  ELSE 'told_differently' END)
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:body AS bytea[])) AS told (event_id, body)
         JOIN outbox AS known ON known.event_id = told.event_id
    WHERE adopted.event_id = told.event_id
    """
)


class NotPublishable(Exception):
    """The event breaks its contract, is another service's, or is too large: a programming error, nothing commits."""


class Outgoing(NamedTuple):
    """An event waiting for the end of its transaction."""

    event_id: UUID
    topic: str
    key: str
    type: str
    subject: str
    correlation_id: UUID
    headers: Mapping[str, str | UUID]
    body: bytes
    rupiah: Mapping[str, int] = {}
    """What the fact's rupiah fields say, for the metrics."""


class Outbox:
    """Turns facts into outbox rows for one service."""

    def __init__(self, service: str, source: str, catalogue: Catalogue) -> None:
        self._service = service
        self._source = source
        self._catalogue = catalogue
        self._schemas: dict[type[BaseModel], Draft202012Validator] = {}
        self._entries: dict[type[BaseModel], EventEntry] = {}

    def prepare(
        self,
        fact: BaseModel,
        *,
        sequence: int,
        case: UUID | None,
        cause: Delivered[Any] | None,
        actor: UUID,
        origin: Origin | None,
        told: Counter[UUID],
    ) -> Outgoing:
        """Validate the fact against its contract and dress it as a CloudEvent.

        `told` counts what the transaction has told under each id: a second fact of one type about a subject for one
        origin gets an id of its own.
        """
        entry = self._entry(fact)
        type_ = entry.type
        body, document = self._body(entry, fact)
        subject = str(document[entry.subject])
        event_id = self._event_id(type_, subject, sequence, origin, told)
        correlation_id = case or (cause.case if cause else None) or UUID(subject)
        headers: dict[str, str | UUID] = {
            "ce_specversion": "1.0",
            "ce_id": event_id,
            "ce_source": self._source,
            "ce_type": type_,
            "ce_subject": subject,
            "ce_time": _time(time.time_ns() // 1_000_000),
            "ce_sequence": str(sequence),
            "ce_actor": actor,
            "ce_correlationid": correlation_id,
            "content-type": "application/json",
            **carry(cause.context if cause else None),
            **({"ce_causationid": cause.id} if cause else {}),
        }
        key = str(document[entry.key])
        return Outgoing(
            event_id, entry.topic.name, key, type_, subject, correlation_id, headers, body, _rupiah_of(fact)
        )

    def _body(self, entry: EventEntry, fact: BaseModel) -> tuple[bytes, dict[str, Any]]:
        """What is sent, and the same as its readers will see it."""
        body = fact.model_dump_json(exclude_none=True).encode()
        document: dict[str, Any] = orjson.loads(body)
        self._refuse_invalid(entry, document)
        if len(body) > BODY_LIMIT_BYTES:
            raise NotPublishable(f"{entry.type} has {len(body)} bytes")
        return body, document

    def _event_id(self, type_: str, subject: str, sequence: int, origin: Origin | None, told: Counter[UUID]) -> UUID:
        if origin is None:
            return new_id()
        names = (self._service, type_, subject) if origin.tells_once else (self._service, type_, subject, sequence)
        event_id = derived_id(origin.id, *names)
        told[event_id] += 1
        return event_id if told[event_id] == 1 else derived_id(event_id, told[event_id])

    def _refuse_invalid(self, entry: EventEntry, document: dict[str, Any]) -> None:
        """By the published JSON Schema, which is what other agencies check by; the model alone may be laxer."""
        if entry.model not in self._schemas:
            schema = entry.model.model_json_schema()
            self._schemas[entry.model] = Draft202012Validator(schema, validate_formats=True)
        for error in self._schemas[entry.model].iter_errors(document):
            place = ".".join(str(part) for part in error.instance_path)
            raise NotPublishable(f"{entry.type} breaks its schema at {place or 'the top'}")

    def _entry(self, fact: BaseModel) -> EventEntry:
        if (known := self._entries.get(type(fact))) is not None:
            return known
        entry = self._catalogue.get(event_type_of(type(fact)))
        if entry is None or entry.model is not type(fact):
            raise NotPublishable(f"{type(fact).__name__} is not in the catalogue")
        if entry.owner != self._service:
            raise NotPublishable(f"{entry.type} belongs to {entry.owner}")
        self._entries[entry.model] = entry
        return entry


@cache
def rupiah_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Fields of the fact itself that its contract marks as rupiah; prices within a list of items are no sum."""
    marks = {name: known.json_schema_extra for name, known in model.model_fields.items()}
    return tuple(
        name for name, mark in marks.items() if isinstance(mark, dict) and mark.get("x-field-type") == "rupiah"
    )


def _rupiah_of(fact: BaseModel) -> dict[str, int]:
    return {name: value for name in rupiah_fields(type(fact)) if (value := getattr(fact, name)) is not None}


@lru_cache(maxsize=1)
def _time(milliseconds: int) -> str:
    # Of a set-based act many facts are told within one.
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def write(connection: AsyncConnection, events: list[Outgoing], others: Sequence[Write] = ()) -> None:
    """Write the buffered events, and `others` with them, as the last step before the commit.

    The keys are locked first, in one order for all writers: otherwise a transaction that took a lower position
    but commits later would be overtaken by another one of the same key.
    """
    statement, values = one_statement(others, more=_INSERT, last=_WAKE)
    inserted = await connection.execute(
        statement,
        values
        | {
            "keys": sorted({f"outbox/{event.topic}/{event.key}" for event in events}),
            "event_id": [event.event_id for event in events],
            "topic": [event.topic for event in events],
            "key": [event.key for event in events],
            "type": [event.type for event in events],
            "subject": [event.subject for event in events],
            "correlation_id": [event.correlation_id for event in events],
            "headers": [orjson.dumps(event.headers, default=str).decode() for event in events],
            "body": [event.body for event in events],
        },
    )
    if (told_again := len(events) - inserted.scalar_one()) > 0:
        await _settle_told_again(connection, events, told_again)


async def _settle_told_again(connection: AsyncConnection, events: list[Outgoing], count: int) -> None:
    """What was adopted after a restore and comes about again needs no telling; any other id taken twice is a bug."""
    told = {"event_id": [event.event_id for event in events], "body": [event.body for event in events]}
    if (await connection.execute(_TOLD_AGAIN, told)).rowcount != count:
        raise NotPublishable("two facts under one event id")
