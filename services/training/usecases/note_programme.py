"""Keep what disbursement tells of programmes."""

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts.disbursement import ProgrammeOpenedV1
from services.training.store import people


async def note_programme(tx: Transaction, event: Delivered[ProgrammeOpenedV1]) -> None:
    """Keep the programme and the courses that lead to its packages."""
    told = event.data
    row = {
        "programme_id": told.programme_id,
        "programme_code": told.programme_code,
        "agency": told.agency,
        "region_code": told.region_code,
        "fiscal_year": told.fiscal_year,
        "course_codes": sorted({package.course_code for package in told.packages}),
        "sequence": event.sequence,
    }
    await people.put_programme(tx, row)
