"""What must be there in the end, computed from the acknowledged acts alone.

This module knows the rules of the programme as a citizen could: who completed gets a package, who received one is
mentored, each is told once. It imports nothing of the services, of the chassis or of the contracts, so that a mistake
there is not repeated here.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from demo.crowd.acts import Act, Journal

Bounds = tuple[int, int]
"""At least and at most so many."""

VISIT_DUE_SINCE_HANDOVER: Final = 1
"""Visits that have fallen due since the handover (`wave.Calendar`)."""


@dataclass(slots=True)
class Person:
    """What is expected of one person in one programme."""

    programme_id: str
    events: dict[str, Bounds] = field(default_factory=dict)
    """By type, without the version."""
    grant: str | None = None
    plan: str | None = None
    graduation: str | None = None
    valid_basts: int = 0
    void_basts: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    """By template."""
    may_be_superseded: Counter[str] = field(default_factory=Counter)
    """How many of them a later fact may overtake before they are sent."""

    def tell(self, *types: str) -> None:
        """One more of each event."""
        for kind in types:
            low, high = self.events.get(kind, (0, 0))
            self.events[kind] = low + 1, high + 1


@dataclass(slots=True)
class Expected:
    """The expected end of a run."""

    people: dict[str, Person]
    ledgers: dict[str, dict[str, int]]
    """Balance by account, by programme."""
    subjects: set[tuple[str, str]]
    """Type and subject of what concerns nobody in particular: programmes, classes, lists; each told once."""
    keys: set[str]
    """Keys of the events that these acts may have caused."""


@dataclass(slots=True)
class _Money:
    budget: int = 0
    price: int = 0
    bought: int = 0
    set_aside: int = 0
    released: int = 0
    handed: int = 0


def expected(journal: Journal) -> Expected:
    """Fold the acts, programme by programme."""
    model = _Model()
    for act in journal.acts:
        model.apply(act)
    return Expected(model.people, model.ledgers(), model.subjects, journal.known_keys())


class _Model:
    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self._money: dict[str, _Money] = defaultdict(_Money)
        self.subjects: set[tuple[str, str]] = set()

    def apply(self, act: Act) -> None:
        """Let an act have its effects."""
        if (told := _TOLD_ONCE.get(act.kind)) is not None:
            self.subjects.add((told, act.answer))
        if act.kind == "opened":
            money = self._money[act.answer]
            money.budget, money.price = act.details["budget_rupiah"], act.details["price_rupiah"]
        elif act.kind == "bought":
            self._money[act.details["programme_id"]].bought += act.details["count"]
        for person_id in act.people:
            person = self.people.get(person_id)
            if person is None:
                person = self.people[person_id] = Person(act.details["programme_id"])
                person.tell("registry.person_registered")
            if (effect := _EFFECTS.get(act.kind)) is not None:
                effect(self, person, act)
        for person_id in act.details.get("absent", ()):
            self._absent(self.people[person_id])

    def ledgers(self) -> dict[str, dict[str, int]]:
        """Two circles: the budget's and the goods'."""
        return {programme_id: _balances(money) for programme_id, money in self._money.items()}

    def enrolled(self, person: Person, _act: Act) -> None:
        # Listed again while training had not heard of the person: one enrolment all the same.
        if "training.enrolled" not in person.events:
            person.tell("training.enrolled")
            person.messages["training-invitation"] += 1

    def allocated(self, person: Person, _act: Act) -> None:
        if person.grant is None:
            person.tell("disbursement.aid_allocated")
            person.grant = "conditional"
            self._money[person.programme_id].set_aside += 1

    def completed(self, person: Person, _act: Act) -> None:
        person.tell("training.course_completed", "disbursement.allocation_confirmed")
        person.grant = "confirmed"

    def _absent(self, person: Person) -> None:
        person.tell("training.course_not_completed", "disbursement.allocation_released")
        person.grant = "released"
        person.may_be_superseded["training-invitation"] += 1
        self._money[person.programme_id].released += 1

    def proposed(self, person: Person, _act: Act) -> None:
        person.tell("disbursement.aid_proposed")

    def decreed(self, person: Person, _act: Act) -> None:
        person.tell("disbursement.aid_decided")
        person.grant = "decided"

    def invited(self, person: Person, _act: Act) -> None:
        if person.messages["handover-invitation"]:
            person.may_be_superseded["handover-invitation"] += 1
        person.tell("disbursement.handover_scheduled")
        person.messages["handover-invitation"] += 1

    def missed(self, person: Person, _act: Act) -> None:
        person.tell("disbursement.handover_missed")

    def handed_over(self, person: Person, _act: Act) -> None:
        person.tell("disbursement.aid_handed_over", "followup.mentoring_planned")
        person.grant, person.plan = "handed_over", "active"
        person.valid_basts += 1
        person.messages["handover-receipt"] += 1
        person.events["followup.visit_due"] = (VISIT_DUE_SINCE_HANDOVER, VISIT_DUE_SINCE_HANDOVER)
        self._money[person.programme_id].handed += 1

    def voided(self, person: Person, _act: Act) -> None:
        person.tell("disbursement.handover_voided", "followup.mentoring_stopped")
        person.grant, person.plan = "decided", "suspended"
        person.valid_basts -= 1
        person.void_basts += 1
        person.may_be_superseded["handover-receipt"] += 1
        self._money[person.programme_id].handed -= 1

    def visited(self, person: Person, _act: Act) -> None:
        person.tell("followup.outcome_measured")
        # A visit recorded before its timer fires is not announced.
        person.events["followup.visit_due"] = (0, VISIT_DUE_SINCE_HANDOVER)

    def corrected(self, person: Person, act: Act) -> None:
        person.tell("registry.person_corrected")
        if act.details["field"] == "status" and person.plan is not None:
            person.tell("followup.mentoring_stopped")
            person.plan = "stopped"
            low, high = person.events["followup.visit_due"]
            person.events["followup.visit_due"] = (min(low, 0), high)

    def empowered(self, person: Person, _act: Act) -> None:
        person.tell("followup.empowered")

    def graduation_proposed(self, person: Person, _act: Act) -> None:
        person.tell("followup.graduation_proposed")

    def assistance_ended(self, person: Person, _act: Act) -> None:
        person.tell("registry.assistance_ended", "followup.graduated")
        person.graduation = "graduated"
        person.messages["graduation"] += 1


_EFFECTS: Final[Mapping[str, Callable[[_Model, Person, Act], None]]] = {
    "enrolled": _Model.enrolled,
    "allocated": _Model.allocated,
    "attendance_verified": _Model.completed,
    "proposed": _Model.proposed,
    "decreed": _Model.decreed,
    "invited": _Model.invited,
    "missed": _Model.missed,
    "handed_over": _Model.handed_over,
    "voided": _Model.voided,
    "visited": _Model.visited,
    "corrected": _Model.corrected,
    "empowered": _Model.empowered,
    "graduation_proposed": _Model.graduation_proposed,
    "assistance_ended": _Model.assistance_ended,
}


_TOLD_ONCE: Final = {
    "opened": "disbursement.programme_opened",
    "scheduled": "training.class_scheduled",
    "import_approved": "registry.list_imported",
}


def _balances(money: _Money) -> dict[str, int]:
    spent, bought = money.handed * money.price, money.bought * money.price
    kept = (money.set_aside - money.released) * money.price
    balances = {
        "budget": -money.budget,
        "available": money.budget - kept,
        "committed": kept - spent,
        "fulfilled": spent,
        "bought": -bought,
        "in_stock": bought - spent,
        "handed_over": spent,
    }
    return {account: rupiah for account, rupiah in balances.items() if rupiah}
