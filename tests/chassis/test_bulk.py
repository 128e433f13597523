"""An act for many: by a list or by a filter, each once, each with its own outcome."""

import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.admin import bulk as bulk_routes
from chassis.auth import Role
from chassis.bulk import job as bulk_job
from chassis.bulk.orders import ITEMS_LIMIT
from tests.chassis.bulk import CREDIT, TOP_UP, account, balances, chunk, job_of, ordered, rows_of, with_accounts
from tests.chassis.sample.service import BUGGY_RUPIAH
from tests.support.service import OfficerClient, ServiceUnderTest

NIK = "3328991505900001"


async def test_each_of_a_list_is_done_once_in_the_officers_name(sample: ServiceUnderTest) -> None:
    """State, events, audit and trace are those of single acts."""
    officer = sample.as_(Role.PETUGAS, subject="sari")
    items = [{"account_id": account(n), "amount_rupiah": n} for n in (1, 2, 3)]
    job_id = await ordered(officer, act=CREDIT, items=items, same={"region_code": "33.28.04"})
    queued = await job_of(officer, job_id)
    assert (queued["state"], queued["act"], queued["total"], queued["left"]) == ("queued", CREDIT, 3, 3)
    assert (queued["rate_per_second"], queued["seconds_left"]) == (None, None)
    assert {row["outcome"] for row in await rows_of(officer, job_id)} == {"waiting"}
    await sample.run_jobs()
    assert await balances(sample) == {1: 1, 2: 2, 3: 3}
    told = await sample.fetch_all("SELECT key, headers, event_id FROM outbox ORDER BY position")
    assert [row.key for row in told] == [account(n) for n in (1, 2, 3)]
    audit = await sample.fetch_all("SELECT actor, operation, resource_id FROM audit ORDER BY recorded_at")
    assert [tuple(row) for row in audit] == [
        ("https://issuer.test#sari", "bulk.order", job_id),
        *(("https://issuer.test#sari", "account.credit", UUID(int=n)) for n in (1, 2, 3)),
    ]
    done = await job_of(officer, job_id)
    assert (done["state"], done["done"], done["failed"], done["left"]) == ("done", 3, 0, 0)
    assert done["rate_per_second"] > 0
    assert done["seconds_left"] is None
    rows = await rows_of(officer, job_id)
    assert [(row["number"], row["outcome"], row["resource_id"]) for row in rows] == [
        (n, "done", account(n)) for n in (1, 2, 3)
    ]
    kept = await sample.fetch_all("SELECT request_sealed FROM bulk_item")
    assert [row.request_sealed for row in kept] == [None] * 3


