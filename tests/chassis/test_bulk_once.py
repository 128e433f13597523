"""What bulk work does no second time: what a list shows twice, and failed rows that are being tried again."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.auth import Role
from chassis.bulk import job as bulk_job
from chassis.bulk import orders
from chassis.bulk.items import any_to_retry
from chassis.paging import Page
from chassis.transaction import Transaction
from tests.chassis.bulk import CREDIT, TOP_UP, account, balances, chunk, job_of, ordered, rows_of, with_accounts
from tests.chassis.sample import service as sample_service
from tests.chassis.sample.service import AccountView, find_accounts
from tests.support.service import OfficerClient, ServiceUnderTest

FAILING = [{"account_id": account(n), "amount_rupiah": 2_000_000 if n > 2 else 1} for n in range(1, 7)]
TOLD = {
    "en": "These rows are being tried again already: see the job that does it",
    "id": "Baris-baris ini sudah sedang dicoba lagi: lihat pekerjaan yang melakukannya",
}


async def test_what_a_list_shows_twice_is_done_once(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that moves while the pages are read may stand on two of them; what is given as a list is all meant."""
    monkeypatch.setattr(bulk_job, "PAGE_ITEMS", 2)

    async def with_the_last_again(tx: Transaction, after: UUID | None, limit: int, **more: Any) -> Page[AccountView]:
        return await find_accounts(tx, after and UUID(int=after.int - 1), limit, **more)

    monkeypatch.setattr(sample_service, "find_accounts", with_the_last_again)
    officer = sample.as_(Role.PETUGAS)
    await with_accounts(officer, range(1, 5))
    each = {"act": TOP_UP, "each_of": "/accounts", "take": {"account_id": "id"}}
    job_id = await ordered(officer, **each, same={"amount_rupiah": 5})
    alike = await ordered(officer, act=CREDIT, each_of="/accounts", same={"account_id": account(9), "amount_rupiah": 5})
    for _ in range(6):
        assert await chunk(sample)
    (kept,) = await sample.fetch_all("SELECT count(request_index) AS found FROM bulk_item")
    assert kept.found == 4 + 1
    await sample.run_jobs()
    rows = await rows_of(officer, job_id)
    assert [(row["number"], row["resource_id"]) for row in rows] == [(n, account(n)) for n in range(1, 5)]
    assert [(await job_of(officer, one))["total"] for one in (job_id, alike)] == [4, 1]
    listed = await ordered(officer, act=CREDIT, items=[{"account_id": account(9), "amount_rupiah": 5}] * 2)
    await sample.run_jobs()
    assert len(await rows_of(officer, listed)) == 2
    assert await balances(sample) == dict.fromkeys(range(1, 5), 105) | {9: 5 + 10}
    (kept,) = await sample.fetch_all("SELECT count(request_index) AS found FROM bulk_item")
    assert kept.found == 0


async def retry(officer: OfficerClient, job_id: UUID, language: str = "en", **same: Any) -> httpx.Response:
    """What is answered to who wants the failed rows tried again."""
    headers = {"Accept-Language": language}
    return await officer.post(f"/bulk/{job_id}/retry-failed", json={"same": same}, headers=headers)


async def test_failed_rows_are_tried_again_once(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way back from a mistake: only those, with a field changed for all of them, however often it is asked."""
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 2)
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=FAILING)
    assert (await retry(officer, job_id)).json()["type"] == "urn:sinergi:problem:bulk-not-ended"
    await sample.run_jobs()
    taken = await retry(officer, job_id, amount_rupiah=7)
    assert taken.status_code == 202
    again = taken.json()["id"]
    for language, title in TOLD.items():
        refused = await retry(officer, job_id, language, amount_rupiah=7)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:sinergi:problem:retried-already")
        assert (refused.json()["title"], refused.json()["facts"]) == (
            title,
            {"job_id": str(job_id), "retried_in": again},
        )
        assert await chunk(sample)
    await sample.run_jobs()
    assert await balances(sample) == {1: 1, 2: 1, 3: 7, 4: 7, 5: 7, 6: 7}
    assert len(await sample.published_types()) == 6
    job = await job_of(officer, again)
    assert (job["total"], job["done"], job["failed"]) == (4, 4, 0)
    assert {row["retried_in"] for row in await rows_of(officer, job_id, failed=True)} == {again}
    assert [(row["number"], row["repeats_row"]) for row in await rows_of(officer, UUID(again))] == [
        (1, 3), (2, 4), (3, 5), (4, 6)
    ]  # fmt: skip
    assert {row["repeats_row"] for row in await rows_of(officer, job_id)} == {None}
    for ended in (job_id, UUID(again)):
        response = await retry(officer, ended)
        assert (response.status_code, response.json()["type"]) == (409, "urn:sinergi:problem:nothing-to-retry")


async def test_the_file_of_a_second_try_tells_the_numbers_of_the_first(sample: ServiceUnderTest) -> None:
    """Row 1 of the new job is not row 1 of the list that somebody holds."""
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=FAILING)
    await sample.run_jobs()
    again = (await retry(officer, job_id)).json()["id"]
    await sample.run_jobs()
    lines = (await officer.get(f"/bulk/{again}/failed.csv")).text.splitlines()
    assert [line.split(";")[:3] for line in lines[1:]] == [[str(n), str(n + 2), account(n + 2)] for n in range(1, 5)]


async def test_of_two_who_ask_at_the_same_moment_one_is_refused(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits until the first one's job can be seen."""
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=FAILING)
    await sample.run_jobs()
    others: list[asyncio.Task[httpx.Response]] = []

    async def another_comes(tx: Transaction, of_job: UUID) -> bool:
        if not others:
            others.append(asyncio.create_task(retry(officer, job_id)))
            await asyncio.wait(others, timeout=1)
        return await any_to_retry(tx, of_job)

    monkeypatch.setattr(orders, "any_to_retry", another_comes)
    first, second = await retry(officer, job_id), await others[0]
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["facts"]["retried_in"] == first.json()["id"]


async def test_a_retry_that_was_cancelled_is_in_nobodys_way(sample: ServiceUnderTest) -> None:
    """Nor does it get rows that another one took meanwhile, when it is taken up again."""
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=FAILING)
    await sample.run_jobs()
    first = (await retry(officer, job_id, amount_rupiah=7)).json()["id"]
    assert (await officer.post(f"/jobs/{first}/cancel")).status_code == 201
    second = (await retry(officer, job_id, amount_rupiah=7)).json()["id"]
    assert (await officer.post(f"/jobs/{first}/retry")).status_code == 201
    await sample.run_jobs()
    assert sum([(await job_of(officer, one))["done"] for one in (first, second)]) == 4
    assert await balances(sample) == {1: 1, 2: 1, 3: 7, 4: 7, 5: 7, 6: 7}
