"""Bulk work cut off, postponed, cancelled and watched: each row still once, and single acts beside it."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import text

from chassis import telemetry
from chassis.auth import Role
from chassis.bulk import job as bulk_job
from chassis.bulk.job import Bulk
from chassis.ids import derived_id
from chassis.jobs import Job, JobStep
from chassis.settings import ServiceSettings
from chassis.transaction import Transaction
from deploy.local.provision import DatabaseUrls
from tests.chassis.bulk import CREDIT, TOP_UP, account, balances, chunk, job_of, ordered, rows_of, with_accounts
from tests.chassis.kafka import MakeSample, running, until
from tests.chassis.sample import service as sample_service
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import Credit, create_service, credit
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

ITEMS = [{"account_id": account(n), "amount_rupiah": 5} for n in range(1, 6)]
Meddle = Callable[[Credit], Awaitable[None]]


def meddling(monkeypatch: pytest.MonkeyPatch, meddle: Meddle) -> None:
    """Let something happen as each credit begins."""

    async def meddled(tx: Transaction, command: Credit) -> UUID:
        await meddle(command)
        return await credit(tx, command)

    monkeypatch.setattr(sample_service, "credit", meddled)


async def test_a_crash_between_the_acts_and_the_cursor_repeats_nothing(sample: ServiceUnderTest) -> None:
    """The acts are committed, the chunk is not: doing it again meets their keys, in state and in events."""
    bulk = Bulk(sample.service.inside)

    async def dies(tx: Transaction, job: Job) -> JobStep:
        await bulk(tx, job)
        raise ZeroDivisionError

    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=ITEMS)
    sample.service.jobs.on("bulk")(dies)
    for _ in range(2):
        assert await chunk(sample)
        await sample.execute("UPDATE job SET retry_at = NULL")
    assert await balances(sample) == dict.fromkeys(range(1, 6), 5)
    assert {row["outcome"] for row in await rows_of(officer, job_id)} == {"waiting"}
    sample.service.jobs.on("bulk")(bulk)
    await sample.execute("UPDATE job SET last_error = NULL")
    await sample.run_jobs()
    assert await balances(sample) == dict.fromkeys(range(1, 6), 5)
    told = await sample.fetch_all("SELECT event_id, key FROM outbox ORDER BY position")
    assert [row.key for row in told] == [account(n) for n in range(1, 6)]
    job = await job_of(officer, job_id)
    assert (job["state"], job["done"], job["failed"]) == ("done", 5, 0)
    keys = {row.key for row in await sample.fetch_all("SELECT key FROM idempotency WHERE route = 'POST /credits'")}
    assert keys == {str(derived_id(job_id, "item", n)) for n in range(1, 6)}


async def test_a_fault_of_the_outside_postpones_and_fails_no_row(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before it is kept; the row itself is tried again until it can be."""
    away = iter([asyncpg.ConnectionDoesNotExistError("gone")] * 2)

    async def third_is_away(command: Credit) -> None:
        if command.account_id.int == 3:
            for error in away:
                raise error

    meddling(monkeypatch, third_is_away)
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=ITEMS)
    for done, error in ((2, None), (2, "ActUnavailable"), (5, None)):
        assert await chunk(sample)
        job = await job_of(officer, job_id)
        assert (job["done"], job["failed"], job["last_error"]) == (done, 0, error)
        await sample.execute("UPDATE job SET retry_at = NULL")
    assert await balances(sample) == dict.fromkeys(range(1, 6), 5)
    assert len(await sample.published_types()) == 5


async def test_a_row_that_a_dead_worker_left_open_is_waited_for(sample: ServiceUnderTest) -> None:
    """Its lock is still held in the database: that says nothing about the act, so it is no outcome."""
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=ITEMS)
    name = f"idempotency/https://issuer.test#petugas/POST /credits/{derived_id(job_id, 'item', 1)}"
    async with sample.service.database.transaction() as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
        assert await chunk(sample)
        job = await job_of(officer, job_id)
        assert (job["state"], job["done"], job["failed"], job["last_error"]) == ("queued", 0, 0, "ActUnavailable")
    await sample.execute("UPDATE job SET retry_at = NULL, last_error = NULL")
    await sample.run_jobs()
    assert await balances(sample) == dict.fromkeys(range(1, 6), 5)


