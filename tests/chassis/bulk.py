"""Bulk work on the sample: ordering it, and what became of it."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.support.service import OfficerClient, ServiceUnderTest

TOP_UP = "/accounts/{account_id}/credits"
CREDIT = "/credits"


def account(number: int) -> str:
    """The id of the account of that number."""
    return str(UUID(int=number))


async def with_accounts(officer: OfficerClient, numbers: Sequence[int], amount_rupiah: int = 100) -> None:
    """Accounts of the officer's agency and region, with a balance."""
    for number in numbers:
        response = await officer.post(CREDIT, json={"account_id": account(number), "amount_rupiah": amount_rupiah})
        assert response.status_code == 201, response.text


async def ordered(officer: OfficerClient, **body: Any) -> UUID:
    """The id of a bulk job that is taken; its text is ASCII, so that it may hold whatever JSON can."""
    response = await officer.post("/bulk", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 202, response.text
    return UUID(response.json()["id"])


async def rows_of(officer: OfficerClient, job_id: UUID, **query: Any) -> list[dict[str, Any]]:
    """Rows of the job, page by page."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        response = await officer.get(f"/bulk/{job_id}/rows", params={**query, "after_row": after, "limit": 2})
        assert response.status_code == 200, response.text
        page = response.json()
        found, after = found + page["items"], page["next"]
    return found


async def job_of(officer: OfficerClient, job_id: UUID) -> dict[str, Any]:
    """Progress as the officer sees it."""
    return dict((await officer.get(f"/jobs/{job_id}")).json())


async def balances(sample: ServiceUnderTest) -> dict[int, int]:
    """Balance by the account's number."""
    rows = await sample.fetch_all("SELECT id, balance_rupiah FROM account")
    return {row.id.int: row.balance_rupiah for row in rows}


async def chunk(sample: ServiceUnderTest) -> bool:
    """One chunk of the job whose turn it is."""
    return await sample.service.jobs.run_next(sample.service.database, 1_000_000)
