"""The end: every message has its outcome, the ledger balances, nothing is parked, a case can be seen as a whole."""

from collections import Counter
from typing import Any, Final
from uuid import UUID

import httpx

from contracts.envelope import case_id
from demo import programme
from demo.people import GRADUATION_COUNT, WITHOUT_PHONE_COUNT, graduates, people, recipients
from demo.waiting import until
from demo.world import Show, World

TITLE = "Messages settled, ledger balanced, nothing parked"

_UNDER_WAY: Final = frozenset({"queued", "sending", "sent", "listed"})
_SETTLING_SECONDS: Final = 90
_TRACED: Final = frozenset({"disbursement", "followup", "notifications", "console"})
"""Who takes part when a package is handed over: one causal chain, one trace."""
_CASE_END: Final = "followup.graduated.v1"


async def play(world: World, show: Show) -> None:
    """Wait for late and lost receipts, then compare."""
    counts = await until(
        lambda: _message_counts(world),
        lambda found: not _under_way(found),
        what="every message has its outcome",
        timeout_seconds=_SETTLING_SECONDS,
        seen=lambda found: show(sum(found.values()) - _under_way(found), sum(found.values())),
    )
    _compare_messages(world, counts)
    await _compare_ledger(world)
    await _compare_parked(world)
    await _see_case(world)


async def _message_counts(world: World) -> Counter[tuple[str, str]]:
    query = {"programme_id": str(world.programme_id)}
    found = await world.staff.petugas.get("notifications", "/message-counts", **query)
    return Counter({(one["template_code"], one["state"]): one["count"] for one in found})


def _under_way(counts: Counter[tuple[str, str]]) -> int:
    return sum(count for (_, state), count in counts.items() if state in _UNDER_WAY)


def _compare_messages(world: World, counts: Counter[tuple[str, str]]) -> None:
    enrolled = sum(person.class_code is not None for person in people())
    # One more of each than recipients: the no-show was invited twice, the void BAST had a receipt too.
    twice = len(recipients()) + 1
    expected = {
        "training-invitation": {"delivered": enrolled - WITHOUT_PHONE_COUNT, "acknowledged": WITHOUT_PHONE_COUNT},
        "handover-invitation": {"delivered": twice - WITHOUT_PHONE_COUNT, "acknowledged": WITHOUT_PHONE_COUNT},
        "handover-receipt": {"delivered": twice - WITHOUT_PHONE_COUNT, "failed": WITHOUT_PHONE_COUNT},
        "graduation": {"delivered": GRADUATION_COUNT - 1},
    }
    for template, states in expected.items():
        actual = {state: count for (code, state), count in sorted(counts.items()) if code == template}
        if superseded := actual.pop("superseded", 0):
            # Replaced by a later message before it was sent: the person was told once instead of twice.
            actual["delivered"] = actual.get("delivered", 0) + superseded
        world.figures.compare(TITLE, f"messages: {template}", actual, states)
    world.notes["messages"] = [
        {"template": template, "state": state, "count": count} for (template, state), count in sorted(counts.items())
    ]


async def _compare_ledger(world: World) -> None:
    ledger = await world.staff.auditor.get("disbursement", f"/programmes/{world.programme_id}/ledger")
    balances = {one["account"]: one["balance_rupiah"] for one in ledger["accounts"] if one["balance_rupiah"]}
    spent = programme.total_rupiah()
    compare = world.figures.compare
    compare(TITLE, "sum of the ledger", ledger["sum_rupiah"], 0)
    compare(
        TITLE,
        "balances",
        balances,
        {
            "budget": -programme.BUDGET_RUPIAH,
            "available": programme.BUDGET_RUPIAH - spent,
            "fulfilled": spent,
            "bought": -spent,
            "handed_over": spent,
        },
    )
    world.notes["ledger"] = balances


async def _compare_parked(world: World) -> None:
    parked = {}
    for service in world.office.services:
        if found := await world.staff.operator.get(service, "/admin/parked"):
            parked[service] = [f"{one['type']}: {one['reason']}" for one in found[:5]]
    world.figures.compare(TITLE, "parked messages", parked, {})


async def _see_case(world: World) -> None:
    """One graduated family's whole way, as the console tells it."""
    person = graduates()[0]
    case = case_id(world.programme_id, world.id_of(person))
    timeline = await until(
        lambda: _timeline(world, case),
        lambda found: any(item["type"] == _CASE_END for item in found),
        what="the console knows the case to its end",
    )
    services = sorted({item["service"] for item in timeline})
    expected = ["disbursement", "followup", "notifications", "registry", "training"]
    world.figures.compare(TITLE, "services in one case", services, expected)
    handover = next(item for item in timeline if item["type"] == "disbursement.aid_handed_over.v1")
    traced = await until(
        lambda: _traced_services(world, handover["trace_id"]),
        _TRACED.issubset,
        what="Zipkin shows the handover's trace",
    )
    world.figures.compare(TITLE, "services in the handover's trace", sorted(traced & _TRACED), sorted(_TRACED))
    installation = world.installation
    world.notes["case"] = {
        "case_id": str(case),
        "events": len(timeline),
        "page": f"{installation.urls['console']}/cases/{case}",
        "timeline": f"{installation.urls['console']}/cases/{case}/timeline",
        "trace": f"{installation.zipkin_url}/zipkin/traces/{handover['trace_id']}",
        "bast": f"{installation.urls['disbursement']}/basts/{handover['facts']['bast_id']}/page",
    }


async def _traced_services(world: World, trace_id: str) -> set[str]:
    answer = await world.office.client.get(f"{world.installation.zipkin_url}/api/v2/trace/{trace_id}")
    spans = answer.json() if answer.status_code == httpx.codes.OK else []
    return {span["localEndpoint"]["serviceName"] for span in spans}


async def _timeline(world: World, case: UUID) -> list[dict[str, Any]]:
    found = await world.staff.petugas.get_all("console", "/cases", region="33.28")
    if str(case) not in {one["case_id"] for one in found}:
        return []
    answer = await world.staff.petugas.get("console", f"/cases/{case}/timeline")
    items: list[dict[str, Any]] = answer["items"]
    return items
