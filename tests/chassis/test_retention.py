"""What is past its time goes, everything else stays, and the document says the same as the code."""

import asyncio
import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from chassis.auth import Role
from chassis.ids import new_id
from chassis.retention import CHASSIS_RULES, CHUNK_ROWS, KIND, Rule
from deploy.local.provision import DatabaseUrls
from tests.architecture.house import ROOT, SERVICES
from tests.chassis.kafka import MakeSample, running, until
from tests.support.service import ServiceFactory, ServiceUnderTest

_JOB = (
    "INSERT INTO job (id, kind, parameters, officer, agency, trace, state, finished_at) VALUES (gen_random_uuid(),"
    " :name, '{}', '{}', 'a', '{}', :state, clock_timestamp() - make_interval(days => :days))"
)
_TIMER = (
    "INSERT INTO timer (id, kind, subject_id, due_at, data, trace, state) VALUES (gen_random_uuid(), :name,"
    " gen_random_uuid(), clock_timestamp() - make_interval(days => :days), '{}', '{}', :state)"
)
_REQUEST = (
    "INSERT INTO idempotency (caller, route, key, fingerprint, status, resource_id, recorded_at) VALUES ('c', 'r',"
    " :name, '', 201, gen_random_uuid(), clock_timestamp() - make_interval(days => :days))"
)
ROWS: list[tuple[str, str, dict[str, Any], bool]] = [
    (_REQUEST, "repeated yesterday", {"days": 1}, True),
    (_REQUEST, "its key still gives ids", {"days": 400}, True),
    (_REQUEST, "nobody repeats it any more", {"days": 402}, False),
    (_TIMER, "fired lately", {"days": 300, "state": "fired"}, True),
    (_TIMER, "fired long ago", {"days": 366, "state": "fired"}, False),
    (_TIMER, "cancelled long ago", {"days": 400, "state": "cancelled"}, False),
    (_TIMER, "waits since long ago", {"days": 400, "state": "waiting"}, True),
    (_JOB, "done lately", {"days": 364, "state": "done"}, True),
    (_JOB, "done long ago", {"days": 366, "state": "done"}, False),
    (_JOB, "cancelled long ago", {"days": 366, "state": "cancelled"}, False),
    (_JOB, "failed long ago", {"days": 400, "state": "failed"}, True),
]
_LEFT = (
    "SELECT key AS name FROM idempotency UNION ALL SELECT kind FROM timer UNION ALL SELECT kind FROM job"
    f" WHERE kind <> '{KIND}'"
)


async def _apply(under_test: ServiceUnderTest) -> int:
    """Run the job once, as a new day would; how many rows it changed."""
    await under_test.execute(f"UPDATE job SET id = gen_random_uuid() WHERE kind = '{KIND}'")
    await under_test.service.retention.start_today(under_test.service.database)
    while await under_test.service.jobs.run_next(under_test.service.database, 1_000_000):
        pass
    rows = await under_test.fetch_all(f"SELECT state, done FROM job WHERE kind = '{KIND}' ORDER BY created_at DESC")
    assert {row.state for row in rows} == {"done"}
    return int(rows[0].done)


async def test_each_rule_takes_what_is_due_and_nothing_else(sample: ServiceUnderTest) -> None:
    for statement, name, more, _ in ROWS:
        await sample.execute(statement, name=name, **more)
    # A timer that waits would fire in no test, since nothing fires timers here.
    gone = sum(not stays for *_, stays in ROWS)
    assert await _apply(sample) == gone
    assert {row.name for row in await sample.fetch_all(_LEFT)} == {name for _, name, _, stays in ROWS if stays}
    assert await _apply(sample) == 0


async def test_the_rows_of_a_bulk_job_go_with_it(sample: ServiceUnderTest) -> None:
    for days in (364, 366):
        await sample.execute(_JOB, name=f"{days}", days=days, state="done")
    await sample.execute(
        "INSERT INTO bulk_item (job_id, number, request_sealed) SELECT id, n, 'x' FROM job, generate_series(1, 3) AS n"
    )
    assert await _apply(sample) == 3 + 1
    rows = await sample.fetch_all("SELECT kind, number FROM job JOIN bulk_item ON job_id = id ORDER BY number")
    assert [tuple(row) for row in rows] == [("364", 1), ("364", 2), ("364", 3)]


