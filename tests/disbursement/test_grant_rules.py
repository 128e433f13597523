"""A grant's states, a proposal's officers, and the entries each fact makes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.errors import Refusal, SamePerson
from services.disbursement.domain import facts as f
from services.disbursement.domain.grant import (
    AlreadyHandedOver,
    Grant,
    GrantNotInState,
    GrantState,
    HandoverBeforeDecree,
    ItemsDiffer,
    PackageItem,
    RecipientNotActive,
)
from services.disbursement.domain.handover import Change, ChangeAlreadyAnswered, bast_number
from services.disbursement.domain.ledger import Account, Entries, LedgerEntry, entries_of, purchased
from services.disbursement.domain.proposal import (
    NO_LINES_LEFT,
    DatedBeforePreviousAct,
    EmptyProposal,
    Proposal,
    ProposalKind,
    ProposalNotInState,
    ProposalStale,
    ProposalState,
    ReturnReason,
)

DAY = date(2023, 11, 22)
DECREE_ON = date(2023, 11, 17)
ITEM = f.HandedItem("kompor", 1, 2_000_000, f.ItemCondition.GOOD)
PACKAGE = (PackageItem("kompor", "Kompor gas", 1, 2_000_000),)
GOODS = f.GoodsFate.BACK_IN_STOCK


def grant(state: GrantState) -> Grant:
    one = Grant(UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4), "paket", 2_000_000, "dinsos", "33.28.04", state)
    one.proposal_id, one.decided_on = UUID(int=5), DECREE_ON
    one.bast_id = UUID(int=6) if state is GrantState.HANDED_OVER else None
    return one


ACTS: dict[str, tuple[Callable[[Grant], Any], dict[str, str]]] = {
    "confirm": (lambda g: g.confirm(), {"conditional": "confirmed"}),
    "release": (
        lambda g: g.release(f.ReleaseReason.DOUBLE_AID),
        {"conditional": "released", "confirmed": "released", "proposed": "released"},
    ),
    "propose": (lambda g: g.propose(UUID(int=7)), {"confirmed": "proposed"}),
    "send_back": (lambda g: g.send_back("incomplete"), {"proposed": "confirmed"}),
    "decide": (lambda g: g.decide(UUID(int=8), "460/2023", DECREE_ON), {"proposed": "decided"}),
    "cancel": (lambda g: g.cancel(f.CancelReason.DECEASED, UUID(int=8), "461/2023"), {"decided": "cancelled"}),
    "schedule": (
        lambda g: g.schedule(UUID(int=9), DAY, "pendopo", "33.28.04", recipient_active=True),
        {"decided": "decided"},
    ),
    "miss": (lambda g: g.miss(UUID(int=9)), {"decided": "decided"}),
    "hand_over": (
        lambda g: g.hand_over(UUID(int=9), UUID(int=10), "BAST/DINSOS/2023/0001", (ITEM,), None),
        {"decided": "handed_over"},
    ),
    "take_back": (lambda g: g.take_back("BAST/X", f.VoidReason.WRONG_ITEM, GOODS), {"handed_over": "decided"}),
    "correct": (
        lambda g: g.correct_bast("BAST/X", (f.BastField.PLACE,), "typing_error"),
        {"handed_over": "handed_over"},
    ),
}


@pytest.mark.parametrize("state", list(GrantState))
@pytest.mark.parametrize("act", list(ACTS))
def test_every_act_in_every_state(act: str, state: GrantState) -> None:
    do, allowed = ACTS[act]
    one = grant(state)
    if state.value not in allowed:
        with pytest.raises(GrantNotInState):
            do(one)
        assert (one.state, one.version) == (state, 1)
        return
    fact = do(one)
    assert one.state == allowed[state.value]
    assert one.version == 2
    entries = entries_of(fact, one.amount_rupiah)
    assert entries is None or sum(entry.amount_rupiah for entry in entries.entries) == 0
    assert f.trail(fact).act


@pytest.mark.parametrize(
    ("state", "day", "items", "active", "refusal"),
    [
        (GrantState.HANDED_OVER, DAY, (ITEM,), True, AlreadyHandedOver),
        (GrantState.CONFIRMED, DAY, (ITEM,), True, GrantNotInState),
        (GrantState.DECIDED, date(2023, 11, 16), (ITEM,), True, HandoverBeforeDecree),
        (GrantState.DECIDED, DAY, (), True, ItemsDiffer),
        (GrantState.DECIDED, DAY, (f.HandedItem("kompor", 2, 1, f.ItemCondition.GOOD),), True, ItemsDiffer),
        (GrantState.DECIDED, DAY, (ITEM,), False, RecipientNotActive),
        (GrantState.DECIDED, DAY, (f.HandedItem("kompor", 1, 2_000_000, f.ItemCondition.DAMAGED),), True, None),
    ],
)
def test_what_speaks_against_a_handover(
    state: GrantState, day: date, items: tuple[f.HandedItem, ...], active: bool, refusal: type[Refusal] | None
) -> None:
    if refusal is None:
        grant(state).refuse_unless_receivable(day, items, PACKAGE, recipient_active=active)
        return
    with pytest.raises(refusal):
        grant(state).refuse_unless_receivable(day, items, PACKAGE, recipient_active=active)


def proposal(state: ProposalState, checker: str | None = None) -> Proposal:
    ids = (UUID(int=1), UUID(int=2))
    return Proposal(*ids, "dinsos", "33.28", ProposalKind.RECIPIENTS, state, "maker", checker, lines_count=2, version=3)


def test_three_people_and_the_version_they_saw() -> None:
    one = proposal(ProposalState.SUBMITTED)
    with pytest.raises(SamePerson):
        one.check("maker", 3, DECREE_ON)
    with pytest.raises(ProposalStale):
        one.check("checker", 2, DECREE_ON)
    with pytest.raises(ProposalNotInState):
        one.decide("penetap", 3, DECREE_ON)
    one.check("checker", 3, DECREE_ON)
    for same in ("maker", "checker"):
        with pytest.raises(SamePerson):
            one.decide(same, 4, DECREE_ON)
    one.decide("penetap", 4, DECREE_ON)
    assert (one.state, one.checker, one.penetap, one.version) == (ProposalState.DECIDED, "checker", "penetap", 5)
    with pytest.raises(ProposalNotInState):
        one.give_back("checker", 5, ReturnReason.INCOMPLETE, DECREE_ON)


def test_returned_lines_must_be_checked_again() -> None:
    one = proposal(ProposalState.CHECKED, "checker")
    one.give_back_lines("checker", 3, 1, DECREE_ON)
    assert (one.state, one.checker, one.lines_count) == (ProposalState.SUBMITTED, None, 1)
    one.give_back_lines("checker", 4, 1, DECREE_ON)
    assert (one.state, one.return_reason) == (ProposalState.RETURNED, NO_LINES_LEFT)


def test_nothing_is_decided_on_nobody() -> None:
    collected = proposal(ProposalState.COLLECTING)
    collected.submit(0)
    assert (collected.state, collected.return_reason) == (ProposalState.RETURNED, NO_LINES_LEFT)
    for state, act in ((ProposalState.SUBMITTED, Proposal.check), (ProposalState.CHECKED, Proposal.decide)):
        empty = proposal(state)
        empty.lines_count = 0
        with pytest.raises(EmptyProposal):
            act(empty, "another", 3, DECREE_ON)


def test_no_act_is_dated_before_the_one_it_answers() -> None:
    one = proposal(ProposalState.SUBMITTED)
    one.acted_on = DECREE_ON
    with pytest.raises(DatedBeforePreviousAct):
        replace(one).check("checker", 3, DECREE_ON - timedelta(days=1))
    with pytest.raises(DatedBeforePreviousAct):
        replace(one).give_back("checker", 3, ReturnReason.INCOMPLETE, DECREE_ON - timedelta(days=1))
    one.check("checker", 3, DAY)
    with pytest.raises(DatedBeforePreviousAct):
        one.decide("penetap", 4, DECREE_ON)


def test_a_proposal_is_returned_while_collecting_only_if_its_job_ended() -> None:
    one = proposal(ProposalState.COLLECTING)
    with pytest.raises(ProposalNotInState):
        one.give_back("checker", 3, ReturnReason.INCOMPLETE, DECREE_ON)
    one.give_back("checker", 3, ReturnReason.INCOMPLETE, DECREE_ON, collecting_ended=True)
    assert one.state is ProposalState.RETURNED


def test_a_change_needs_another_officer_and_one_answer() -> None:
    change = Change(UUID(int=1), UUID(int=2), "maker")
    with pytest.raises(SamePerson):
        change.answer("maker", approved=True)
    change.answer("checker", approved=False)
    with pytest.raises(ChangeAlreadyAnswered):
        change.answer("checker", approved=True)


@pytest.mark.parametrize(("paid", "difference"), [(5, None), (4, -30), (6, 30)])
def test_stock_is_valued_at_the_package_price(paid: int, difference: int | None) -> None:
    entries = {entry.account: entry.amount_rupiah for entry in purchased(30, 5, paid).entries}
    assert entries[Account.BOUGHT] == -30 * paid
    assert entries[Account.IN_STOCK] == 150
    assert entries.get(Account.PRICE_DIFFERENCE) == difference


def test_unbalanced_entries_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="do not sum to 0"):
        Entries("odd", (LedgerEntry(Account.BUDGET, 1),))


def test_bast_number() -> None:
    assert bast_number("dinsos", 2023, 7) == "BAST/DINSOS/2023/0007"
    assert bast_number("dinas_koperasi", 2023, 12345) == "BAST/DINAS-KOPERASI/2023/12345"