async def test_a_cancelled_one_stops_between_rows_and_goes_on_when_taken_up(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever started it, whatever their role; nobody else but petugas and operators."""
    monkeypatch.setattr(bulk_job, "CHUNK_ITEMS", 2)
    penetap = sample.as_(Role.PENETAP, subject="penetap-1")
    another = sample.as_(Role.PENETAP, subject="penetap-2")
    await with_accounts(sample.as_(Role.PETUGAS), range(1, 6))
    job_id = await ordered(penetap, act=TOP_UP, items=ITEMS)
    assert await chunk(sample)
    assert (await another.post(f"/jobs/{job_id}/cancel")).status_code == 403
    assert (await penetap.post(f"/jobs/{job_id}/cancel")).status_code == 201
    assert not await chunk(sample)
    job = await job_of(penetap, job_id)
    assert (job["state"], job["done"], job["left"], job["seconds_left"]) == ("cancelled", 2, 3, None)
    assert [row["outcome"] for row in await rows_of(penetap, job_id)] == ["done"] * 2 + ["waiting"] * 3
    assert await balances(sample) == {n: 105 if n < 3 else 100 for n in range(1, 6)}
    assert (await another.post(f"/jobs/{job_id}/retry")).status_code == 403
    # Not even who may retry other jobs: the rest would be decided in the name of somebody who thought better of it.
    maker = sample.as_(Role.PETUGAS, subject="maker")
    assert (await maker.post(f"/jobs/{job_id}/retry")).status_code == 403
    assert (await penetap.post(f"/jobs/{job_id}/retry")).status_code == 201
    await sample.run_jobs()
    assert await balances(sample) == dict.fromkeys(range(1, 6), 105)
    assert len(await sample.published_types()) == 5 + 5


async def test_it_yields_to_single_acts_and_to_other_jobs(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single act is served in the middle of a chunk; a job that came later has a turn before the next one."""
    monkeypatch.setattr(bulk_job, "CHUNK_ITEMS", 2)
    in_the_middle, go_on = asyncio.Event(), asyncio.Event()

    async def second_waits(command: Credit) -> None:
        if command.account_id.int == 2:
            in_the_middle.set()
            await go_on.wait()

    meddling(monkeypatch, second_waits)
    officer = sample.as_(Role.PETUGAS)
    first = await ordered(officer, act=CREDIT, items=ITEMS)
    second = await ordered(officer, act=CREDIT, items=[{"account_id": account(8), "amount_rupiah": 5}])
    working = asyncio.create_task(chunk(sample))
    async with asyncio.timeout(30):
        await in_the_middle.wait()
        response = await officer.post(CREDIT, json={"account_id": account(9), "amount_rupiah": 5})
    assert response.status_code == 201
    assert await balances(sample) == {1: 5, 9: 5}
    go_on.set()
    assert await working
    assert await chunk(sample)
    assert (await job_of(officer, second))["state"] == "done"
    assert (await job_of(officer, first))["state"] == "running"
    await sample.run_jobs()
    assert await balances(sample) == dict.fromkeys((*range(1, 6), 8, 9), 5)


async def test_a_process_without_an_api_does_bulk_work(
    sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Any
) -> None:
    """`SERVICE_ROLES=worker` serves no act to the outside, and has them all the same."""
    settings = ServiceSettings(**settings_for(sample_urls, issuer, tmp_path))
    roles = {role: settings.model_copy(update={"service_roles": role}) for role in ("api", "worker")}
    api, worker = (ServiceUnderTest(create_service(one, catalogue_with()), issuer) for one in roles.values())
    try:
        job_id = await ordered(api.as_(Role.PETUGAS), act=CREDIT, items=ITEMS)
        response = await worker.as_(Role.PETUGAS).post(CREDIT, json=ITEMS[0])
        assert response.status_code == 404
        await worker.run_jobs()
        assert await balances(api) == dict.fromkeys(range(1, 6), 5)
        assert (await job_of(worker.as_(Role.PETUGAS), job_id))["state"] == "done"
    finally:
        await api.close()
        await worker.close()


async def test_its_acts_belong_to_the_orders_trace(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Audit rows, events and failed rows lead to it, and one event's actor is the officer."""
    provider = TracerProvider()
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    # As in a process that exports: FastAPI's own telemetry looks there.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    officer = sample.as_(Role.PETUGAS)
    items = [*ITEMS[:2], {"account_id": account(9), "amount_rupiah": 2_000_000}]
    job_id = await ordered(officer, act=CREDIT, items=items)
    trace_id = "1" * 31 + "a"
    parent = f'{{"traceparent": "00-{trace_id}-2222222222222222-01"}}'
    await sample.execute("UPDATE job SET trace = CAST(:parent AS jsonb)", parent=parent)
    await sample.run_jobs()
    audit = await sample.fetch_all("SELECT trace_id FROM audit WHERE operation = 'account.credit'")
    assert [row.trace_id for row in audit] == [trace_id] * 2
    (failed,) = await rows_of(officer, job_id, failed=True)
    assert failed["trace_id"] == trace_id
    told = await sample.fetch_all("SELECT headers FROM outbox")
    assert {row.headers["traceparent"].split("-")[1] for row in told} == {trace_id}
    sari = dataclasses.replace(sample.service.database._identity, issuer="https://issuer.test", subject="petugas")
    assert {row.headers["ce_actor"] for row in told} == {str(sari.opaque_id)}


async def test_two_processes_do_it_once_with_the_real_loops(make_sample: MakeSample) -> None:
    """Each takes chunks as they come; every row is done by one of them, and told once."""
    first, second = make_sample(), make_sample()
    async with running(first), running(second):
        officer = first.as_(Role.PETUGAS)
        items = [{"account_id": account(n), "amount_rupiah": 5} for n in range(1, 121)]
        job_id = await ordered(officer, act=CREDIT, items=items)

        async def ended() -> bool:
            return bool((await job_of(officer, job_id))["state"] == "done")

        await until(ended, seconds=60)
    job = await job_of(officer, job_id)
    assert (job["done"], job["failed"]) == (120, 0)
    assert await balances(make_sample()) == dict.fromkeys(range(1, 121), 5)
