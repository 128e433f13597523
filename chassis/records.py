"""Kafka records as they come: read into events, or named as unreadable. Nothing here may raise."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import BaseModel, ValidationError

from chassis.events import Catalogue, Delivered, EventEntry
from chassis.telemetry import resume

STORABLE_CHARACTERS = 200
UNREADABLE_HEADERS = (("sinergi-unreadable", b"header_name_not_utf8"),)
"""Stands in a record of which the client library could read nothing but its place."""

REQUIRED_ATTRIBUTES = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_correlationid", "ce_sequence")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that will never become an event: it parks with its reason."""

    record: ConsumerRecord[Any, Any]
    reason: str
    detail: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A valid CloudEvent of a type or version that this consumer does not hear: counted and passed over."""

    record: ConsumerRecord[Any, Any]
    type: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A record with its validated event."""

    record: ConsumerRecord[Any, Any]
    event: Delivered[BaseModel]

    @property
    def identity(self) -> tuple[str, UUID]:
        """What makes an event the same event, however often it arrives."""
        return self.event.source, self.event.id


Arrived = Unreadable | Skipped | Readable


class RecordReader:
    """Reads records for one service: what it hears is validated, the rest skipped or unreadable."""

    def __init__(self, service: str, catalogue: Catalogue, heard: Sequence[str]) -> None:
        self._catalogue = catalogue
        self._heard = frozenset(heard)
        unheard = [kind for kind in heard if service not in catalogue[kind].consumers]
        if unheard:
            raise ValueError(f"{service} handles {unheard}, but the catalogue does not name it as a consumer")

    def read(self, record: ConsumerRecord[Any, Any]) -> Arrived:
        """Classify one record."""
        headers = _headers(record)
        if isinstance(headers, Unreadable):
            return headers
        kind = headers.get("ce_type")
        missing = [name for name in REQUIRED_ATTRIBUTES if not headers.get(name)]
        if missing or kind is None:
            return Unreadable(record, "missing_attributes", ",".join(missing), kind and storable(kind))
        if kind not in self._heard:
            return Skipped(record, storable(kind))
        return self._event(record, headers, self._catalogue[kind])

    def _event(
        self,
        record: ConsumerRecord[Any, Any],
        headers: dict[str, str],
        entry: EventEntry,
    ) -> Readable | Unreadable:
        if record.topic != entry.topic.name:
            return Unreadable(record, "wrong_topic", entry.topic.name, entry.type)
        if record.value is None:
            return Unreadable(record, "tombstone", "", entry.type)
        if record.key is None:
            return Unreadable(record, "missing_key", entry.key, entry.type)
        try:
            data: BaseModel = entry.model.model_validate_json(record.value)
        except ValidationError as error:
            return Unreadable(record, "schema", _places(error), entry.type)
        key = str(getattr(data, entry.key))
        if record.key != key.encode():
            return Unreadable(record, "wrong_key", entry.key, entry.type)
        try:
            event = _delivered(record, headers, key, data)
        except ValueError:
            return Unreadable(record, "malformed_attributes", "", entry.type)
        return Readable(record, event)


def key_text(record: ConsumerRecord[Any, Any]) -> str | None:
    """The record's key in a form that can be stored and compared; equal bytes give equal text, whatever they are."""
    key: bytes | None = record.key
    return None if key is None else storable(key.decode("utf-8", "backslashreplace"))


def storable(text: str) -> str:
    """A foreign text as PostgreSQL can keep and index it: printable, and a digest in place of what is too long."""
    if len(text) > STORABLE_CHARACTERS:
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)


def _headers(record: ConsumerRecord[Any, Any]) -> dict[str, str] | Unreadable:
    if tuple(record.headers) == UNREADABLE_HEADERS:
        return Unreadable(record, "header_name_not_utf8", "")
    headers: dict[str, str] = {}
    for name, value in record.headers:
        if value is None:
            return Unreadable(record, "null_header", "")
        try:
            headers[name] = value.decode()
        except UnicodeDecodeError:
            return Unreadable(record, "header_not_utf8", "")
    return headers


def _delivered(
    record: ConsumerRecord[Any, Any], headers: dict[str, str], key: str, data: BaseModel
) -> Delivered[BaseModel]:
    return Delivered(
        id=UUID(headers["ce_id"]),
        source=headers["ce_source"],
        type=headers["ce_type"],
        topic=record.topic,
        key=key,
        subject=headers.get("ce_subject", key),
        time=datetime.fromisoformat(headers["ce_time"]),
        case=UUID(headers["ce_correlationid"]),
        sequence=int(headers["ce_sequence"]),
        data=data,
        context=resume(headers),
    )


def _places(error: ValidationError) -> str:
    # Only where and what kind: the value itself may be somebody's NIK.
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(part) for part in p['loc'])}: {p['type']}" for p in problems[:10])