_PARKED = (
    "INSERT INTO parked_message (id, consumer, log_identity, topic, partition, log_offset, key_sealed, headers_sealed,"
    " body_sealed, reason, detail, redriven_at, outcome) VALUES (:id, 'sample', 'log', 't', 0, :offset, 'k', 'h', 'b',"
    " 'schema', '', clock_timestamp() - make_interval(days => CAST(:days AS int)),"
    " CASE WHEN CAST(:days AS int) IS NOT NULL THEN 'applied' END)"
)
_MEND = (
    "INSERT INTO parked_mend (id, message_id, kind, reason, attempts, key_sealed, headers_sealed, body_sealed, maker)"
    " VALUES (gen_random_uuid(), :id, 'replace', 'foreign', 1, 'k', 'h', 'b', 'm')"
)
_IS_EMPTY = "num_nonnulls({0}.key_sealed, {0}.headers_sealed, {0}.body_sealed) = 0"


async def test_a_settled_parked_message_keeps_its_row_and_loses_its_content(sample: ServiceUnderTest) -> None:
    """And so does what two persons had put in its place; whoever looks is told that it was emptied."""
    ids = [new_id() for _ in range(3)]
    for offset, (message_id, days) in enumerate(zip(ids, [None, 300, 400], strict=True)):
        await sample.execute(_PARKED, id=message_id, offset=offset, days=days)
        async with sample.service.api_database.transaction() as tx:
            await tx.execute(text(_MEND), {"id": message_id})
    assert await _apply(sample) == 2
    rows = await sample.fetch_all(
        f"SELECT redriven_at IS NULL AS waits, {_IS_EMPTY.format('m')} AS is_empty,"
        f" {_IS_EMPTY.format('mend')} AS mend_is_empty, mend.reason, mend.id AS mend_id"
        " FROM parked_message AS m JOIN parked_mend AS mend ON message_id = m.id ORDER BY arrival"
    )
    assert [tuple(row)[:4] for row in rows] == [
        (True, False, False, "foreign"),
        (False, False, False, "foreign"),
        (False, True, True, "foreign"),
    ]
    assert await _apply(sample) == 0
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    for path in (f"/admin/parked/{ids[2]}/open", f"/admin/mends/{rows[2].mend_id}/open"):
        shown = (await operator.post(path, json={"purpose": "find_cause"})).json()
        assert (shown["emptied"], shown["headers"], shown["body"]["text"]) == (True, [], None)


async def test_many_rows_go_in_chunks(sample: ServiceUnderTest) -> None:
    count = 2 * CHUNK_ROWS + 1
    await sample.execute(
        "INSERT INTO idempotency (caller, route, key, fingerprint, status, resource_id, recorded_at)"
        " SELECT 'c', 'r', n::text, '', 201, gen_random_uuid(), clock_timestamp() - interval '402 d'"
        " FROM generate_series(1, :count) AS n",
        count=count,
    )
    await sample.service.retention.start_today(sample.service.database)
    for _ in range(2):
        assert await sample.service.jobs.run_next(sample.service.database, 1_000_000)
    assert len(await sample.fetch_all("SELECT 1 FROM idempotency")) == count - CHUNK_ROWS
    progress = await sample.fetch_one("SELECT id, state, done FROM job")
    assert progress is not None
    assert (progress.state, progress.done) == ("running", CHUNK_ROWS)
    await sample.run_jobs()
    assert not await sample.fetch_all("SELECT 1 FROM idempotency")
    seen = await sample.as_(Role.OPERATOR, agency="*", region="").get(f"/jobs/{progress.id}")
    assert (seen.json()["state"], seen.json()["done"]) == ("done", count)


async def test_the_job_starts_once_a_day_however_many_processes_ask(sample: ServiceUnderTest) -> None:
    for _ in range(3):
        await sample.service.retention.start_today(sample.service.database)
    assert len(await sample.fetch_all("SELECT 1 FROM job")) == 1


