"""Facts, plans and acts that the tests of follow-up are made of; all people and amounts are synthetic."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.auth import Role
from chassis.ids import new_id
from contracts.disbursement import (
    AidHandedOverV1,
    CancelReason,
    GrantCancelledV1,
    HandedItem,
    HandoverVoidedV1,
    ItemCondition,
    VoidReason,
)
from contracts.envelope import LateEntryReason, case_id
from contracts.registry import (
    AssistanceEndedV1,
    AssistanceEndRefusedV1,
    AssistanceRestoredV1,
    AssistanceScheme,
    EndRefusalReason,
    ListSource,
    PersonCorrectedV1,
    PersonField,
    PersonStatus,
    PopulationMatch,
)
from services.followup.domain.facts import When
from services.followup.domain.outcome import AssetState, Outcome
from services.followup.domain.plan import Handover, MentoringPlan
from services.followup.domain.schedule import Schedule, add_months
from tests.support.service import OfficerClient, ServiceUnderTest

HANDED_OVER_ON = date(2023, 11, 22)
"""The day of the handover in Balapulang (S4)."""
VILLAGE = "33.28.04.2001"
OTHER_VILLAGE = "33.28.02.2005"
NOW_IS_LATE = {"late_entry_reason": "historical_data"}
BASELINE_RUPIAH = 800_000
GOOD_INCOME_RUPIAH = 1_000_000


def plan_of(visits_count: int = 6, handed_over_on: date = HANDED_OVER_ON) -> MentoringPlan:
    """A plan with its visits planned, at version 1."""
    plan = MentoringPlan(
        id=new_id(),
        grant_id=new_id(),
        person_id=new_id(),
        family_id=new_id(),
        programme_id=new_id(),
        case_id=new_id(),
        package_code="paket-menjahit",
        agency="dinsos",
        region_code=VILLAGE,
        handover=Handover(new_id(), handed_over_on, None),
        schedule=Schedule(visits_count, 1),
    )
    plan.plan_visits([new_id() for _ in range(visits_count)], When(handed_over_on))
    return plan


def outcome(income_rupiah: int = GOOD_INCOME_RUPIAH, asset_state: AssetState = AssetState.KEPT) -> Outcome:
    """What a visit measured."""
    return Outcome(2 * income_rupiah, income_rupiah, 40, asset_state)


def handed_over(**changes: Any) -> AidHandedOverV1:
    """Disbursement tells of a handover."""
    fact = {
        "occurred_on": HANDED_OVER_ON,
        "late_entry_reason": LateEntryReason.HISTORICAL_DATA,
        "agency": "dinsos",
        "grant_id": new_id(),
        "person_id": new_id(),
        "family_id": new_id(),
        "programme_id": new_id(),
        "package_code": "paket-menjahit",
        "amount_rupiah": 3_500_000,
        "handover_session_id": new_id(),
        "bast_id": new_id(),
        "bast_number": "BAST/DINSOS/2023/0001",
        "region_code": VILLAGE,
        "items": (
            HandedItem(item_code="mesin-jahit", quantity=1, unit_price_rupiah=3_500_000, condition=ItemCondition.GOOD),
        ),
    }
    return AidHandedOverV1(**(fact | changes))


def _grant_of(fact: AidHandedOverV1) -> dict[str, Any]:
    names = ("agency", "grant_id", "person_id", "family_id", "programme_id", "package_code", "amount_rupiah")
    return {name: getattr(fact, name) for name in names} | {"occurred_on": date(2023, 11, 25)}


def voided(fact: AidHandedOverV1) -> HandoverVoidedV1:
    """Disbursement voids the BAST."""
    bast = {"bast_id": fact.bast_id, "bast_number": fact.bast_number, "reason": VoidReason.WRONG_ITEM}
    return HandoverVoidedV1(**_grant_of(fact), **bast)


def replaced(fact: AidHandedOverV1, on: date = date(2023, 11, 30)) -> AidHandedOverV1:
    """Disbursement hands over again under a replacement BAST."""
    changes = {"bast_id": new_id(), "bast_number": "BAST/DINSOS/2023/0299", "replaces_bast_id": fact.bast_id}
    return fact.model_copy(update=changes | {"occurred_on": on})


def cancelled(fact: AidHandedOverV1) -> GrantCancelledV1:
    """Disbursement cancels the grant."""
    decree = {"decree_number": "400/AMEND/2023", "reason": CancelReason.DECIDED_IN_ERROR}
    return GrantCancelledV1(**_grant_of(fact), **decree)


def person_corrected(
    person_id: UUID, status: PersonStatus, on: date = date(2024, 2, 1), region_code: str = VILLAGE
) -> PersonCorrectedV1:
    """The registry corrects a person's status or village."""
    return PersonCorrectedV1(
        occurred_on=on,
        agency="dinsos",
        person_id=person_id,
        family_id=new_id(),
        region_code=region_code,
        decile=1,
        list_source=ListSource.P3KE,
        list_version="2022-tahap-2",
        list_dated_on=date(2022, 12, 1),
        population_match=PopulationMatch.MATCHED,
        status=status,
        correction_id=new_id(),
        changed_fields=(PersonField.STATUS, PersonField.REGION),
    )


def _answer_to(graduation_id: UUID) -> dict[str, Any]:
    day = date(2024, 7, 1)
    return {
        "occurred_on": day,
        "agency": "dinsos",
        "graduation_id": graduation_id,
        "person_id": new_id(),
        "family_id": new_id(),
    }


