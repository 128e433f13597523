"""Facts of one made-up case, as the publishers tell them."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from contracts.disbursement import AidHandedOverV1, HandedItem, ItemCondition, PackageOffered, ProgrammeOpenedV1
from contracts.registry import (
    AssistanceEndedV1,
    AssistanceScheme,
    ListSource,
    PersonCorrectedV1,
    PersonField,
    PersonRegisteredV1,
    PersonStatus,
    PopulationMatch,
)
from contracts.training import EnrolledV1

PROGRAMME, PERSON, FAMILY, GRANT, BAST = (new_id() for _ in range(5))
VILLAGE = "33.28.04.2001"


def _attributes(person_id: UUID, region_code: str) -> dict[str, Any]:
    return {
        "occurred_on": date(2023, 10, 2),
        "agency": "dinsos",
        "person_id": person_id,
        "family_id": FAMILY,
        "region_code": region_code,
        "decile": 1,
        "list_source": ListSource.P3KE,
        "list_version": "2023-tahap-1",
        "list_dated_on": date(2023, 9, 29),
        "population_match": PopulationMatch.MATCHED,
        "status": PersonStatus.ACTIVE,
    }


def registered(person_id: UUID = PERSON, region_code: str = VILLAGE) -> PersonRegisteredV1:
    return PersonRegisteredV1(**_attributes(person_id, region_code), import_id=new_id())


def moved(region_code: str, person_id: UUID = PERSON) -> PersonCorrectedV1:
    return PersonCorrectedV1(
        **_attributes(person_id, region_code), correction_id=new_id(), changed_fields=(PersonField.REGION,)
    )


def opened(programme_id: UUID = PROGRAMME, agency: str = "dinsos") -> ProgrammeOpenedV1:
    return ProgrammeOpenedV1(
        occurred_on=date(2023, 9, 1),
        agency=agency,
        programme_id=programme_id,
        programme_code="tegal-uep-2023",
        region_code="33.28",
        fiscal_year=2023,
        budget_rupiah=1_000_000_000,
        highest_decile=3,
        packages=(
            PackageOffered(package_code="paket-kambing", course_code="ternak-kambing", unit_price_rupiah=3_000_000),
        ),
    )


def enrolled(person_id: UUID = PERSON, programme_id: UUID = PROGRAMME) -> EnrolledV1:
    return EnrolledV1(
        occurred_on=date(2023, 10, 9),
        agency="dinsos",
        enrolment_id=new_id(),
        person_id=person_id,
        programme_id=programme_id,
        course_code="ternak-kambing",
        class_id=new_id(),
        place_region_code="33.28.04",
        session_dates=(date(2023, 11, 13),),
    )


def handed_over() -> AidHandedOverV1:
    return AidHandedOverV1(
        occurred_on=date(2023, 11, 22),
        agency="dinsos",
        grant_id=GRANT,
        person_id=PERSON,
        family_id=FAMILY,
        programme_id=PROGRAMME,
        package_code="paket-kambing",
        amount_rupiah=3_000_000,
        handover_session_id=new_id(),
        bast_id=BAST,
        bast_number="BAST/DINSOS/2023/0001",
        region_code=VILLAGE,
        items=(HandedItem(item_code="kambing", quantity=2, unit_price_rupiah=1_500_000, condition=ItemCondition.GOOD),),
    )


def assistance_ended() -> AssistanceEndedV1:
    return AssistanceEndedV1(
        occurred_on=date(2024, 6, 3),
        agency="dinsos",
        graduation_id=new_id(),
        person_id=PERSON,
        family_id=FAMILY,
        schemes=(AssistanceScheme.PKH,),
        ended_on=date(2024, 7, 1),
    )
