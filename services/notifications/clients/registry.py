"""Names and contacts, looked up at the registry when they are needed and kept nowhere."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.registry import PersonStatus
from services.notifications.domain.outcome import NotTried

PURPOSE: Final = "invitation"
"""Recorded at the registry with every look-up (UU 27/2022: purpose and access trail)."""

_AT_MOST: Final = 500
"""People the registry looks up in one request."""


class Contact(BaseModel):
    """What the registry tells about one person."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    person_id: UUID
    name: str
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    village: str | None = None
    region_code: str | None = None
    status: str

    @property
    def active(self) -> bool:
        """Whether the person neither died nor moved away."""
        return self.status == PersonStatus.ACTIVE


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    items: list[Contact]


class ContactBook:
    """Asks the registry with this service's own token, read anew each time because it is renewed on disk."""

    def __init__(self, client: httpx.AsyncClient, url: str, token_file: Path | None) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/contacts/lookup"
        self._token_file = token_file

    async def look_up(self, person_ids: Sequence[UUID], purpose: str = PURPOSE) -> dict[UUID, Contact]:
        """Contacts by person; a person the registry does not know is left out. Raises `NotTried`."""
        wanted = sorted({str(person_id) for person_id in person_ids})
        found: dict[UUID, Contact] = {}
        for start in range(0, len(wanted), _AT_MOST):
            answer = await self._ask(purpose, wanted[start : start + _AT_MOST])
            found |= {contact.person_id: contact for contact in answer.items}
        return found

    async def _ask(self, purpose: str, person_ids: list[str]) -> _Answer:
        try:
            response = await self._client.post(
                self._url, json={"purpose": purpose, "person_ids": person_ids}, headers=await self._headers()
            )
            return _Answer.model_validate_json(response.raise_for_status().content)
        except (httpx.HTTPError, OSError):
            raise NotTried("registry_unavailable") from None
        except ValidationError:
            raise NotTried("registry_answer_invalid") from None

    async def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        token = await asyncio.to_thread(self._token_file.read_text)
        return {"Authorization": f"Bearer {token.strip()}"}
