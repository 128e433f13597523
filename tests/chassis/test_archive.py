"""The archive read page by page: everything ever told, in order, and nothing that a page could pass by."""

import asyncio
import base64
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.admin import archive
from chassis.auth import Role
from tests.chassis.sample.contract import CreditedV1
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest


async def _credit(sample: ServiceUnderTest, *accounts: int) -> None:
    for account in accounts:
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=account), amount_rupiah=account))


async def _get(sample: ServiceUnderTest, role: Role = Role.OPERATOR, **query: Any) -> httpx.Response:
    return await sample.as_(role, agency="*", region="").get("/admin/archive", params=query)


async def test_pages_hold_every_event_as_it_is_published(sample: ServiceUnderTest) -> None:
    await _credit(sample, 1, 2, 3, 4, 5)
    pages, after = [], 0
    while after is not None:
        page = (await _get(sample, Role.SERVICE, after=after, limit=2)).json()
        pages.append(page["items"])
        after = page["next"]
    assert [len(page) for page in pages] == [2, 2, 1]
    items = [item for page in pages for item in page]
    rows = await sample.fetch_all(
        "SELECT position, event_id, topic, key, type, headers, body FROM outbox ORDER BY position"
    )
    shown = [(i["position"], i["event_id"], i["topic"], i["key"], i["type"], i["headers"]) for i in items]
    assert shown == [(row.position, str(row.event_id), row.topic, row.key, row.type, row.headers) for row in rows]
    assert [base64.b64decode(item["body_base64"]) for item in items] == [row.body for row in rows]


async def test_only_the_types_asked_for(sample: ServiceUnderTest) -> None:
    await _credit(sample, 1)
    kind = CreditedV1.event_type
    assert len((await _get(sample, type=[kind, "another.fact.v1"])).json()["items"]) == 1
    assert (await _get(sample, type="another.fact.v1")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 200), (Role.PETUGAS, 403), (Role.ADMINISTRATOR, 403)])
async def test_who_may_read_it(sample: ServiceUnderTest, role: Role, status: int) -> None:
    assert (await _get(sample, role)).status_code == status


@pytest.mark.parametrize("limit", [0, archive.ARCHIVE_LIMIT + 1])
async def test_a_page_has_a_limit(sample: ServiceUnderTest, limit: int) -> None:
    assert (await _get(sample, limit=limit)).status_code == 422


async def test_a_page_passes_no_event_by_that_is_committed_later(sample: ServiceUnderTest) -> None:
    """The first transaction holds the lower position and commits after the second."""
    async with sample.service.database.transaction() as slow:
        await credit(slow, Credit(account_id=UUID(int=1), amount_rupiah=1))
        await slow.flush()
        await _credit(sample, 2)
        page = asyncio.create_task(_get(sample))
        done, _ = await asyncio.wait([page], timeout=0.5)
        assert not done
    keys = [item["key"] for item in (await page).json()["items"]]
    assert keys == [str(UUID(int=1)), str(UUID(int=2))]


async def test_a_transaction_that_does_not_end_is_not_waited_for_for_ever(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "WRITERS_TIMEOUT_SECONDS", 0.2)
    async with sample.service.database.transaction() as slow:
        await credit(slow, Credit(account_id=UUID(int=1), amount_rupiah=1))
        await slow.flush()
        assert (await _get(sample)).status_code == 409
