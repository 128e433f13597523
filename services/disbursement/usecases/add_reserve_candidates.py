"""People are added to a programme's reserve list (cadangan), in order."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.transaction import Transaction
from contracts.fields import Code
from services.disbursement.domain.facts import Trail
from services.disbursement.store import grants as store
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.record_changes import occasion_of


class CandidateGiven(Command):
    """A person and the package they would get."""

    person_id: UUID
    package_code: Code


class AddReserveCandidates(DatedCommand):
    """Append people to the reserve list in the order given."""

    candidates: Annotated[tuple[CandidateGiven, ...], Field(min_length=1, max_length=500)]


async def add_reserve_candidates(tx: Transaction, programme_id: UUID, command: AddReserveCandidates) -> UUID:
    """Append them behind the last; who stands on the list already keeps the place. Returns the programme's id.

    Raises ProgrammeNotFound, PackageUnknown.
    """
    programme = await load_programme(tx, programme_id, for_update=True)
    position = await store.last_position(tx, programme.id)
    occasion = occasion_of(tx, command)
    given = {each.person_id: programme.package(each.package_code).code for each in command.candidates}
    rows: list[dict[str, object]] = [
        {
            "id": tx.new_id(),
            "programme_id": programme.id,
            "person_id": person_id,
            "package_code": package_code,
            "position": place,
            "officer": occasion.officer,
            "recorded_at": tx.now,
        }
        for place, (person_id, package_code) in enumerate(given.items(), position + 1)
    ]
    inserted = await store.insert_candidates(tx, rows)
    added = [person_id for row, person_id in zip(rows, given, strict=True) if row["id"] in inserted]
    scope = (programme.id, programme.agency, programme.region_code)
    lines = [LogLine(About(*scope, person_id=each), Trail("reserve_candidate_added"), occasion) for each in added]
    await log_acts(tx, lines)
    return programme.id
