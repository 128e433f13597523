"""All that happened in one case."""

from dataclasses import dataclass
from uuid import UUID

from chassis.errors import NotFound
from chassis.transaction import Transaction
from services.console import store


class UnknownCase(NotFound):
    """No such case is known, or not yet, or it lies outside the officer's scope."""

    title = "There is no such case"


@dataclass(frozen=True, slots=True)
class Case:
    """A case with its timeline, oldest act first."""

    file: store.CaseFile
    timeline: list[store.TimelineEvent]


async def find_case(tx: Transaction, case_id: UUID) -> Case:
    """The case and its timeline. Raises UnknownCase."""
    file = await store.find_case(tx, case_id)
    if file is None:
        raise UnknownCase(case_id=str(case_id))
    return Case(file, await store.load_timeline(tx, file))