async def test_a_running_service_starts_it_by_itself(make_sample: MakeSample) -> None:
    async with running(make_sample()) as sample:
        await until(lambda: _is_done(sample))


async def _is_done(sample: ServiceUnderTest) -> bool:
    return bool(await sample.fetch_all(f"SELECT 1 FROM job WHERE kind = '{KIND}' AND state = 'done'"))


async def test_it_makes_the_partitions_of_the_coming_months(sample: ServiceUnderTest) -> None:
    """With the worker's rights: a service that runs for a year must not run out of them."""
    names = "SELECT to_char(m, 'YYYY_MM') AS month FROM generate_series(now(), now() + interval '6 months',"
    wanted = {f"outbox_{row.month}" for row in await sample.fetch_all(f"{names} interval '1 month') AS m")}
    await _apply(sample)
    found = await sample.fetch_all("SELECT inhrelid::regclass::text AS name FROM pg_inherits")
    assert wanted <= {row.name for row in found}


async def test_making_partitions_and_a_consumer_do_not_wait_for_each_other(
    sample: ServiceUnderTest, sample_urls: DatabaseUrls
) -> None:
    """A consumer writes the inbox, then the outbox; whoever makes partitions in between gives up the inbox's."""
    consuming, making = [await asyncpg.connect(sample_urls.worker) for _ in range(2)]
    batch = consuming.transaction()
    await batch.start()
    await consuming.execute("INSERT INTO inbox (consumer, source, event_id) VALUES ('c', 's', gen_random_uuid())")
    made = asyncio.create_task(making.execute("SELECT add_month_partitions(8)"))
    await until(lambda: _waits_for_inbox(sample))
    await consuming.execute(
        "INSERT INTO outbox (event_id, topic, key, type, subject, headers, body)"
        " VALUES (gen_random_uuid(), 't', 'k', 'y', 's', '{}', '')"
    )
    await batch.commit()
    await made
    await consuming.close()
    await making.close()


async def _waits_for_inbox(sample: ServiceUnderTest) -> bool:
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = CAST('inbox' AS regclass)"
    return bool(await sample.fetch_all(waits))


async def test_partitions_are_made_in_a_transaction_of_their_own(sample: ServiceUnderTest) -> None:
    """Nothing is removed while their lock is held."""
    await sample.execute(_REQUEST, name="old", days=402)
    await sample.service.retention.start_today(sample.service.database)
    assert await sample.service.jobs.run_next(sample.service.database, 1_000_000)
    assert len(await sample.fetch_all("SELECT 1 FROM idempotency")) == 1


async def test_lists_that_nobody_needs_lose_their_cells_only(start_service: ServiceFactory) -> None:
    registry = await start_service("registry")
    imports = [("applied", 368), ("applied", 366), ("checked", 368), ("approved", 400), ("rejected", 368)]
    for state, days in imports:
        await registry.execute(
            "INSERT INTO list_import (id, agency, region_code, filename_sealed, content_index, list_source,"
            " list_version, list_dated_on, rows_count, accepted_count, known_count, refused_count, registered_count,"
            " state, maker, version, uploaded_at) VALUES (:id, 'dinsos', '33.28', 'x', CAST(:tag AS text)::bytea,"
            " 'p3ke', '1', '2023-01-01', 1, 1, 0, 0, 0, :state, 'm', 1,"
            " clock_timestamp() - make_interval(days => :days))",
            id=(import_id := new_id()), tag=f"{state}{days}", state=state, days=days,
        )  # fmt: skip
        await registry.execute(
            "INSERT INTO list_import_row (import_id, row_number, agency, region_code, cells_sealed, outcome)"
            " VALUES (:id, 2, 'dinsos', '33.28', 'sealed', 'accepted')",
            id=import_id,
        )
    assert await _apply(registry) == 3
    rows = await registry.fetch_all(
        "SELECT state, date_part('day', clock_timestamp() - uploaded_at)::int AS days, cells_sealed, outcome"
        " FROM list_import JOIN list_import_row ON import_id = id"
    )
    assert {(row.state, row.days): row.cells_sealed is None for row in rows} == {
        ("applied", 368): True, ("rejected", 368): True, ("checked", 368): True, ("applied", 366): False,
        ("approved", 400): False,
    }  # fmt: skip
    assert await _apply(registry) == 0
    emptied = await registry.fetch_one("SELECT import_id FROM list_import_row WHERE cells_sealed IS NULL")
    assert emptied is not None
    shown = await registry.as_(Role.PETUGAS).get(f"/imports/{emptied.import_id}/rows")
    assert [row["name"] for row in shown.json()["items"]] == [""], shown.text


