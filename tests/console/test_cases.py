"""Cases on real PostgreSQL: events in any order, scope, list, timeline."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from chassis.rows import MANY_ROWS
from chassis.transaction import Transaction
from contracts.envelope import Fact, case_id
from services.console import store
from tests.console.builders import (
    PERSON,
    PROGRAMME,
    assistance_ended,
    enrolled,
    handed_over,
    moved,
    opened,
    registered,
)
from tests.support.service import ServiceUnderTest

CASE = case_id(PROGRAMME, PERSON)


async def timeline(console: ServiceUnderTest, case: UUID = CASE) -> list[str]:
    response = await console.as_(Role.PETUGAS).get(f"/cases/{case}/timeline")
    assert response.status_code == 200, response.text
    return [item["type"] for item in response.json()["items"]]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_case_is_complete_whatever_comes_first(console: ServiceUnderTest, order: tuple[int, ...]) -> None:
    person, programme = new_id(), new_id()
    facts: list[Fact] = [registered(person), opened(programme), enrolled(person, programme)]
    for place in order:
        await console.deliver(facts[place])
    assert await timeline(console, case_id(programme, person)) == [
        "registry.person_registered.v1",
        "training.enrolled.v1",
    ]


async def test_a_case_waits_unseen_until_its_region_is_known(console: ServiceUnderTest) -> None:
    await console.deliver(opened(), enrolled())
    officer = console.as_(Role.PETUGAS)
    everywhere = console.as_(Role.AUDITOR, agency="*", region="33.28")
    for reader in (officer, everywhere):
        assert (await reader.get(f"/cases/{CASE}/timeline")).status_code == 404
    await console.deliver(registered())
    assert (await officer.get(f"/cases/{CASE}/timeline")).status_code == 200


async def test_the_timeline_is_in_the_order_of_the_acts_and_holds_what_concerns_the_person(
    console: ServiceUnderTest,
) -> None:
    await console.deliver(handed_over(), enrolled(), case=CASE)
    await console.deliver(registered(), opened())
    await console.deliver(assistance_ended(), case=CASE)
    assert await timeline(console) == [
        "registry.person_registered.v1",
        "training.enrolled.v1",
        "disbursement.aid_handed_over.v1",
        "registry.assistance_ended.v1",
    ]


async def test_what_belongs_to_another_programme_of_the_person_is_not_shown(console: ServiceUnderTest) -> None:
    other = new_id()
    await console.deliver(registered(), opened(), opened(other), enrolled(), enrolled(PERSON, other))
    await console.deliver(assistance_ended(), case=case_id(other, PERSON))
    assert "registry.assistance_ended.v1" not in await timeline(console)
    assert "registry.assistance_ended.v1" in await timeline(console, case_id(other, PERSON))


async def test_the_same_event_twice_is_kept_once(console: ServiceUnderTest) -> None:
    fact, event_id = enrolled(), new_id()
    await console.deliver(registered(), opened())
    await console.deliver(fact, fact, event_id=event_id)
    await console.deliver(fact, event_id=event_id)
    assert (await timeline(console)).count("training.enrolled.v1") == 1


async def test_the_newest_region_counts_whatever_comes_last(console: ServiceUnderTest) -> None:
    await console.deliver(opened(), enrolled())
    await console.deliver(moved("33.28.06.2001"), sequence=2)
    await console.deliver(registered(), sequence=1)
    response = await console.as_(Role.PETUGAS).get(f"/cases/{CASE}/timeline")
    assert response.json()["case"]["region_code"] == "33.28.06.2001"


@pytest.mark.parametrize(
    ("agency", "region", "status"),
    [
        ("dinsos", "33.28", 200),
        ("dinsos", "33.28.04", 200),
        ("dinsos", "", 200),
        ("dinsos", "33.28.06", 404),
        ("dinsos", "33.2", 404),
        ("dinas-koperasi", "33.28", 404),
    ],
)
async def test_only_the_own_agency_and_region_is_seen(
    console: ServiceUnderTest, agency: str, region: str, status: int
) -> None:
    await console.deliver(registered(), opened(), enrolled())
    officer = console.as_(Role.PETUGAS, agency=agency, region=region)
    assert (await officer.get(f"/cases/{CASE}/timeline")).status_code == status
    assert len((await officer.get("/cases")).json()["items"]) == (1 if status == 200 else 0)


async def test_the_list_pages_by_key_and_filters_by_region(console: ServiceUnderTest) -> None:
    people = [new_id() for _ in range(5)]
    await console.deliver(opened())
    await console.deliver(*(registered(person) for person in people), registered(PERSON, "33.28.06.2001"))
    await console.deliver(*(enrolled(person) for person in [*people, PERSON]))
    officer, seen, after = console.as_(Role.PETUGAS), [], ""
    while True:
        page = (await officer.get(f"/cases?region=33.28.04&limit=2{after}")).json()
        seen += [item["case_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == sorted(str(case_id(PROGRAMME, person)) for person in people)
    (elsewhere,) = (await officer.get("/cases?region=33.28.06")).json()["items"]
    assert elsewhere["person_id"] == str(PERSON)
    assert (elsewhere["last_type"], elsewhere["last_on"]) == ("training.enrolled.v1", "2023-10-09")


@pytest.mark.parametrize("alike", [True, False])
async def test_many_events_at_once_are_kept_each_with_its_facts(console: ServiceUnderTest, alike: bool) -> None:
    same = {"enrolment_id": new_id(), "class_id": new_id()} if alike else {}
    facts = [enrolled(new_id()).model_copy(update=same) for _ in range(MANY_ROWS)]
    await console.deliver(*facts)
    kept = await console.fetch_all("SELECT person_id, facts ->> 'enrolment_id' AS enrolment_id FROM case_event")
    assert {(row.person_id, row.enrolment_id) for row in kept} == {
        (fact.person_id, str(fact.enrolment_id)) for fact in facts
    }


async def test_an_unknown_role_reads_nothing(console: ServiceUnderTest) -> None:
    provider = console.as_(Role.LEMBAGA_PELATIHAN)
    assert (await provider.get("/cases")).status_code == 403
    assert (await console.client().get("/cases")).status_code == 401


async def test_a_case_and_its_region_that_come_at_the_same_moment_find_each_other(console: ServiceUnderTest) -> None:
    database = console.service.database
    region = [{"person_id": PERSON, "region_code": "33.28.04.2001", "sequence": 1}]

    async def open_case(tx: Transaction) -> None:
        await store.open_cases(tx, {CASE: (PROGRAMME, PERSON)})

    async def place_person(tx: Transaction) -> None:
        await store.upsert_regions(tx, region)
        await store.complete_cases(tx, people=[PERSON], programmes=[])

    async def in_transaction(act: Callable[[Transaction], Awaitable[None]]) -> None:
        async with database.transaction() as tx:
            await act(tx)

    await console.deliver(opened())
    async with database.transaction() as first:
        await open_case(first)
        second = asyncio.create_task(in_transaction(place_person))
        await asyncio.sleep(0.3)
        assert not second.done(), "whoever brings the region waits until the file is there to be seen"
    await second
    row = await console.fetch_one("SELECT agency, region_code FROM case_file")
    assert row is not None
    assert tuple(row) == ("dinsos", "33.28.04.2001")
