"""Who may do what, and who sees what."""

import asyncio

import pytest
from sqlalchemy import text

from chassis.auth import Role
from chassis.ids import new_id
from contracts.followup import MentoringStoppedV1, OutcomeMeasuredV1
from contracts.registry import PersonStatus
from tests.followup.builders import Field, get, handed_over, person_corrected, visit_body
from tests.support.service import ServiceUnderTest

MENTOR, OFFICER, VERIFIER = {Role.PENDAMPING}, {Role.PETUGAS}, {Role.VERIFIKATOR}
READERS = {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING, Role.AUDITOR}
RULE_READERS = READERS | {Role.ADMINISTRATOR}
ID = new_id()

ROUTES = [
    ("GET", "/plans", READERS),
    ("GET", f"/plans/{ID}", READERS),
    ("GET", f"/people/{ID}", READERS),
    ("GET", "/summary", READERS),
    ("GET", "/visits/next", READERS),
    ("GET", f"/visits/{ID}/note", READERS - {Role.PENETAP}),
    ("GET", f"/visit-lists/{ID}", READERS),
    ("GET", "/visit-corrections", READERS),
    ("GET", "/empowerments", READERS),
    ("GET", "/graduations", READERS),
    ("GET", f"/graduations/{ID}", READERS),
    ("GET", "/schedules", RULE_READERS),
    ("GET", "/empowerment-rules", RULE_READERS),
    ("POST", f"/plans/{ID}/extension", MENTOR | OFFICER),
    ("POST", "/visits", MENTOR),
    ("POST", "/visit-lists", MENTOR),
    ("POST", "/visit-corrections", MENTOR | OFFICER),
    ("POST", f"/visit-corrections/{ID}/approve", VERIFIER),
    ("POST", f"/visit-corrections/{ID}/reject", VERIFIER),
    ("POST", f"/empowerments/{ID}/confirm", VERIFIER),
    ("POST", f"/empowerments/{ID}/return", VERIFIER),
    ("POST", "/graduations", OFFICER),
    ("POST", f"/graduations/{ID}/withdraw", OFFICER | VERIFIER),
    ("POST", "/schedules", {Role.ADMINISTRATOR}),
    ("POST", "/empowerment-rules", {Role.ADMINISTRATOR}),
]


@pytest.fixture
def field(followup: ServiceUnderTest) -> Field:
    return Field(followup)


async def test_every_route_lets_in_its_roles_and_no_other(field: Field) -> None:
    wrong = []
    for role in Role:
        client = field.service.as_(role)
        for method, path, allowed in ROUTES:
            response = await client.post(path, json={}) if method == "POST" else await client.get(path)
            if (response.status_code != 403) != (role in allowed):
                wrong.append((role, method, path, response.status_code))
    assert wrong == []


async def test_every_route_is_in_the_table(field: Field) -> None:
    schema = field.service.service.app.openapi()["paths"]
    own = {
        (method.upper(), path.split("{", maxsplit=1)[0])
        for path, methods in schema.items()
        for method, details in methods.items()
        if {"plans", "visits", "empowerments", "graduations", "rules"} & set(details.get("tags", ()))
    }
    assert {(method, path.split(str(ID), maxsplit=1)[0]) for method, path, _ in ROUTES} == own


async def test_nobody_gets_in_without_a_token(field: Field) -> None:
    client = field.service.client()
    for method, path, _ in ROUTES:
        response = await client.post(path, json={}) if method == "POST" else await client.get(path)
        assert response.status_code == 401


@pytest.mark.parametrize(
    ("agency", "region", "seen"),
    [
        ("dinsos", "33.28", 1),
        ("dinsos", "33.28.04", 1),
        ("dinsos", "", 1),
        ("dinsos", "33.28.05", 0),
        ("dinsos", "33.2", 0),
        ("dinas-koperasi", "33.28", 0),
        ("", "33.28", 0),
    ],
)
async def test_rows_are_seen_within_agency_and_region(field: Field, agency: str, region: str, seen: int) -> None:
    plan_id, fact = await field.planned()
    await field.visited(plan_id)
    client = field.service.as_(Role.PETUGAS, agency=agency, region=region)
    plans = (await get(client, "/plans"))["items"]
    of_person = (await get(client, f"/people/{fact.person_id}"))["plans"]
    candidates = (await get(client, "/empowerments"))["items"]
    assert (len(plans), len(of_person), len(candidates)) == (seen, seen, seen)
    assert (await get(client, f"/summary?programme_id={fact.programme_id}"))["visits"]["recorded"] == 6 * seen
    assert (await client.get(f"/plans/{plan_id}")).status_code == (200 if seen else 404)


async def test_a_mentor_of_elsewhere_cannot_record(field: Field) -> None:
    plan_id, _ = await field.planned()
    elsewhere = field.service.as_(Role.PENDAMPING, region="33.28.05")
    response = await elsewhere.post("/visits", json=visit_body(plan_id, 1))
    assert response.status_code == 404


async def test_the_database_shows_nothing_without_a_scope(field: Field) -> None:
    await field.planned()
    async with field.service.service.api_database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM mentoring_plan"))).scalar() == 0


async def test_two_mentors_at_once_record_one_visit(field: Field) -> None:
    plan_id, _ = await field.planned()
    other = field.service.as_(Role.PENDAMPING, subject="pendamping-2")
    responses = await asyncio.gather(
        *(client.post("/visits", json=visit_body(plan_id, 1)) for client in (field.mentor, other))
    )
    assert sorted(response.status_code for response in responses) == [201, 409]
    assert len(await field.service.published(OutcomeMeasuredV1)) == 1


async def test_a_handover_and_a_death_at_the_same_moment_end_stopped(field: Field) -> None:
    facts = [handed_over() for _ in range(20)]
    await asyncio.gather(
        *(field.service.deliver(fact) for fact in facts[:10]),
        *(field.service.deliver(person_corrected(fact.person_id, PersonStatus.DECEASED)) for fact in facts),
        *(field.service.deliver(fact) for fact in facts[10:]),
    )
    rows = await field.service.fetch_all("SELECT state FROM mentoring_plan")
    assert [row.state for row in rows] == ["stopped"] * 20
    assert len(await field.service.published(MentoringStoppedV1)) == 20
