"""Events from the archives of those that published them: for when the log itself is gone."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiokafka import ConsumerRecord
from sqlalchemy import text

from chassis.replay.generations import Generations

FetchPage = Callable[[str, int], Awaitable[Mapping[str, Any]]]
"""Asks a publisher for events of its archive behind a position: those that are heard, `{"items": […]}`."""

SETTLE_SECONDS = 30
"""How long the live consumer may take to hear what the archives told already."""
_LOG = "archives"

_HEARD_COUNT = text("SELECT count(*) FROM inbox WHERE consumer = :consumer")
_HEARD = text(
    "SELECT source, event_id::text AS event_id FROM inbox WHERE consumer = :consumer AND (source, event_id) IN"
    " (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])::uuid[]))"
)
_AHEAD = text(
    """
    SELECT EXISTS (
        SELECT FROM inbox AS rebuilt WHERE rebuilt.consumer = :next AND NOT EXISTS (
            SELECT FROM inbox AS live WHERE live.consumer = :live AND live.source = rebuilt.source
            AND live.event_id = rebuilt.event_id))
    """
)


class Archives:
    """Reads every publisher's archive in order of position; the publishers' own order among each other is free."""

    offsets_of_live = True
    """Positions of archives are no offsets of the log: which events were heard is compared instead."""

    def __init__(self, publishers: Sequence[str], fetch: FetchPage) -> None:
        self.log_identity = _LOG
        self._publishers = publishers
        self._fetch = fetch
        self._after = dict.fromkeys(publishers, 0)
        self._waiting: dict[str, list[ConsumerRecord[Any, Any]]] = {publisher: [] for publisher in publishers}

    async def open(self, generations: Generations) -> int:
        """Return how many events there are to read, by what the live generation heard."""
        self._generations = generations
        consumer = (await generations.consumers())["live"]
        (row,) = await generations.fetch_all(_HEARD_COUNT, {"consumer": consumer})
        return int(row[0])

    async def next(self, *, held: bool) -> Sequence[ConsumerRecord[Any, Any]] | None:
        """The next page of some publisher; None when none has more, empty to ask again.

        While the live consumer is held only what it has heard: the rest waits here, in order, for another time.
        """
        for publisher in self._publishers:
            records = await self._page(publisher)
            if not held and self._waiting[publisher]:
                records = [*self._waiting[publisher], *(records or ())]
                self._waiting[publisher] = []
            if records is not None:
                return await self._heard(publisher, records) if held else records
        return await self._heard_meanwhile() if held else None

    async def _page(self, publisher: str) -> list[ConsumerRecord[Any, Any]] | None:
        page = await self._fetch(publisher, self._after[publisher])
        items = page["items"]
        if not items:
            return None
        self._after[publisher] = items[-1]["position"]
        return [_record(item) for item in items]

    async def _heard_meanwhile(self) -> list[ConsumerRecord[Any, Any]] | None:
        for publisher, waiting in self._waiting.items():
            self._waiting[publisher] = []
            if taken := await self._heard(publisher, waiting):
                return taken
        return None

    async def _heard(
        self, publisher: str, records: Sequence[ConsumerRecord[Any, Any]]
    ) -> list[ConsumerRecord[Any, Any]]:
        identities = [_identity(record) for record in records]
        parameters = {
            "consumer": (await self._generations.consumers())["live"],
            "sources": [source for source, _ in identities],
            "ids": [event_id for _, event_id in identities],
        }
        found = {(row.source, row.event_id) for row in await self._generations.fetch_all(_HEARD, parameters)}
        pairs = list(zip(records, identities, strict=True))
        self._waiting[publisher] += [record for record, identity in pairs if identity not in found]
        return [record for record, identity in pairs if identity in found]

    async def settle(self) -> None:
        """Wait until the live consumer has heard all that was read; after `SETTLE_SECONDS` the totals will tell."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            consumers = await self._generations.consumers()
            (row,) = await self._generations.fetch_all(_AHEAD, {"live": consumers["live"], "next": consumers["next"]})
            if not row[0]:
                return
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        """Nothing is kept open."""


def _identity(record: ConsumerRecord[Any, Any]) -> tuple[str, str]:
    headers = dict(record.headers)
    return headers["ce_source"].decode(), headers["ce_id"].decode()


def _record(item: Mapping[str, Any]) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic=item["topic"],
        partition=0,
        offset=item["position"],
        timestamp=0,
        timestamp_type=0,
        key=item["key"].encode(),
        value=base64.b64decode(item["body_base64"]),
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=tuple((name, str(value).encode()) for name, value in item["headers"].items()),
    )
