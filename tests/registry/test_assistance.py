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
    family_of,
    graduation_proposed,
    graduation_withdrawn,
    registered,
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


@pytest.mark.parametrize("owners", [{"pkh": "dinsos"}, {"pkh": "dinsos", "sembako": "dinas-pmd"}])
def test_owners_of_a_deployment_are_one_agency(owners: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="same owner"):
        Settings.one_owner_of_all(owners)  # type: ignore[arg-type]
