"""Asks the registry for names, the one request between services: each look-up is recorded there with its purpose."""

from collections.abc import Sequence
from uuid import UUID

import httpx
from fastapi import Request

from chassis.errors import Refusal
from chassis.tls import trusted
from services.disbursement.settings import Settings

_PURPOSE = "handover"
LOOK_UP_AT_MOST = 500
"""People the registry looks up in one request."""


class NamesUnavailable(Refusal):
    """The registry does not answer: a record without a name must not be printed."""

    status = 503
    title = "The registry does not answer; try again in a moment"


async def names_of(request: Request, person_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """Name, village and address by person, asked with the reader's own token; people it may not see are left out.

    At most `LOOK_UP_AT_MOST` people. Raises NamesUnavailable.
    """
    if not person_ids:
        return {}
    settings: Settings = request.app.state.settings
    headers = {"Authorization": request.headers.get("authorization") or f"Bearer {request.cookies.get('session', '')}"}
    found: dict[UUID, dict[str, str]] = {}
    async with httpx.AsyncClient(
        verify=trusted(), base_url=settings.registry_url, headers=headers, timeout=settings.registry_timeout_seconds
    ) as client:
        for item in await _look_up(client, person_ids):
            found[UUID(item["person_id"])] = {
                name: str(item.get(name) or "") for name in ("name", "address", "village")
            }
    return found


async def _look_up(client: httpx.AsyncClient, person_ids: Sequence[UUID]) -> list[dict[str, str]]:
    body = {"purpose": _PURPOSE, "person_ids": [str(each) for each in person_ids]}
    try:
        response = await client.post("/contacts/lookup", json=body)
    except httpx.HTTPError:
        raise NamesUnavailable from None
    if response.status_code == httpx.codes.FORBIDDEN:
        return []
    if response.is_error:
        raise NamesUnavailable(registry_status=response.status_code)
    items: list[dict[str, str]] = response.json()["items"]
    return items
