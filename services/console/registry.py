"""The one question the console asks: who is this, put to the registry in the name of the officer who looks."""

from uuid import UUID

import httpx

from chassis.logs import logger
from chassis.tls import trusted
from services.console.domain.masking import masked_name

PURPOSE = "case_work"

log = logger(__name__)


class Registry:
    """The registry's look-up of contacts; every use leaves its purpose in the registry's access trail."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def masked_name_of(self, person_id: UUID, token: str) -> str | None:
        """The masked name; None when the registry is out of reach or does not tell this officer."""
        headers = {"Authorization": f"Bearer {token}"}
        body = {"person_ids": [str(person_id)], "purpose": PURPOSE}
        try:
            async with httpx.AsyncClient(verify=trusted(), timeout=self._timeout_seconds) as client:
                response = await client.post(f"{self._url}/contacts/lookup", json=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("registry_unreachable", error=type(error).__name__)
            return None
        if response.is_error:
            return None
        found = [item["name"] for item in response.json()["items"] if item.get("name")]
        return masked_name(found[0]) if found else None
