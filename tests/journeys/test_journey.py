"""Twenty people through all services: in peace, and with every service killed on the way."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from typing import Any
from uuid import UUID

import httpx

from contracts.envelope import case_id
from demo.officers import Office
from demo.waiting import until
from deploy.local.stack import Stack
from tests.journeys.journey import GRADUATES_COUNT, PEOPLE_COUNT, PRICE_RUPIAH, Journey, travellers

MESSAGES = {
    "training-invitation": PEOPLE_COUNT,
    "handover-invitation": PEOPLE_COUNT,
    "handover-receipt": PEOPLE_COUNT,
    "graduation": GRADUATES_COUNT,
}
CHAIN = {"registry", "training", "disbursement", "followup", "notifications"}


async def test_twenty_people_reach_the_end_each_exactly_once(office: Office, stack: Stack) -> None:
    """Every case's end state, the ledger, the messages, and one connected trace of a chain."""
    journey = Journey(office, "tenang", travellers())
    await journey.run()
    await assert_every_case_ended_right(journey)
    await assert_spans_are_connected(stack, case_id(journey.programme_id, journey.person_ids[0]))


async def test_a_kill_of_each_service_in_mid_journey_changes_no_end(office: Office, stack: Stack) -> None:
    """SIGKILL of each service, in a random order whose seed is printed, one in each step of the twenty."""
    seed = random.randrange(2**32)
    sys.stderr.write(f"journey seed {seed}\n")
    journey = Journey(office, "gaduh", travellers(skip=PEOPLE_COUNT))
    dice = random.Random(seed)
    victims = dice.sample(sorted(stack.state["services"]), len(stack.state["services"]))

    async def kill(number: int) -> None:
        if number < len(victims):
            await asyncio.sleep(dice.uniform(0, 0.5))
            os.kill(stack.state["services"][victims[number]]["pid"], signal.SIGKILL)
            killed.append(victims[number])

    killed = list[str]()
    await journey.run(kill)
    assert killed == victims
    await assert_every_case_ended_right(journey)


async def assert_every_case_ended_right(journey: Journey) -> None:
    """Nothing lost, nothing twice, in any service."""
    grants = await journey.grants()
    assert Counter(grant["state"] for grant in grants) == {"handed_over": PEOPLE_COUNT}
    assert {UUID(grant["person_id"]) for grant in grants} == set(journey.person_ids)
    basts = await journey.petugas.get_all("disbursement", "/basts", programme_id=str(journey.programme_id))
    assert Counter(bast["state"] for bast in basts) == {"valid": PEOPLE_COUNT}
    await assert_ledger_balances(journey)
    plans = await journey.plans()
    assert {UUID(plan["person_id"]) for plan in plans} == set(journey.person_ids)
    assert len(plans) == PEOPLE_COUNT
    assert Counter(each["state"] for each in await journey.graduations()) == {"graduated": GRADUATES_COUNT}
    messages = await until(
        journey.messages,
        lambda found: (
            Counter(each["template_code"] for each in found) == MESSAGES
            and all(each["state"] == "delivered" for each in found)
        ),
        what="every message delivered once",
        timeout_seconds=120,
    )
    told = Counter((each["template_code"], each["person_id"]) for each in messages)
    assert set(told.values()) == {1}


async def assert_ledger_balances(journey: Journey) -> None:
    """Sum zero, and every rupiah of the packages handed over."""
    ledger = await journey.petugas.get("disbursement", f"/programmes/{journey.programme_id}/ledger")
    accounts = {each["account"]: each["balance_rupiah"] for each in ledger["accounts"]}
    assert sum(accounts.values()) == 0
    assert abs(accounts["handed_over"]) == PEOPLE_COUNT * PRICE_RUPIAH


async def assert_spans_are_connected(stack: Stack, case: UUID) -> None:
    """A case's spans of all five services, in traces where every span's parent is there too.

    Every process sends its spans in batches of its own, so that a child may arrive seconds before its parent.
    """
    traces = await until(
        lambda: _traces(stack, case),
        lambda found: _services(found) >= CHAIN and not _orphans(found),
        what="the case's spans arrived, each with its parent",
        timeout_seconds=60,
    )
    assert any(len(_services([spans])) >= 3 for spans in traces)


def _services(traces: list[list[dict[str, Any]]]) -> set[str]:
    return {_service(span) for spans in traces for span in spans}


def _orphans(traces: list[list[dict[str, Any]]]) -> list[str]:
    """Names of the spans whose parent is not in their trace."""
    all_spans = [span for spans in traces for span in spans]
    known = {span["id"] for span in all_spans}
    return [span["name"] for span in all_spans if span.get("parentId") and span["parentId"] not in known]


def _service(span: dict[str, Any]) -> str:
    return str(span["localEndpoint"]["serviceName"])


async def _traces(stack: Stack, case: UUID) -> list[list[dict[str, Any]]]:
    query: dict[str, str | int] = {"annotationQuery": f"sinergi.case_id={case}", "limit": 100, "lookback": 3_600_000}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{stack.state['zipkin_url']}/api/v2/traces", params=query)
        found: list[list[dict[str, Any]]] = answer.raise_for_status().json()
        return found
