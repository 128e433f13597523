"""What tests of parked messages ask of the sample."""

from typing import Any
from uuid import UUID

import httpx

from chassis.auth import Role
from tests.support.service import OfficerClient, ServiceUnderTest


async def balances(sample: ServiceUnderTest) -> dict[int, int]:
    """Balance by account number."""
    return {row.id.int: row.balance_rupiah for row in await sample.fetch_all("SELECT id, balance_rupiah FROM account")}


async def credits_told(sample: ServiceUnderTest, account: int) -> list[int]:
    """Amounts of the account's credits, in the order in which the sample told them."""
    rows = await sample.fetch_all(
        "SELECT convert_from(body, 'UTF8')::jsonb ->> 'amount_rupiah' AS amount FROM outbox WHERE key = :key"
        " ORDER BY position",
        key=str(UUID(int=account)),
    )
    return [int(row.amount) for row in rows]


async def waiting(sample: ServiceUnderTest) -> list[tuple[str, int]]:
    """Reason and account of every message that waits, in order of arrival."""
    rows = await sample.fetch_all("SELECT reason, key FROM parked_message WHERE redriven_at IS NULL ORDER BY arrival")
    return [(row.reason, UUID(row.key).int if row.key else 0) for row in rows]


async def reasons(sample: ServiceUnderTest) -> list[str]:
    """Reasons of all that ever parked, in order of arrival."""
    return [row.reason for row in await sample.fetch_all("SELECT reason FROM parked_message ORDER BY arrival")]


async def message_ids(sample: ServiceUnderTest) -> list[UUID]:
    """Ids of all that ever parked, in order of arrival."""
    return [row.id for row in await sample.fetch_all("SELECT id FROM parked_message ORDER BY arrival")]


def operator(sample: ServiceUnderTest, subject: str = "operator-1") -> OfficerClient:
    """An operator of the whole installation."""
    return sample.as_(Role.OPERATOR, agency="*", region="", subject=subject)


async def start_redrive(sample: ServiceUnderTest, **selection: Any) -> UUID:
    """Queue a redrive; its job."""
    answer = await operator(sample).post("/admin/parked/redrive", json=selection)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def redrive(sample: ServiceUnderTest, **selection: Any) -> list[tuple[str, str | None]]:
    """Run a redrive to its end; outcome and reason of each message, in order of arrival."""
    job_id = await start_redrive(sample, **selection)
    await sample.run_jobs()
    return await results(sample, job_id)


async def results(sample: ServiceUnderTest, job_id: UUID) -> list[tuple[str, str | None]]:
    """Outcome and reason of each message of a redrive, read page by page."""
    found: list[tuple[str, str | None]] = []
    after: int | None = 0
    while after is not None:
        answer = await operator(sample).get(f"/admin/redrives/{job_id}?limit=2&after={after}")
        found += [(item["outcome"], item["reason"]) for item in answer.json()["items"]]
        after = answer.json()["next"]
    return found


async def propose(
    sample: ServiceUnderTest, message_id: UUID, *, maker: str = "operator-1", **mend: Any
) -> httpx.Response:
    """Propose a mend."""
    asked = {"kind": "replace", "reason": "publisher_confirmed"} | mend
    return await operator(sample, maker).post(f"/admin/parked/{message_id}/mends", json=asked)
