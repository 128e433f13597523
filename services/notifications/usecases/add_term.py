"""How a code reads in messages."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from chassis.commands import Command
from chassis.transaction import Transaction
from services.notifications.store import templates as template_store


class TermKind(StrEnum):
    """What a code names."""

    AGENCY = "agency"
    COURSE = "course"
    PACKAGE = "package"
    ITEM = "item"
    PLACE = "place"
    REGION = "region"


class AddTerm(Command):
    """Name a code, such as the place `pendopo-balapulang`, in Bahasa Indonesia."""

    kind: TermKind
    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{1,48}$")]
    label: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f{}]{1,80}$")]


async def add_term(tx: Transaction, command: AddTerm) -> UUID:
    """Add a newer label; messages queued before keep the one they were queued with."""
    return await template_store.insert_term(tx, command.kind.value, command.code, command.label, tx.now)
