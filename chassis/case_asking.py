"""Asks all services at once about a case, in the name of whoever looks: the client carries that person's token."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import httpx
from pydantic import TypeAdapter, ValidationError

from chassis.case_timeline import CaseTimeline, expected_consumers, joined, named
from chassis.case_views import EVENTS_LIMIT, EventView, HeardView
from chassis.events import Catalogue

AnswerT = TypeVar("AnswerT")

_EVENTS = TypeAdapter(list[EventView])
_HEARD = TypeAdapter(list[HeardView])


async def read_case(
    client: httpx.AsyncClient,
    urls: Mapping[str, str],
    catalogue: Catalogue,
    case_id: UUID,
    *,
    person_id: UUID | None = None,
) -> CaseTimeline:
    """Ask all services, by name and address, and join what they tell.

    A service that does not answer is named in the result, and the rest is shown without it.
    """
    asking = _Asking(client, urls, case_id)
    pages = await asyncio.gather(*(asking.events(service) for service in urls))
    told = [(service, event) for service, found in zip(urls, pages, strict=True) for event in found]
    person_id = person_id or named(told, "person_id")
    expected = {
        name: [event.event_id for _, event in told if name in expected_consumers(catalogue, event.type, urls)]
        for name in urls
    }
    answers = await asyncio.gather(*(asking.heard(name, ids, person_id) for name, ids in expected.items()))
    heard = dict(zip(urls, answers, strict=True))
    return joined(case_id, told, heard, asking.silent, catalogue, person_id)


class _Asking:
    """The questions about one case; remembers who did not answer."""

    def __init__(self, client: httpx.AsyncClient, urls: Mapping[str, str], case_id: UUID) -> None:
        self._client = client
        self._urls = urls
        self._case_id = case_id
        self.silent: dict[str, str] = {}

    async def events(self, service: str) -> list[EventView]:
        """All events the service published for the case; fewer, when it falls silent on the way."""
        found: list[EventView] = []
        while True:
            query = {"after": found[-1].position if found else 0}
            page = await self._ask(service, "/admin/events", query, _EVENTS)
            found += page or []
            if not page or len(page) < EVENTS_LIMIT:
                return found

    async def heard(self, service: str, event_ids: Sequence[UUID], person_id: UUID | None) -> list[HeardView] | None:
        """Where the events stand in the service, and what else is parked there; None when it does not answer."""
        found: dict[UUID | None, HeardView] = {}
        nameless: list[HeardView] = []
        # At least once, since something may be parked of a case of which nothing else is known.
        for start in range(0, max(len(event_ids), 1), EVENTS_LIMIT):
            portion = [str(one) for one in event_ids[start : start + EVENTS_LIMIT]]
            query = {"event_id": portion, **({"key": str(person_id)} if person_id else {})}
            answer = await self._ask(service, "/admin/heard", query, _HEARD)
            if answer is None:
                return None
            found |= {view.event_id: view for view in answer if view.event_id is not None}
            nameless = [view for view in answer if view.event_id is None]
        return [*found.values(), *nameless]

    async def _ask(
        self, service: str, path: str, query: Mapping[str, int | str | Sequence[str]], shape: TypeAdapter[AnswerT]
    ) -> AnswerT | None:
        try:
            answer = await self._client.get(self._urls[service] + path, params={"case": str(self._case_id), **query})
            if answer.is_success:
                return shape.validate_json(answer.content)
            self.silent[service] = f"HTTP {answer.status_code}"
        except (httpx.HTTPError, ValidationError) as error:
            self.silent[service] = type(error).__name__
        return None
