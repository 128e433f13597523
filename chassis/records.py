"""Kafka records as they come: read into events, or named as unreadable. Nothing here may raise."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import BaseModel, ValidationError

from chassis.encryption import Vault
from chassis.events import Catalogue, Delivered, EventEntry
from chassis.outbox import BODY_LIMIT_BYTES
from chassis.telemetry import current_trace_id, resume

_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE = re.compile(r"[a-z-]{1,50}\.[a-z_]{1,80}\.v[0-9]{1,4}")
_ATTRIBUTE = re.compile(r"ce_[a-z]{1,20}")
_LINE_AND_COLUMN = re.compile(r"line \d+ column \d+")
UNREADABLE_HEADERS = (("sinergi-unreadable", b"header_name_not_utf8"),)
"""Stands in a record of which the client library could read nothing but its place."""

REQUIRED_ATTRIBUTES = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_correlationid", "ce_sequence")
_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "ce_id": UUID,
    "ce_time": datetime.fromisoformat,
    "ce_correlationid": UUID,
    "ce_sequence": int,
}


class Attributes(NamedTuple):
    """The attributes of an event that are no text, in the order of their parsers."""

    id: UUID
    time: datetime
    case: UUID
    sequence: int


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


class Readable(NamedTuple):
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

    @classmethod
    def of_publisher(cls, service: str, catalogue: Catalogue) -> "RecordReader":
        """Reads what the service itself tells, whether or not it hears it too."""
        reader = cls(service, catalogue, ())
        reader._heard = frozenset(kind for kind, entry in catalogue.items() if entry.owner == service)
        return reader

    def known(self, type_: str) -> str:
        """The type if the catalogue has it, else `unknown`: a sender's own words never become a metric's label."""
        return type_ if type_ in self._catalogue else "unknown"

    def read(self, record: ConsumerRecord[Any, Any]) -> Arrived:
        """Classify one record."""
        headers = _headers(record)
        if isinstance(headers, Unreadable):
            return headers
        if not all(map(headers.get, REQUIRED_ATTRIBUTES)):
            return _incomplete(record, headers)
        kind = headers["ce_type"]
        if kind not in self._heard:
            return Skipped(record, type_text(kind))
        if record.value is None:
            return Unreadable(record, "tombstone", "", type_text(kind))
        return self._event(record, headers, record.value, self._catalogue[kind])

    def _event(
        self, record: ConsumerRecord[Any, Any], headers: dict[str, str], body: bytes, entry: EventEntry
    ) -> Readable | Unreadable:
        if record.topic != entry.topic.name:
            return Unreadable(record, "wrong_topic", entry.topic.name, entry.type)
        if record.key is None:
            return Unreadable(record, "missing_key", entry.key, entry.type)
        if len(body) > BODY_LIMIT_BYTES:
            return Unreadable(record, "oversized", f"{len(body)} bytes", entry.type)
        attributes = _attributes(headers)
        if not isinstance(attributes, Attributes):
            return Unreadable(record, "malformed_attributes", ",".join(attributes), entry.type)
        try:
            data: BaseModel = entry.model.model_validate_json(body)
        except ValidationError as error:
            if (first := error.errors()[0])["type"] == "json_invalid":
                return Unreadable(record, "malformed_json", _json_place(first), entry.type)
            return Unreadable(record, "schema", _places(error), entry.type)
        key = str(getattr(data, entry.key))
        if record.key != key.encode():
            return Unreadable(record, "wrong_key", entry.key, entry.type)
        return Readable(record, _delivered(record, headers, attributes, key, data))


@dataclass(frozen=True, slots=True)
class RecordOrigin:
    """What a record's headers say of where it comes from, as far as they can be read at all."""

    event_id: UUID | None
    correlation_id: UUID | None
    trace_id: str | None


def origin_of(record: ConsumerRecord[Any, Any]) -> RecordOrigin:
    """Event, case and trace of a record, however broken the rest of it is."""
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers if value is not None}
    return RecordOrigin(
        _id_or_none(headers.get("ce_id")),
        _id_or_none(headers.get("ce_correlationid")),
        current_trace_id(resume(headers)),
    )


def key_text(record: ConsumerRecord[Any, Any], vault: Vault) -> str | None:
    """The record's key in a form that can be stored, listed and compared; None where it has none."""
    return None if record.key is None else stored_key(record.key, vault)


def stored_key(key: bytes, vault: Vault) -> str:
    """An id as it is; of anything else, which may be somebody's NIK, a keyed digest: equal keys give equal text."""
    return key.decode() if _ID.fullmatch(key) else f"not-an-id:{vault.blind_index(key.hex()).hex()}"


def type_text(kind: str) -> str:
    """A type that looks like one of ours, else `unknown`: a sender's own words may name somebody."""
    return kind if _TYPE.fullmatch(kind) else "unknown"


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


def _incomplete(record: ConsumerRecord[Any, Any], headers: Mapping[str, str]) -> Unreadable:
    told = type_text(headers["ce_type"]) if headers.get("ce_type") else None
    if record.value is None:
        return Unreadable(record, "tombstone", "", told)
    if not any(name.startswith("ce_") for name in headers):
        return Unreadable(record, "not_a_cloudevent", "")
    missing = ",".join(name for name in REQUIRED_ATTRIBUTES if not headers.get(name))
    return Unreadable(record, "missing_attributes", missing, told)


def _attributes(headers: Mapping[str, str]) -> Attributes | list[str]:
    """The attributes with their types, or the names of those that no event of ours can have so."""
    try:
        if headers["ce_specversion"] == "1.0" and "\x00" not in "".join(headers.values()):
            return _parsed(headers)
    except ValueError:
        pass
    return _malformed(headers) or _parsed(headers)


def _parsed(headers: Mapping[str, str]) -> Attributes:
    return Attributes(*[parse(headers[name]) for name, parse in _PARSERS.items()])


def _malformed(headers: Mapping[str, str]) -> list[str]:
    found = {name for name, value in headers.items() if name.startswith("ce_") and "\x00" in value}
    if headers["ce_specversion"] != "1.0":
        found.add("ce_specversion")
    for name, parse in _PARSERS.items():
        try:
            parse(headers[name])
        except ValueError:
            found.add(name)
    return sorted({name if _ATTRIBUTE.fullmatch(name) else "ce_?" for name in found})


def _id_or_none(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def _delivered(
    record: ConsumerRecord[Any, Any], headers: dict[str, str], attributes: Attributes, key: str, data: BaseModel
) -> Delivered[BaseModel]:
    return Delivered(
        id=attributes.id,
        source=headers["ce_source"],
        type=headers["ce_type"],
        topic=record.topic,
        key=key,
        subject=headers.get("ce_subject", key),
        time=attributes.time,
        case=attributes.case,
        sequence=attributes.sequence,
        data=data,
        context=resume(headers),
    )


def _json_place(problem: Mapping[str, Any]) -> str:
    found = _LINE_AND_COLUMN.search(str(problem.get("ctx", {}).get("error", "")))
    return found.group() if found else ""


def _places(error: ValidationError) -> str:
    # Only where and what kind: the value itself may be somebody's NIK.
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(part) for part in p['loc'])}: {p['type']}" for p in problems[:10])
