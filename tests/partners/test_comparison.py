"""Dinas Koperasi finds double aid whichever side comes first, and tells it once."""

from datetime import date
from uuid import UUID

from contracts.disbursement import AidAllocatedV1
from contracts.inbound import AssistanceGivenV1
from partners.cloudevents import Heard, new_id
from partners.dinas_koperasi import Comparison

PERSON, SOMEBODY_ELSE = new_id(), new_id()


def allocated(person_id: UUID) -> Heard:
    fact = AidAllocatedV1(
        occurred_on=date(2023, 11, 16),
        agency="dinsos",
        grant_id=new_id(),
        person_id=person_id,
        family_id=new_id(),
        programme_id=new_id(),
        package_code="paket-tata-boga",
        amount_rupiah=3_000_000,
        conditional=True,
        from_reserve_list=True,
    )
    return Heard(new_id(), "urn:sinergi:local:disbursement", str(fact.grant_id), fact, None, None)


GIVEN = AssistanceGivenV1(
    occurred_on=date(2023, 9, 4),
    agency="dinas-koperasi",
    assistance_id=new_id(),
    person_id=PERSON,
    region_code="33.28.04.2001",
    package_code="gerobak",
    amount_rupiah=2_500_000,
)


def test_record_first_then_allocation() -> None:
    comparison = Comparison()
    comparison.record(GIVEN)
    assert comparison.matches() == []
    comparison.hear(allocated(SOMEBODY_ELSE))
    assert comparison.matches() == []
    planned = allocated(PERSON)
    comparison.hear(planned)
    assert comparison.matches() == [(GIVEN, planned)]
    assert comparison.matches() == []


def test_allocation_first_then_record() -> None:
    comparison = Comparison()
    planned = allocated(PERSON)
    comparison.hear(planned)
    comparison.record(GIVEN)
    assert comparison.matches() == [(GIVEN, planned)]
    comparison.hear(planned)
    assert comparison.matches() == []
