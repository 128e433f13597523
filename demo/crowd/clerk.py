"""A user's client that does not give up: the same request with the same key until it is acknowledged."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.crowd.acts import Act, Journal
from demo.officers import Mint

PATIENCE_SECONDS = 240
PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 30


class RefusedError(Exception):
    """A service answered with a refusal that repeating does not mend."""

    def __init__(self, act: str, status: int, text: str) -> None:
        super().__init__(f"{act}: {status} {text[:500]}")
        self.status = status


@dataclass(slots=True)
class Clerk:
    """Sends requests for officers. Connection errors, 5xx and 409 in progress are repeated with the same key."""

    mint: Mint
    """Its tokens must outlive the run: each officer gets one."""
    urls: Mapping[str, str]
    journal: Journal = field(default_factory=Journal)
    in_flight: int = 0
    """Acts sent and not acknowledged yet, their repetitions included. Reads are no work: a waiting officer polls."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Repetitions by what they were for: a status, or the class of the connection's error."""
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=40, max_keepalive_connections=20)
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def act(
        self, kind: str, officer: tuple[str, str], service: str, path: str, body: Any, *,
        people: Sequence[str] = (), query: Mapping[str, str] | None = None, **details: Any,
    ) -> str:  # fmt: skip
        """Do something as (subject, role) and put it into the journal once it is acknowledged; the id answered."""
        key = uuid.uuid4().hex
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        content = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = self._headers(officer) | {"Idempotency-Key": key, "Content-Type": content}
        request = self._client.build_request(
            "POST", self.urls[service] + path, params=dict(query or {}), content=raw, headers=headers
        )
        self.in_flight += 1
        try:
            answer = str((await self._until_answered(request, f"{kind}: POST {service}{path}"))["id"])
        finally:
            self.in_flight -= 1
        self.journal.add(Act(kind, tuple(people), details, service, path, key, answer))
        return answer

    async def look_up(self, officer: tuple[str, str], service: str, path: str, body: Any) -> Any:
        """A POST that only reads: no key, not in the journal."""
        request = self._client.build_request(
            "POST", self.urls[service] + path, json=body, headers=self._headers(officer)
        )
        return await self._until_answered(request, f"POST {service}{path}")

    async def get(self, officer: tuple[str, str], service: str, path: str, **query: Any) -> Any:
        """The JSON answer of a read."""
        request = self._client.build_request(
            "GET", self.urls[service] + path, params=query, headers=self._headers(officer)
        )
        return await self._until_answered(request, f"GET {service}{path}")

    async def get_or_none(self, officer: tuple[str, str], service: str, path: str, **query: Any) -> Any:
        """As `get`; None for what is not there."""
        try:
            return await self.get(officer, service, path, **query)
        except RefusedError as refusal:
            if refusal.status != httpx.codes.NOT_FOUND:
                raise
            return None

    async def get_all(self, officer: tuple[str, str], service: str, path: str, **query: Any) -> list[Any]:
        """All items of a list that comes in pages."""
        items: list[Any] = []
        after: dict[str, str] = {}
        while True:
            page = await self.get(officer, service, path, **{"limit": 200, **query, **after})
            items += page["items"]
            if page.get("next") is None:
                return items
            after = {"after": page["next"]}

    def _headers(self, officer: tuple[str, str]) -> dict[str, str]:
        if officer not in self._tokens:
            subject, role = officer
            everywhere = role == "operator"
            agency, region = ("*", "") if everywhere else ("dinsos", "33.28")
            self._tokens[officer] = self.mint(subject, [role], agency, region)
        return {"Authorization": f"Bearer {self._tokens[officer]}", "Accept-Language": "en"}

    async def _until_answered(self, request: httpx.Request, what: str) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = await self._client.send(request)
            except httpx.TransportError as error:
                reason = type(error).__name__
            else:
                if not _comes_again(response):
                    return _answer(response, what)
                reason = str(response.status_code)
            if time.monotonic() > deadline:
                raise RefusedError(what, 0, f"not acknowledged after {PATIENCE_SECONDS} s: {reason}")
            self.repeated[reason] += 1
            await asyncio.sleep(PAUSE_SECONDS)


def _comes_again(response: httpx.Response) -> bool:
    in_progress = response.status_code == httpx.codes.CONFLICT and "request-in-progress" in response.text
    return response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or in_progress


def _answer(response: httpx.Response, what: str) -> Any:
    if response.is_error:
        raise RefusedError(what, response.status_code, response.text)
    return response.json() if response.content else None
