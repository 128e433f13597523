"""What the registry tells: people, their eligibility attributes, their social assistance."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact
from contracts.fields import (
    Count,
    Day,
    Decile,
    FamilyId,
    Id,
    ListVersion,
    PersonId,
    RegionCode,
    coded,
    codes,
    eligibility_coded,
)


class ListSource(StrEnum):
    """Targeting list a decile comes from."""

    DTKS = "dtks"
    P3KE = "p3ke"
    REGSOSEK = "regsosek"
    DTSEN = "dtsen"


class PopulationMatch(StrEnum):
    """Result of the comparison with Dukcapil."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    NOT_CHECKED = "not_checked"


class PersonStatus(StrEnum):
    """Whether a person can take part at all."""

    ACTIVE = "active"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class PersonField(StrEnum):
    """Name of a corrected field; the values of identifying ones stay in the registry."""

    NAME = "name"
    NIK = "nik"
    FAMILY_CARD = "family_card"
    BIRTH_DATE = "birth_date"
    PHONE = "phone"
    ADDRESS = "address"
    REGION = "region"
    DECILE = "decile"
    STATUS = "status"


class AssistanceScheme(StrEnum):
    """Social assistance (bansos) a family may hold."""

    PKH = "pkh"
    SEMBAKO = "sembako"


class EndRefusalReason(StrEnum):
    """Why an owner keeps the assistance although graduation was proposed."""

    INCOME_NOT_STABLE = "income_not_stable"
    VULNERABLE_MEMBER = "vulnerable_member"
    DATA_NOT_VERIFIED = "data_not_verified"


class _Attributes(Fact):
    person_id: PersonId
    family_id: FamilyId
    region_code: RegionCode
    decile: Decile
    list_source: Annotated[ListSource, eligibility_coded()]
    list_version: ListVersion
    list_dated_on: Day
    population_match: Annotated[PopulationMatch, eligibility_coded()]
    status: Annotated[PersonStatus, eligibility_coded()]


class PersonRegisteredV1(_Attributes):
    """A person of an approved list is known, with the attributes eligibility is judged by."""

    event_type = "registry.person_registered.v1"
    import_id: Id


class PersonCorrectedV1(_Attributes):
    """Approved correction: all attributes as they are now, and the names of the fields that changed."""

    event_type = "registry.person_corrected.v1"
    correction_id: Id
    changed_fields: Annotated[tuple[Annotated[PersonField, coded()], ...], codes(min_length=1, max_length=20)]


class ListImportedV1(Fact):
    """A targeting list was approved and applied."""

    event_type = "registry.list_imported.v1"
    import_id: Id
    list_source: Annotated[ListSource, eligibility_coded()]
    list_version: ListVersion
    list_dated_on: Day
    rows_count: Count
    registered_count: Count
    known_count: Count
    refused_count: Count


class _AssistanceAnswer(Fact):
    graduation_id: Id
    person_id: PersonId
    family_id: FamilyId


class AssistanceEndedV1(_AssistanceAnswer):
    """The owner of the assistance ended it because of a graduation; an empty list: the family held none."""

    event_type = "registry.assistance_ended.v1"
    schemes: Annotated[tuple[Annotated[AssistanceScheme, coded()], ...], codes(max_length=10)]
    ended_on: Day


class AssistanceEndRefusedV1(_AssistanceAnswer):
    """The owner of the assistance keeps it."""

    event_type = "registry.assistance_end_refused.v1"
    reason: Annotated[EndRefusalReason, coded()]


class AssistanceRestoredV1(_AssistanceAnswer):
    """Membership ended for a graduation was given back, after its withdrawal or a mistake."""

    event_type = "registry.assistance_restored.v1"
    schemes: Annotated[tuple[Annotated[AssistanceScheme, coded()], ...], codes(min_length=1, max_length=10)]
    restored_on: Day
