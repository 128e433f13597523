"""Officers of the scenario: each with a token of their own, talking to the services' public APIs only."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx

from demo.errors import DemoError

Mint = Callable[[str, Sequence[str], str, str], str]
"""Gives a token for subject, roles, agency and region."""

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

AT_ONCE: Final = 12
"""Requests in the air at a time: enough for two cores."""
_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:sinergi:demo:tegal-2023")


@dataclass(frozen=True, slots=True)
class Office:
    """The services' addresses, the tokens and the connections all officers share."""

    urls: Mapping[str, str]
    mint: Mint
    client: httpx.AsyncClient

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the services."""
        return tuple(self.urls)

    def officer(self, subject: str, role: str, *, agency: str = "dinsos", region: str = "33.28") -> "Officer":
        """An officer with a token for these rights."""
        return Officer(self, subject, self.mint(subject, [role], agency, region))


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer at work."""

    office: Office
    subject: str
    token: str

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """The JSON answer of a read. Raises DemoError for a refusal."""
        request = self.office.client.build_request(
            "GET", self._url(service, path), params=query, headers=self._headers()
        )
        return self._answer(await self._send(request), f"GET {service}{path}")

    async def get_all(self, service: str, path: str, **query: Any) -> list[Any]:
        """All items of a list that comes in pages."""
        items: list[Any] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(service, path, **{"limit": 200, **query, **after})
            items += page["items"]
            if page.get("next") is None:
                return items
            after = {"after": page["next"]}

    async def post(self, service: str, path: str, body: Any = None, *, mark: str = "", **query: Any) -> UUID:
        """The id of what an act made or changed."""
        return UUID((await self.ask(service, path, body, mark=mark, **query))["id"])

    async def ask(self, service: str, path: str, body: Any = None, *, mark: str = "", **query: Any) -> Any:
        """The JSON answer of a POST. Raises DemoError for a refusal.

        The idempotency key is derived from the request itself: a scenario that was interrupted is played again from its
        beginning, and what was done already is answered from memory instead of being done twice. `mark` tells acts
        apart that are alike to the letter.
        """
        content = body if isinstance(body, bytes) else json.dumps(body or {}, sort_keys=True, default=str).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        target = f"{path}?{urlencode(query)}" if query else path
        key = uuid5(_NAMESPACE, f"{self.subject} {service} {target} {mark} {content.hex()}")
        headers = self._headers() | {"Idempotency-Key": str(key), "Content-Type": kind}
        request = self.office.client.build_request("POST", self._url(service, target), content=content, headers=headers)
        return self._answer(await self._send(request), f"POST {service}{path}")

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send; the same request again while the service is restarting or asks to come back later."""
        pauses_seconds = iter(_PAUSES_SECONDS)
        while True:
            pause_seconds = next(pauses_seconds, None)
            try:
                response = await self.office.client.send(request)
                if pause_seconds is None or not _comes_again(response):
                    return response
            except httpx.TransportError as error:
                if pause_seconds is None:
                    raise DemoError(f"{request.url} does not answer: {type(error).__name__}") from error
            await asyncio.sleep(pause_seconds)

    def _url(self, service: str, path: str) -> str:
        return self.office.urls[service] + path

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}

    def _answer(self, response: httpx.Response, act: str) -> Any:
        if response.is_error:
            raise DemoError(f"{act} by {self.subject} was refused: {response.status_code} {response.text[:600]}")
        return response.json() if response.content else None


def _comes_again(response: httpx.Response) -> bool:
    """Unavailable for the moment, or the same request is still being worked on."""
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return True
    return response.status_code == httpx.codes.CONFLICT and "request-in-progress" in response.text


async def all_of(items: Iterable[ItemT], act: Callable[[ItemT], Awaitable[ResultT]]) -> list[ResultT]:
    """Do the same for many, some at a time; the results in the order of the items. Raises the first failure."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: ItemT) -> ResultT:
        async with room:
            return await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except* Exception as failed:
        first = failed.exceptions[0]
        raise first from None
    return [task.result() for task in tasks]
