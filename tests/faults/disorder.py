"""The same events told in another order and many times over must leave the same state: how to shuffle, how to compare.

Order is promised per subject within its topic, as a partition keeps it; between keys and topics nothing is. So the
first deliveries of a key's events stay in their order, everything else is by lot: which key comes next, and when an
event that was delivered before comes again.
"""

import dataclasses
import hashlib
import itertools
import json
import random
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from tests.architecture.house import tables_of
from tests.faults.disorder_stories import Record
from tests.support.service import ServiceUnderTest

State = Mapping[str, Counter[str]]
"""Rows by table, as texts."""

_offsets = itertools.count(10_000_000)
BATCH_LIMIT: Final = 200

BY_CHANCE: Final[Mapping[str, frozenset[str]]] = {
    "mentoring_plan": frozenset({"version"}),
    "message": frozenset({"region_code"}),
}
"""Columns that count the steps instead of naming where they led; and the region of a message, which is a guess by
earlier messages until the registry is asked, when it is sent."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+]00:00|Z)")


def once_each(records: Sequence[Record]) -> list[Record]:
    """As told, at fresh offsets."""
    return [_delivered(record) for record in records]


def disordered(records: Sequence[Record], lot: random.Random, times: int) -> list[Record]:
    """Every record so many times, keys and topics interleaved by lot; first deliveries of a key keep its order."""
    fresh: dict[tuple[str, bytes | None], list[Record]] = defaultdict(list)
    for record in records:
        fresh[record.topic, record.key].append(record)
    turns = [place for place, some in fresh.items() for _ in range(len(some) * times)]
    lot.shuffle(turns)
    waiting = {place: list(reversed(some)) for place, some in fresh.items()}
    again: dict[tuple[str, bytes | None], list[Record]] = defaultdict(list)
    told: list[Record] = []
    for place in turns:
        repeats = again[place]
        if (waiting[place] and lot.random() < 1 / times) or not repeats:
            record = waiting[place].pop()
            repeats += [record] * (times - 1)
        else:
            record = repeats.pop(lot.randrange(len(repeats)))
        told.append(_delivered(record))
    return told


def repeated(cut: Sequence[Sequence[Record]], lot: random.Random, times: int) -> list[list[Record]]:
    """The same batches with every record so many times: the repeats by lot somewhere behind the first delivery."""
    records = [record for batch in cut for record in batch]
    ends = list(itertools.accumulate(len(batch) for batch in cut))
    told = [(float(place), record) for place, record in enumerate(records)]
    told += [(lot.uniform(place, len(records) - 0.5), record) for place, record in told for _ in range(times - 1)]
    found: list[list[Record]] = [[] for _ in cut]
    for place, record in sorted(told, key=itemgetter(0)):
        found[bisect_right(ends, place)].append(_delivered(record))
    return found


def batches(records: Sequence[Record], lot: random.Random) -> Iterator[Sequence[Record]]:
    """Cut as a consumer might get them."""
    start = 0
    while start < len(records):
        size = lot.randint(1, BATCH_LIMIT)
        yield records[start : start + size]
        start += size


def _delivered(record: Record) -> Record:
    return dataclasses.replace(record, offset=next(_offsets))


async def state_of(
    service: ServiceUnderTest,
    told: Sequence[Record],
    since: datetime,
    by_chance: Mapping[str, frozenset[str]] = BY_CHANCE,
) -> State:
    """What the service knows after it was told all this: the tables it declares and its timers, by content.

    What was told on the way (outbox) is not part of it: it follows from what was known at that moment, as when somebody
    whose death is heard late is planned for once more. What is so in the end does not.

    Columns named in `by_chance` and identity columns are left out; moments since the run began read `now`; an id that
    the service drew itself (a UUIDv7 that no event brought) reads as a digest of all rows that bear it.
    """
    tables = sorted({*tables_of(service.service.name).tables, "timer"})
    rows = {table: await _rows(service, table, since, by_chance) for table in tables}
    drawn = {own for found in rows.values() for row in found for own in _UUID.findall(row)} - _ids_in(told)
    bearing: dict[str, set[str]] = defaultdict(set)
    for table, found in rows.items():
        for row in found:
            for own in set(_UUID.findall(row)) & drawn:
                bearing[own].add(f"{table}{_as_seen_by(row, own, drawn)}")
    names = {own: hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()[:16] for own, lines in bearing.items()}
    return {
        table: Counter(_UUID.sub(lambda id_: names.get(id_.group(), id_.group()), row) for row in found)
        for table, found in rows.items()
    }


def digest(state: State) -> str:
    """One hash of a state."""
    lines = sorted(f"{table} {count} {row}" for table, found in state.items() for row, count in found.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def differences(one: State, other: State) -> dict[str, Any]:
    """By table, some rows that only one of two states has."""
    found: dict[str, Any] = {}
    for table in one.keys() | other.keys():
        left, right = one.get(table, Counter()), other.get(table, Counter())
        if left != right:
            found[table] = {"only_first": list(left - right)[:3], "only_second": list(right - left)[:3]}
    return found


def _ids_in(told: Sequence[Record]) -> set[str]:
    text = b" ".join(part for record in told for part in (record.value, *(value for _, value in record.headers)))
    return set(_UUID.findall(text.decode()))


def _as_seen_by(row: str, own: str, drawn: set[str]) -> str:
    return _UUID.sub(lambda id_: "self" if id_.group() == own else "own" if id_.group() in drawn else id_.group(), row)


async def _rows(
    service: ServiceUnderTest, table: str, since: datetime, by_chance: Mapping[str, frozenset[str]]
) -> list[str]:
    identities = await service.fetch_all(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attidentity <> ''", table=table
    )
    left_out = {row.attname for row in identities} | by_chance.get(table, frozenset()) | {"trace"}
    rows = []
    for found in await service.fetch_all(f'SELECT to_jsonb(t) AS row FROM "{table}" AS t'):
        row = {name: value for name, value in found.row.items() if name not in left_out}
        if table == "timer" and row["state"] == "cancelled":
            continue  # set and taken back, or never set: the same
        rows.append(_MOMENT.sub(lambda moment: _now_if_recent(moment.group(), since), json.dumps(row, sort_keys=True)))
    return rows


def _now_if_recent(text: str, since: datetime) -> str:
    moment = datetime.fromisoformat(text)
    return "now" if since <= moment <= datetime.now(UTC) else text


async def told_by(service: ServiceUnderTest) -> Counter[str]:
    """The facts in the outbox, with the ids that follow from their causes."""
    rows = await service.fetch_all(
        "SELECT type, subject, headers ->> 'ce_sequence' AS version, event_id, body FROM outbox"
    )
    return Counter(" ".join(str(value) for value in row) for row in rows)


async def told_twice(service: ServiceUnderTest) -> list[str]:
    """Facts in the outbox of which one version of an aggregate speaks more than once."""
    rows = await service.fetch_all(
        "SELECT type, subject, headers ->> 'ce_sequence' AS version FROM outbox GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    return [f"{row.type} {row.subject} {row.version}" for row in rows]