async def test_what_is_left_is_told_in_seconds(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first chunk, at the rate of what was done by then."""
    monkeypatch.setattr(bulk_job, "CHUNK_ITEMS", 2)
    officer = sample.as_(Role.PETUGAS)
    items = [{"account_id": account(n), "amount_rupiah": n} for n in range(1, 10)]
    job_id = await ordered(officer, act=CREDIT, items=items)
    assert await chunk(sample)
    job = await job_of(officer, job_id)
    assert (job["state"], job["done"], job["left"]) == ("running", 2, 7)
    assert job["rate_per_second"] > 0
    assert job["seconds_left"] == pytest.approx(7 / job["rate_per_second"], rel=0.2)


async def test_each_of_what_a_filter_finds(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, with fields of the list; the total is known before the first act, which none of them changes."""
    monkeypatch.setattr(bulk_job, "PAGE_ITEMS", 2)
    officer = sample.as_(Role.PETUGAS)
    await with_accounts(officer, (1, 2, 3, 4, 5))
    await with_accounts(officer, (6, 7), amount_rupiah=10)
    job_id = await ordered(
        officer,
        act=TOP_UP,
        each_of="/accounts",
        where={"at_least_rupiah": 100, "newest_first": False},
        take={"account_id": "id", "seen_rupiah": "balance_rupiah"},
        same={"amount_rupiah": 5},
    )
    await _nothing_known(officer, job_id, "queued")
    assert await chunk(sample)
    await _nothing_known(officer, job_id, "running")
    for _ in range(2):
        assert await chunk(sample)
    collected = await job_of(officer, job_id)
    assert (collected["total"], collected["done"], collected["state"]) == (5, 0, "running")
    await sample.run_jobs()
    assert await balances(sample) == {n: 105 if n < 6 else 10 for n in range(1, 8)}
    assert len(await sample.published_types()) == 7 + 5
    assert [row["resource_id"] for row in await rows_of(officer, job_id)] == [account(n) for n in range(1, 6)]


async def _nothing_known(officer: OfficerClient, job_id: UUID, state: str) -> None:
    """Of a job that has yet to collect its rows."""
    job = await job_of(officer, job_id)
    told = [job[name] for name in ("total", "left", "rate_per_second", "seconds_left")]
    assert (job["state"], told) == (state, [None] * 4)


async def test_a_filter_that_finds_nothing_is_done_at_once(sample: ServiceUnderTest) -> None:
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(
        officer, act=TOP_UP, each_of="/accounts", take={"account_id": "id"}, same={"amount_rupiah": 5}
    )
    await sample.run_jobs()
    job = await job_of(officer, job_id)
    assert (job["state"], job["total"], job["left"]) == ("done", 0, 0)


UNASKED = {"body.?": "extra_forbidden"}
NO_ID = {"path.account_id": "missing_or_invalid"}
ROWS: list[tuple[dict[str, Any], int, str | None, dict[str, Any]]] = [
    ({"account_id": account(1), "amount_rupiah": 5}, 201, None, {}),
    ({"account_id": account(1), "amount_rupiah": 2_000_000}, 422, "too-much", {"limit_rupiah": 1_000_000}),
    ({"account_id": account(9), "amount_rupiah": 5}, 404, "not-found", {"account_id": account(9)}),
    ({"account_id": account(1), "amount_rupiah": 5, "seen_rupiah": 1}, 409, "stale-version", {}),
    ({"account_id": account(1), "amount_rupiah": "x"}, 422, "invalid-request", {"body.amount_rupiah": "int_parsing"}),
    ({"account_id": account(1), "amount_rupiah": 2**70}, 422, "too-much", {"limit_rupiah": 1_000_000}),
    ({"account_id": account(1), "amount_rupiah": -(2**70)}, 422, "value-not-storable", {}),
    ({"account_id": account(1), "amount_rupiah": 5, NIK: 1}, 422, "invalid-request", UNASKED),
    ({"account_id": account(1), "amount_rupiah": 5, "amount.rupiah": 5}, 422, "invalid-request", UNASKED),
    ({"account_id": account(1), "amount_rupiah": 5, "\ud800": 1}, 422, "invalid-request", {"body": "string_unicode"}),
    ({"amount_rupiah": 5}, 422, "invalid-request", NO_ID),
    ({"account_id": f"{account(1)}/x", "amount_rupiah": 5}, 422, "invalid-request", NO_ID),
    ({"account_id": NIK, "amount_rupiah": 5}, 422, "invalid-request", {"path.account_id": "uuid_parsing"}),
    ({"account_id": account(1), "amount_rupiah": BUGGY_RUPIAH}, 500, "internal", {}),
    ({"account_id": account(1), "amount_rupiah": 7}, 201, None, {}),
]  # fmt: skip


async def test_each_row_has_its_own_outcome(sample: ServiceUnderTest) -> None:
    """Refused, invalid or failed: the others are done, and nothing that was sent in comes back."""
    officer = sample.as_(Role.PETUGAS)
    await with_accounts(officer, (1,))
    job_id = await ordered(officer, act=TOP_UP, items=[item for item, *_ in ROWS])
    await sample.run_jobs()
    job = await job_of(officer, job_id)
    assert (job["state"], job["done"], job["failed"], job["left"]) == ("done", 2, len(ROWS) - 2, 0)
    assert await balances(sample) == {1: 112}
    assert len(await sample.published_types()) == 1 + 2
    rows = await rows_of(officer, job_id)
    for row, (_, status, code, told) in zip(rows, ROWS, strict=True):
        rules = {error["field"]: error["rule"] for error in row["errors"]}
        assert (row["status"], row["code"], row["facts"] | rules) == (status, code, told), row["number"]
    failed = await rows_of(officer, job_id, failed=True)
    assert failed == [row for row in rows if row["outcome"] == "failed"]
    assert len(failed) == len(ROWS) - 2
    assert NIK not in str(rows)


async def test_the_failed_ones_are_a_file(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ids that say whom, in the reader's language, of any length: it is read page by page."""
    monkeypatch.setattr(bulk_routes, "FILE_PAGE_ROWS", 2)
    officer = sample.as_(Role.PETUGAS)
    items = [{"account_id": account(n), "amount_rupiah": 2_000_000 - n % 2 * 1_999_999} for n in range(1, 8)]
    job_id = await ordered(officer, act=CREDIT, items=items)
    await sample.run_jobs()
    response = await officer.get(f"/bulk/{job_id}/failed.csv", headers={"Accept-Language": "en"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.startswith("\ufeff")
    lines = list(csv.reader(io.StringIO(response.text[1:]), delimiter=";"))
    assert lines[0] == ["Row", "Repeats row", "account_id", "Status", "Code", "Reason", "Details"]
    assert lines[1] == ["2", "", account(2), "422", "too-much", "More than the sample allows", "limit_rupiah=1000000"]
    assert [line[0] for line in lines[1:]] == ["2", "4", "6"]
    assert (await officer.get(f"/bulk/{job_id}/failed.csv")).text.startswith(
        "\ufeffBaris;Mengulang baris;account_id;Status;Kode;Alasan"
    )


ONE = [{"account_id": account(1), "amount_rupiah": 5}]
EACH = {"act": TOP_UP, "each_of": "/accounts", "take": {"account_id": "id"}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"act": f"/people/{NIK}", "items": ONE}, "422 unknown-act"),
    ({"act": "/jobs/{job_id}/cancel", "items": [{"job_id": account(1)}]}, "422 unknown-act"),
    ({"act": "/bulk", "items": ONE}, "422 unknown-act"),
    ({"act": "/uploads", "items": ONE}, "422 unknown-act"),
    ({"act": "/accounts", "items": ONE}, "422 unknown-act"),
    ({"act": CREDIT}, "422 invalid-request"),
    ({"act": CREDIT, "items": ONE, "each_of": "/accounts"}, "422 invalid-request"),
    ({"act": CREDIT, "items": ONE, "where": {"limit": 1}}, "422 invalid-request"),
    ({"act": CREDIT, "items": []}, "422 invalid-request"),
    ({"act": CREDIT, "items": ONE, "same": {NIK: 1}}, "422 unknown-field"),
    ({"act": CREDIT, "items": ONE, "siti": 1}, "422 invalid-request"),
    ({"act": CREDIT, "items": [7]}, "422 invalid-request"),
    ({"act": CREDIT, "each_of": "/nothing"}, "422 unknown-list"),
    ({"act": CREDIT, "each_of": "/jobs"}, "422 unknown-list"),
    ({"act": CREDIT, "each_of": "/accounts/{account_id}"}, "422 unknown-list"),
    (EACH | {"where": {"at_lest_rupiah": 5}}, "422 unknown-filter"),
    (EACH | {"where": {"limit": 5}}, "422 unknown-filter"),
    (EACH | {"where": {"at_least_rupiah": "x"}}, "422 invalid-request"),
    ({"act": TOP_UP, "each_of": "/accounts"}, "422 field-not-listed"),
    ({"act": TOP_UP, "each_of": "/accounts", "take": {"account_id": 7}}, "422 field-not-listed"),
    ({"act": TOP_UP, "each_of": "/accounts", "take": {"account_id": "id", "Siti": "id"}}, "422 unknown-field"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), REFUSED)
async def test_what_cannot_be_done_is_refused_before_anything_is_queued(
    sample: ServiceUnderTest, body: dict[str, Any], expected: str
) -> None:
    """Also a filter that would not be heeded and so choose everything; what may tell of a person is not repeated."""
    response = await sample.as_(Role.PETUGAS).post("/bulk", json=body)
    assert f"{response.status_code} {response.json()['type'].rsplit(':', 1)[1]}" == expected
    assert NIK not in response.text
    assert "siti" not in response.text.lower()
    assert not await sample.fetch_all("SELECT 1 FROM job UNION ALL SELECT 1 FROM bulk_item")


@pytest.mark.parametrize("depth", [200, 600, 20_000])
async def test_what_is_nested_too_deeply_fails_nothing_else(sample: ServiceUnderTest, depth: int) -> None:
    """It is refused with the order or in its row; no error of ours."""
    officer = sample.as_(Role.PETUGAS)
    deep = '{"account_id": ' + "[" * depth + "]" * depth + "}"
    told = f'{{"act": "{CREDIT}", "items": [{deep}, {json.dumps(ONE[0])}]}}'
    response = await officer.post("/bulk", content=told, headers={"Content-Type": "application/json"})
    assert response.status_code in {202, 400, 422}
    await sample.run_jobs()
    assert await balances(sample) == ({1: 5} if response.status_code == 202 else {})


async def test_a_list_is_limited_and_the_limit_told(sample: ServiceUnderTest) -> None:
    """One request brings so many; the same work by a filter has no limit."""
    officer = sample.as_(Role.PETUGAS)
    response = await officer.post("/bulk", json={"act": CREDIT, "items": ONE * (ITEMS_LIMIT + 1)})
    assert response.status_code == 422
    assert f"at most {ITEMS_LIMIT} items" in response.json()["errors"][0]["message"]
    assert (await officer.post("/bulk", json={"act": CREDIT, "items": ONE * ITEMS_LIMIT})).status_code == 202
    assert (await sample.fetch_all("SELECT count(*) AS n FROM bulk_item"))[0].n == ITEMS_LIMIT


async def test_the_same_order_sent_again_is_one_job(sample: ServiceUnderTest) -> None:
    officer = sample.as_(Role.PETUGAS)
    key = {"Idempotency-Key": str(uuid4())}
    answers = [await officer.post("/bulk", json={"act": CREDIT, "items": ONE}, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    await sample.run_jobs()
    assert await balances(sample) == {1: 5}
    assert len(await sample.published_types()) == 1


@pytest.mark.parametrize(
    ("role", "body", "operation"),
    [
        (Role.VERIFIKATOR, {"act": CREDIT, "items": ONE}, "account.credit"),
        (Role.AUDITOR, {"act": CREDIT, "items": ONE}, "bulk.order"),
        (Role.PENETAP, EACH, "account.list"),
    ],
)
async def test_the_right_to_the_act_and_to_the_list_is_asked_for_at_once(
    sample: ServiceUnderTest, role: Role, body: dict[str, Any], operation: str
) -> None:
    """Nothing is queued that could not be sent singly."""
    response = await sample.as_(role).post("/bulk", json=body)
    assert (response.status_code, response.json()["facts"]) == (403, {"operation": operation})
    assert not await sample.fetch_all("SELECT 1 FROM job")


@pytest.mark.parametrize(
    ("agency", "region"), [("dinas-koperasi", "33.28"), ("dinsos", "33.29"), ("dinsos", "33.28.04")]
)
async def test_what_lies_outside_the_officers_scope_is_neither_found_nor_touched(
    sample: ServiceUnderTest, agency: str, region: str
) -> None:
    """Row-level security binds each act as if it were sent singly."""
    await with_accounts(sample.as_(Role.PETUGAS), (1, 2))
    stranger = sample.as_(Role.PETUGAS, agency=agency, region=region, subject="stranger")
    found = await ordered(
        stranger, act=TOP_UP, each_of="/accounts", take={"account_id": "id"}, same={"amount_rupiah": 5}
    )
    listed = await ordered(stranger, act=TOP_UP, items=ONE)
    forced = await ordered(stranger, act=CREDIT, items=[{"account_id": account(3), "amount_rupiah": 5}])
    await sample.run_jobs()
    assert (await job_of(stranger, found))["total"] == 0
    assert [row["code"] for row in await rows_of(stranger, listed)] == ["not-found"]
    assert [row["status"] for row in await rows_of(stranger, forced)] == [201 if agency == "dinas-koperasi" else 403]
    assert {n: rupiah for n, rupiah in (await balances(sample)).items() if n < 3} == {1: 100, 2: 100}


async def test_rows_are_seen_within_agency_and_region_only(sample: ServiceUnderTest) -> None:
    """As the job's own scope has it: what another region's officer did is not shown."""
    officer = sample.as_(Role.PETUGAS)
    job_id = await ordered(officer, act=CREDIT, items=ONE)
    seen = [("dinsos", "33.28"), ("dinsos", "33"), ("*", "")]
    for agency, region in [*seen, ("dinas-koperasi", "33.28"), ("dinsos", "33.29"), ("dinsos", "33.28.04")]:
        reader = sample.as_(Role.AUDITOR, agency=agency, region=region)
        for path in ("rows", "failed.csv"):
            status = (await reader.get(f"/bulk/{job_id}/{path}")).status_code
            assert status == (200 if (agency, region) in seen else 404), (agency, region, path)


async def test_nobody_outside_names_the_officer(sample: ServiceUnderTest) -> None:
    """The way in for bulk work is no header, cookie or query: only this process can put an officer there."""
    told = {"sinergi.officer": "sari", "Sinergi-Officer": "sari", "X-Sinergi.Officer": "sari"}
    client = sample.client(told)
    client.cookies.set("sinergi.officer", "sari")
    assert (await client.get("/accounts?sinergi.officer=sari")).status_code == 401
    assert (await client.post("/credits", json=ONE[0] | {"sinergi.officer": "sari"})).status_code == 401