def ended(graduation_id: UUID, *schemes: AssistanceScheme) -> AssistanceEndedV1:
    """The owner ended the assistance."""
    return AssistanceEndedV1(**_answer_to(graduation_id), schemes=schemes, ended_on=date(2024, 7, 1))


def refused(graduation_id: UUID) -> AssistanceEndRefusedV1:
    """The owner keeps the assistance."""
    return AssistanceEndRefusedV1(**_answer_to(graduation_id), reason=EndRefusalReason.INCOME_NOT_STABLE)


def restored(graduation_id: UUID) -> AssistanceRestoredV1:
    """The owner gave the assistance back."""
    return AssistanceRestoredV1(
        **_answer_to(graduation_id), schemes=(AssistanceScheme.PKH,), restored_on=date(2024, 8, 1)
    )


def visit_body(plan_id: str, number: int, **changes: Any) -> dict[str, Any]:
    """A mentor's record of a visit on its day; the first one carries the income before the aid."""
    body = {
        "plan_id": plan_id,
        "visit_number": number,
        "occurred_on": add_months(HANDED_OVER_ON, number).isoformat(),
        "monthly_turnover_rupiah": 2_000_000,
        "monthly_income_rupiah": GOOD_INCOME_RUPIAH,
        "family_working_hours": 42,
        "asset_state": "kept",
        "baseline_income_rupiah": BASELINE_RUPIAH if number == 1 else None,
    }
    return body | NOW_IS_LATE | changes


class Field:
    """Officers at work on one service, and what they usually do."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self.mentor = service.as_(Role.PENDAMPING, subject="pendamping-1")
        self.officer = service.as_(Role.PETUGAS, subject="petugas-1")
        self.verifier = service.as_(Role.VERIFIKATOR, subject="verifikator-1")

    async def planned(self, **changes: Any) -> tuple[str, AidHandedOverV1]:
        """A plan made by a handover."""
        fact = handed_over(**changes)
        await self.service.deliver(fact, case=case_id(fact.programme_id, fact.person_id))
        return await self.plan_id(fact), fact

    async def plan_id(self, fact: AidHandedOverV1) -> str:
        """The plan of a grant."""
        found = await self.plans_of(fact.person_id)
        return str(found[0]["plan_id"])

    async def plans_of(self, person_id: UUID) -> list[dict[str, Any]]:
        """Plans of a person as an officer sees them."""
        answer = await get(self.officer, f"/people/{person_id}")
        return list(answer["plans"])

    async def visited(self, plan_id: str, count: int = 6, **changes: Any) -> None:
        """Record the first visits of a plan."""
        for number in range(1, count + 1):
            await post(self.mentor, "/visits", visit_body(plan_id, number, **changes))

    async def empowered(self) -> str:
        """A plan whose family is confirmed as empowered; returns the plan's id."""
        plan_id, _ = await self.planned()
        await self.visited(plan_id)
        await self.confirm(plan_id)
        return plan_id

    async def confirm(self, plan_id: str) -> None:
        """Confirm a plan's candidate."""
        candidate = (await get(self.officer, f"/plans/{plan_id}"))["empowerment"]
        body = {"version": candidate["version"], "occurred_on": "2024-06-01"} | NOW_IS_LATE
        await post(self.verifier, f"/empowerments/{candidate['empowerment_id']}/confirm", body)

    async def graduation(self, plan_id: str) -> UUID:
        """Propose a graduation; returns its id."""
        body = {"plan_id": plan_id, "occurred_on": "2024-06-15"} | NOW_IS_LATE
        return UUID((await post(self.officer, "/graduations", body))["id"])

    async def withdraw(self, graduation_id: UUID, reason: str = "household_shock") -> None:
        """Take a graduation back at its present version."""
        version = (await get(self.officer, f"/graduations/{graduation_id}"))["version"]
        body = {"version": version, "reason": reason, "occurred_on": "2024-06-20"} | NOW_IS_LATE
        await post(self.officer, f"/graduations/{graduation_id}/withdraw", body)

    async def corrected(self, plan_id: str, number: int, **new: Any) -> None:
        """Correct a visit with two officers."""
        plan = await get(self.officer, f"/plans/{plan_id}")
        visit_id = plan["visits"][number - 1]["visit_id"]
        body = {"visit_id": visit_id, "reason": "typing_error"} | new
        correction = (await post(self.officer, "/visit-corrections", body))["id"]
        await post(self.verifier, f"/visit-corrections/{correction}/approve", {"version": 1})


async def get(client: OfficerClient, path: str) -> dict[str, Any]:
    """A read that must succeed."""
    response = await client.get(path)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def post(client: OfficerClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """An act that must succeed."""
    response = await client.post(path, json=body)
    assert response.status_code in {200, 201}, response.text
    return dict(response.json())


async def refusal(client: OfficerClient, path: str, body: dict[str, Any]) -> str:
    """An act that must be refused: status and the problem's code."""
    response = await client.post(path, json=body)
    assert response.status_code >= 400, response.text
    return f"{response.status_code} {response.json()['type'].rsplit(':', 1)[1]}"


def today() -> date:
    """The date in the zone of the tests' region."""
    return datetime.now(ZoneInfo("Asia/Jakarta")).date()
