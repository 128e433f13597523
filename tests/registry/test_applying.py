"""Applying approved lists: in chunks, to the end, and several at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.auth import Role
from chassis.transaction import Transaction
from contracts.registry import ListImportedV1, PersonRegisteredV1
from services.registry.domain.findings import Finding
from services.registry.domain.list_import import RowOutcome
from services.registry.domain.list_row import Candidate
from services.registry.usecases import apply_list_chunk
from services.registry.usecases.receive_list import compare_with_registered
from tests.registry.builders import DATED, cells, csv_list, family_card, nik, upload
from tests.support.service import ServiceUnderTest


async def approved(registry: ServiceUnderTest, *lists: bytes) -> list[str]:
    """Ids of lists that are approved and wait for their jobs."""
    ids = [(await upload(registry.as_(Role.PETUGAS), content)).json()["id"] for content in lists]
    for import_id in ids:
        body = {"version": 1} | DATED
        assert (await registry.as_(Role.VERIFIKATOR).post(f"/imports/{import_id}/approve", json=body)).is_success
    return ids


async def test_two_lists_approved_together_register_a_person_once(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    ids = await approved(registry, csv_list(cells(1), cells(2)), csv_list(cells(2), cells(3, nik=nik(1))))
    await registry.run_jobs()
    second = (await petugas.get(f"/imports/{ids[1]}")).json()
    assert (second["registered_count"], second["known_count"], second["refused_count"]) == (0, 1, 1)
    assert second["findings_count"] == {"nik_in_other_family": 1}
    assert len(await registry.published(PersonRegisteredV1)) == 2


async def test_two_lists_applied_at_the_same_moment_register_a_person_once(
    registry: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await approved(
        registry,
        csv_list(cells(1), cells(2), cells(4)),
        csv_list(cells(4), cells(2, no_kk=family_card(3)), cells(1), cells(5)),
    )
    both_have_looked, looking = asyncio.Barrier(2), {"first", "second"}

    async def look(tx: Transaction, candidates: Sequence[Candidate]) -> tuple[dict[int, RowOutcome], list[Finding]]:
        found = await compare_with_registered(tx, candidates)
        if looking:
            looking.pop()
            await both_have_looked.wait()
        return found

    monkeypatch.setattr(apply_list_chunk, "compare_with_registered", look)
    service = registry.service
    await asyncio.wait_for(asyncio.gather(*(service.jobs.run_next(service.database, 1_000) for _ in ids)), 30)

    jobs = await registry.fetch_all("SELECT state, last_error FROM job")
    assert [tuple(job) for job in jobs] == [("done", None)] * 2
    views = [(await registry.as_(Role.PETUGAS).get(f"/imports/{import_id}")).json() for import_id in ids]
    early, late = sorted(views, key=lambda view: int(view["refused_count"]))
    assert (early["registered_count"], early["known_count"], early["refused_count"]) == (early["rows_count"], 0, 0)
    assert (late["registered_count"], late["known_count"], late["refused_count"]) == (late["rows_count"] - 3, 2, 1)
    assert late["findings_count"] == {"nik_in_other_family": 1}
    told = [event.data.person_id for event in await registry.published(PersonRegisteredV1)]
    assert len(told) == len(set(told)) == 4


async def test_a_row_that_is_refused_when_applied_says_why(registry: ServiceUnderTest) -> None:
    (import_id,) = await approved(registry, csv_list(cells(1), cells(2, kode_desa="33.28.04.2002", no_hp="12")))
    await registry.execute("UPDATE region SET code = '33.28.04.9002' WHERE code = '33.28.04.2002'")
    await registry.run_jobs()
    view = (await registry.as_(Role.PETUGAS).get(f"/imports/{import_id}")).json()
    assert (view["registered_count"], view["refused_count"]) == (1, 1)
    assert view["findings_count"] == {"phone_invalid": 1, "village_unknown": 1}


async def test_an_approved_list_is_applied_to_the_end(registry: ServiceUnderTest) -> None:
    await approved(registry, csv_list(cells(1)))
    job = await registry.fetch_one("SELECT id FROM job")
    assert job is not None
    officer = registry.as_(Role.VERIFIKATOR, Role.OPERATOR)
    assert (await officer.post(f"/jobs/{job.id}/cancel")).status_code == 409
    await registry.run_jobs()
    assert len(await registry.published(ListImportedV1)) == 1


async def test_a_list_is_applied_in_chunks(registry: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many rows as the chunk may hold, which may change from one to the next."""
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 3)
    monkeypatch.setattr("chassis.jobs.PRESENT_CHUNK_LIMIT", 2)
    await approved(registry, csv_list(*(cells(serial) for serial in range(1, 8))))
    progress = list[Any]()
    for present in (False, True, False):
        await registry.service.jobs.run_next(registry.service.database, 1_000, present=present)
        await registry.execute("UPDATE job SET retry_at = NULL")
        progress += await registry.fetch_all("SELECT state, total, done, failed FROM job")
    assert [tuple(job) for job in progress] == [("running", 7, 3, 0), ("running", 7, 5, 0), ("done", 7, 7, 0)]
    assert len({event.data.person_id for event in await registry.published(PersonRegisteredV1)}) == 7
    assert len(await registry.published(ListImportedV1)) == 1
