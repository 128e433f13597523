"""Identifiers: time-ordered, so that indexes grow at one end; what has a cause takes its id from it."""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

RECENT_DAYS = 400

_TIME_SHIFT = 80
_HASH_BYTES = 10
_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_NEITHER_VERSION_NOR_VARIANT = ~((0xF << 76) | (0x3 << 62))


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def derived_id(cause: UUID, *names: object) -> UUID:
    """The UUIDv7 of what `cause` brings about under these names: the same whenever it is done again.

    Its time is that of the cause's id, the rest a hash of cause and names. For names that somebody outside chooses, a
    collision could be sought, but not found: 74 bits of SHA-256.
    """
    return _shaped(cause.int >> _TIME_SHIFT, cause.bytes, names)


def id_at(moment: datetime, *names: object) -> UUID:
    """The UUIDv7 of something that is known by these names and this moment, not by an id that tells its time."""
    return _shaped(max(0, int(moment.timestamp() * 1000)), b"", names)


def in_order(cause: UUID, place: int) -> UUID:
    """A cause for the one at this place of many, a millisecond a place later: ids derived from them keep the order."""
    return _shaped((cause.int >> _TIME_SHIFT) + place, cause.bytes, (place,))


def is_recent(given: UUID) -> bool:
    """Whether somebody else's id is a UUIDv7 of the last 400 days, at most a day ahead: fit to take the time from."""
    age_days = (time.time() * 1000 - (given.int >> _TIME_SHIFT)) / 86_400_000
    return given.version == 7 and -1 <= age_days <= RECENT_DAYS


@dataclass(frozen=True, slots=True)
class Origin:
    """On whose account something is done that no event caused: a request, a timer, a job, a message's attempt.

    `tells_once`: whether it tells a fact of one type about a subject once only. Where it may tell it again, the
    subject's sequence number tells the two apart.
    """

    id: UUID
    tells_once: bool = True


def _shaped(milliseconds: int, cause: bytes, names: tuple[object, ...]) -> UUID:
    digest = hashlib.sha256(cause + "\x1f".join(map(str, names)).encode()).digest()
    value = (milliseconds & (1 << 48) - 1) << _TIME_SHIFT | int.from_bytes(digest[:_HASH_BYTES])
    return UUID(int=value & _NEITHER_VERSION_NOR_VARIANT | _VERSION_7 | _VARIANT)