async def test_notes_of_visits_go_after_five_years_and_figures_stay(start_service: ServiceFactory) -> None:
    followup = await start_service("followup")
    plan_id, visits = new_id(), {1: 5 * 365 + 1, 2: 5 * 365 - 1}
    await followup.execute(
        "INSERT INTO mentoring_plan (id, grant_id, person_id, family_id, programme_id, case_id, package_code, agency,"
        " region_code, bast_id, handed_over_on, visits_count, interval_months, state, holds, version) VALUES (:id, :id,"
        " :id, :id, :id, :id, 'p', 'dinsos', '33.28', :id, '2020-01-01', 2, 1, 'active', '{}', 1)",
        id=plan_id,
    )
    for number, days in visits.items():
        await followup.execute(
            "INSERT INTO visit (id, plan_id, programme_id, agency, region_code, visit_number, due_on, occurred_on,"
            " monthly_turnover_rupiah, monthly_income_rupiah, family_working_hours, asset_state, recorded_by,"
            " recorded_at, note_sealed) VALUES (gen_random_uuid(), :plan, :plan, 'dinsos', '33.28', :number,"
            " '2020-02-01', '2020-02-01', 1, 7, 1, 'intact', 'm', clock_timestamp() - make_interval(days => :days),"
            " 'note')",
            plan=plan_id, number=number, days=days,
        )  # fmt: skip
    assert await _apply(followup) == 1
    rows = await followup.fetch_all(
        "SELECT note_sealed, monthly_income_rupiah AS income FROM visit ORDER BY visit_number"
    )
    assert [(row.note_sealed is None, row.income) for row in rows] == [(True, 7), (False, 7)]
    assert await _apply(followup) == 0


@pytest.mark.parametrize(
    ("name", "table"), [("registry", "idempotency"), ("registry", "list_import_row"), ("followup", "visit")]
)
async def test_a_rule_finds_what_is_due_by_an_index(start_service: ServiceFactory, name: str, table: str) -> None:
    """Tables that grow with every act: looked through whole, a chunk would outlast its statement's minute."""
    under_test = await start_service(name)
    rule = next(rule for rule in under_test.service.retention.rules if rule.table == table)
    async with under_test.service.database.transaction() as tx:
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
        explain = text(f"EXPLAIN {rule.statement().text}")
        plan = "\n".join(line for (line,) in await tx.fetch_all(explain, {"days": rule.keep_days, "limit": 1000}))
    assert re.search(rf"(Index|Bitmap Heap) .*\bon {table}\b", plan), plan
    assert not re.search(rf"Seq Scan on {table}\b", plan), plan


def _declared() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {"every service": CHASSIS_RULES}
    for name in SERVICES:
        if find_spec(f"services.{name}.retention") is not None:
            found[name] = import_module(f"services.{name}.retention").RULES
    return found


@pytest.mark.parametrize("name", [name for name in _declared() if name != "every service"])
async def test_a_service_applies_the_rules_that_it_declares(start_service: ServiceFactory, name: str) -> None:
    under_test = await start_service(name)
    assert under_test.service.retention.rules == (*CHASSIS_RULES, *_declared()[name])


def test_the_document_names_every_rule_and_no_other() -> None:
    document = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([\w ]+) \| `([\w., ]+)` \| (\d+) days \| (deleted|emptied) \|", document, re.MULTILINE)
    rules = [
        (name, rule.subject, str(rule.keep_days), "emptied" if rule.empties else "deleted")
        for name, declared in _declared().items()
        for rule in declared
    ]
    assert told == rules
