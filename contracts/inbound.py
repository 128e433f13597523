"""What other agencies and training providers tell us, on inbound topics of their own."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact, Part
from contracts.fields import Code, Id, PersonId, RegionCode, Rupiah, coded, entries


class Attendance(StrEnum):
    """Presence at a session; `sick` is sakit, `excused` is izin."""

    PRESENT = "present"
    SICK = "sick"
    EXCUSED = "excused"
    ABSENT = "absent"


class AttendanceEntry(Part):
    """One line of an attendance sheet."""

    enrolment_id: Id
    attendance: Annotated[Attendance, coded()]


class AttendanceReportedV1(Fact):
    """A training provider sends the attendance sheet (daftar hadir) of one session."""

    event_type = "training-provider.attendance_reported.v1"
    provider_code: Code
    class_id: Id
    session_id: Id
    entries: Annotated[tuple[AttendanceEntry, ...], entries(min_length=1, max_length=500)]


class AssistanceGivenV1(Fact):
    """Another agency gave productive aid to a person, found by the registry's look-up."""

    event_type = "dinas-koperasi.assistance_given.v1"
    assistance_id: Id
    person_id: PersonId
    region_code: RegionCode
    package_code: Code
    amount_rupiah: Rupiah
