"""Find the ids of people by NIK, for those who have a NIK in hand and need the id that events carry."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry.domain.purpose import Purpose
from services.registry.store import people
from services.registry.views import ResolvedList, ResolvedView


class ResolvePeople(Command):
    """NIKs to look up; in a body, so that none stands in an address or its log."""

    purpose: Purpose
    niks: list[Annotated[str, Field(max_length=32)]] = Field(min_length=1, max_length=500, repr=False)


async def resolve_people(tx: Transaction, asked: ResolvePeople) -> ResolvedList:
    """Ids in the order asked, None where nobody in the asker's region has the NIK; the reading is recorded."""
    indexes = [tx.vault.blind_index(nik.strip()) for nik in asked.niks]
    known = await people.find_known(tx, list(set(indexes)))
    rows = await people.find_by_ids(tx, [found.person_id for found in known.values()])
    visible: dict[UUID, ResolvedView] = {
        row.id: ResolvedView(
            position=0, person_id=row.id, family_id=row.family_id, region_code=row.region_code, status=row.status
        )
        for row in rows
    }
    await tx.record_access(asked.purpose, sorted(visible))
    nobody = ResolvedView(position=0, person_id=None, family_id=None, region_code=None, status=None)
    answers = [visible.get(known[index].person_id, nobody) if index in known else nobody for index in indexes]
    return ResolvedList(items=[answer.model_copy(update={"position": at}) for at, answer in enumerate(answers)])
