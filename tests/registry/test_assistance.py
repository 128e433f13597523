"""Graduation proposals and the answers of the assistance's owner."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from contracts.followup import GraduationProposedV1
from contracts.registry import AssistanceEndedV1, AssistanceEndRefusedV1, AssistanceRestoredV1
from services.registry.settings import Settings
from tests.registry.builders import (
    DATED,
    cells,
    csv_list,
    family_card,
    family_of,
    graduation_proposed,
    graduation_withdrawn,
    registered,
    upload,
)
from tests.support.service import ServiceUnderTest

END = {"answer": "end", "ended_on": "2024-07-15"} | DATED
REFUSE = {"answer": "refuse", "refusal_reason": "income_not_stable"} | DATED
CASE = uuid4()


async def proposed(registry: ServiceUnderTest, **changes: str) -> GraduationProposedV1:
    (person_id,) = await registered(registry, cells(1, **changes))
    fact = graduation_proposed(person_id, await family_of(registry, person_id))
    await registry.deliver(fact, case=CASE)
    return fact


async def answer(registry: ServiceUnderTest, graduation_id: UUID, body: dict[str, Any], version: int = 2) -> None:
    path = f"/assistance/requests/{graduation_id}"
    first = await registry.as_(Role.PETUGAS).post(f"{path}/answer", json=body)
    assert first.status_code == 200, first.text
    second = await registry.as_(Role.VERIFIKATOR).post(f"{path}/approve", json={"version": version})
    assert second.status_code == 200, second.text


async def memberships(registry: ServiceUnderTest) -> list[tuple[str, str]]:
    rows = await registry.fetch_all("SELECT scheme, state FROM membership ORDER BY scheme")
    return [(row.scheme, row.state) for row in rows]


async def test_two_officers_of_the_owner_end_the_assistance(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry, sembako="ya")
    petugas = registry.as_(Role.PETUGAS)
    (waiting,) = (await petugas.get("/assistance/requests?state=open")).json()["items"]
    assert (waiting["graduation_id"], waiting["answer_due_on"]) == (str(fact.graduation_id), "2024-07-31")

    await answer(registry, fact.graduation_id, END)

    (told,) = await registry.published(AssistanceEndedV1)
    assert [scheme.value for scheme in told.data.schemes] == ["pkh", "sembako"]
    assert (str(told.data.ended_on), told.case, told.key) == ("2024-07-15", CASE, str(fact.person_id))
    assert await memberships(registry) == [("pkh", "ended"), ("sembako", "ended")]
    assert (await petugas.get("/assistance/requests?state=open")).json()["items"] == []


async def test_the_owner_keeps_the_assistance(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    await answer(registry, fact.graduation_id, REFUSE)
    (told,) = await registry.published(AssistanceEndRefusedV1)
    assert (told.data.reason.value, told.case) == ("income_not_stable", CASE)
    assert await memberships(registry) == [("pkh", "active")]


async def test_a_family_that_holds_nothing_is_answered_with_an_empty_list(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry, pkh="tidak")
    await answer(registry, fact.graduation_id, END)
    (told,) = await registry.published(AssistanceEndedV1)
    assert told.data.schemes == ()


async def test_the_same_proposal_twice_opens_one_request(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    await registry.deliver(fact, fact, case=CASE)
    assert len(await registry.fetch_all("SELECT 1 FROM end_request")) == 1
    await answer(registry, fact.graduation_id, END)
    await registry.deliver(fact, case=CASE)
    row = await registry.fetch_one("SELECT state FROM end_request")
    assert row is not None
    assert row.state == "ended"


async def test_a_withdrawal_cancels_an_open_request(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    path = f"/assistance/requests/{fact.graduation_id}"
    await registry.as_(Role.PETUGAS).post(f"{path}/answer", json=END)
    await registry.deliver(graduation_withdrawn(fact), case=CASE)
    late = await registry.as_(Role.VERIFIKATOR).post(f"{path}/approve", json={"version": 3})
    assert (late.status_code, late.json()["facts"]["state"]) == (409, "cancelled")
    assert await registry.published(AssistanceEndedV1, AssistanceRestoredV1) == []


async def test_a_withdrawal_restores_what_was_ended_once(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    await answer(registry, fact.graduation_id, END)
    for _ in range(2):
        await registry.deliver(graduation_withdrawn(fact), case=CASE)
    ended, restored = await registry.published(AssistanceEndedV1, AssistanceRestoredV1)
    assert [scheme.value for scheme in restored.data.schemes] == ["pkh"]
    assert (restored.case, restored.sequence > ended.sequence) == (CASE, True)
    assert await memberships(registry) == [("pkh", "active")]
    changes = await registry.fetch_all("SELECT change FROM membership_change ORDER BY version")
    assert [row.change for row in changes] == ["started", "ended", "restored"]


async def test_a_withdrawal_before_its_proposal_leaves_nothing_to_answer(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    fact = graduation_proposed(person_id, await family_of(registry, person_id))
    await registry.deliver(graduation_withdrawn(fact))
    await registry.deliver(fact)
    assert (await registry.as_(Role.PETUGAS).get("/assistance/requests?state=open")).json()["items"] == []


async def test_a_proposal_about_an_unknown_person_waits_for_its_owner(registry: ServiceUnderTest) -> None:
    fact = graduation_proposed(new_id(), new_id())
    await registry.deliver(fact)
    await answer(registry, fact.graduation_id, REFUSE)
    assert len(await registry.published(AssistanceEndRefusedV1)) == 1


async def test_an_end_by_mistake_is_given_back_by_two_officers(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    await answer(registry, fact.graduation_id, END)
    await answer(registry, fact.graduation_id, {"answer": "restore"} | DATED, version=4)
    assert len(await registry.published(AssistanceRestoredV1)) == 1
    assert await memberships(registry) == [("pkh", "active")]


async def test_only_two_different_officers_of_the_owner_answer(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    path = f"/assistance/requests/{fact.graduation_id}"
    stranger = registry.as_(Role.PETUGAS, agency="dinas-koperasi")
    assert (await stranger.post(f"{path}/answer", json=END)).status_code == 404
    assert (await stranger.get("/assistance/requests")).json()["items"] == []
    both = registry.as_(Role.PETUGAS, Role.VERIFIKATOR, subject="one-person")
    await both.post(f"{path}/answer", json=END)
    assert (await both.post(f"{path}/approve", json={"version": 2})).json()["type"].endswith(":same-person")
    other = registry.as_(Role.VERIFIKATOR)
    assert (await other.post(f"{path}/approve", json={"version": 1})).json()["type"].endswith(":stale-version")
    assert (await other.post(f"{path}/return", json={"version": 2})).status_code == 200
    await answer(registry, fact.graduation_id, REFUSE, version=4)


async def test_the_owner_enters_a_family_by_hand(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    path = f"/people/{person_id}/memberships"
    petugas = registry.as_(Role.PETUGAS)
    assert (await petugas.post(path, json={"scheme": "sembako", "since": "2022-01-01"})).status_code == 201
    assert (await petugas.post(path, json={"scheme": "pkh"})).json()["type"].endswith(":already-member")
    stranger = registry.as_(Role.PETUGAS, agency="dinas-pmd")
    assert (await stranger.post(path, json={"scheme": "pkh"})).json()["type"].endswith(":not-owner")
    assert await memberships(registry) == [("pkh", "active"), ("sembako", "active")]


async def changes(registry: ServiceUnderTest) -> list[tuple[int, str]]:
    rows = await registry.fetch_all("SELECT version, change FROM membership_change ORDER BY version")
    return [(row.version, row.change) for row in rows]


async def test_a_family_is_taken_in_again_after_an_end(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    await answer(registry, fact.graduation_id, END)
    path, petugas = f"/people/{fact.person_id}/memberships", registry.as_(Role.PETUGAS)
    early = await petugas.post(path, json={"scheme": "pkh", "since": "2024-07-14"})
    assert (early.status_code, early.json()["type"]) == (422, "urn:sinergi:problem:starts-before-end")
    again = await petugas.post(path, json={"scheme": "pkh", "since": "2025-01-01"})
    assert again.status_code == 201, again.text
    row = await registry.fetch_one("SELECT id, state, since, ended_on, ended_by FROM membership")
    assert row is not None
    assert (str(row.id), row.state, str(row.since)) == (again.json()["id"], "active", "2025-01-01")
    assert (row.ended_on, row.ended_by) == (None, None)
    assert await changes(registry) == [(1, "started"), (2, "ended"), (3, "started")]
    assert (await petugas.post(path, json={"scheme": "pkh"})).json()["type"].endswith(":already-member")
    await registry.deliver(graduation_withdrawn(fact), case=CASE)
    assert await registry.published(AssistanceRestoredV1) == []
    assert await memberships(registry) == [("pkh", "active")]


@pytest.mark.parametrize(("dated_on", "state"), [("2024-07-15", "ended"), ("2024-07-16", "active")])
async def test_only_a_list_made_after_the_end_takes_a_family_in_again(
    registry: ServiceUnderTest, dated_on: str, state: str
) -> None:
    fact = await proposed(registry)
    await answer(registry, fact.graduation_id, END)
    petugas, verifikator = registry.as_(Role.PETUGAS), registry.as_(Role.VERIFIKATOR)
    relatives = csv_list(cells(2, no_kk=family_card(1)), cells(3, no_kk=family_card(1)))
    import_id = (await upload(petugas, relatives, list_dated_on=dated_on)).json()["id"]
    await verifikator.post(f"/imports/{import_id}/approve", json={"version": 1} | DATED)
    await registry.run_jobs()
    assert await memberships(registry) == [("pkh", state)]
    view = (await petugas.get(f"/imports/{import_id}")).json()
    assert view["registered_count"] == 2
    assert view["findings_count"] == ({"assistance_ended_since": 2} if state == "ended" else {})
    started = [(1, "started"), (2, "ended"), (3, "started")]
    assert await changes(registry) == started[: 3 if state == "active" else 2]


async def test_assistance_is_not_ended_on_a_day_to_come(registry: ServiceUnderTest) -> None:
    fact = await proposed(registry)
    body = END | {"ended_on": "2999-01-01"}
    refused = await registry.as_(Role.PETUGAS).post(f"/assistance/requests/{fact.graduation_id}/answer", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:sinergi:problem:date-in-future")


@pytest.mark.parametrize("owners", [{"pkh": "dinsos"}, {"pkh": "dinsos", "sembako": "dinas-pmd"}])
def test_owners_of_a_deployment_are_one_agency(owners: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="same owner"):
        Settings.one_owner_of_all(owners)  # type: ignore[arg-type]
