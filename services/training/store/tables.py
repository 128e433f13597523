"""The tables of training, as the migrations leave them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey", "fk": "%(table_name)s_%(column_0_name)s_fkey"})


def _id(name: str = "id") -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def _to(name: str, target: str) -> Column[Any]:
    return Column(name, Text if target.endswith(".code") else Uuid, ForeignKey(target), nullable=False)


def _uuid(name: str) -> Column[Any]:
    return Column(name, Uuid, nullable=False)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Date, nullable=nullable)


def _count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def _moment(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False)


person = Table(
    "person",
    metadata,
    _id("person_id"),
    _uuid("family_id"),
    _text("region_code"),
    _text("status"),
    Column("sequence", BigInteger, nullable=False),
    CheckConstraint("status IN ('active', 'deceased', 'moved_away')", name="person_status_check"),
)

programme = Table(
    "programme",
    metadata,
    _id("programme_id"),
    _text("programme_code"),
    _text("agency"),
    _text("region_code"),
    _count("fiscal_year"),
    Column("course_codes", ARRAY(Text), nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

provider = Table(
    "provider",
    metadata,
    _id(),
    _text("code"),
    _text("name"),
    _text("agency"),
    _text("region_code"),
    UniqueConstraint("code", name="provider_code_key"),
)

course = Table(
    "course",
    metadata,
    _id(),
    _text("code"),
    _text("name"),
    _count("sessions"),
    _count("share_percent"),
    _text("agency"),
    _text("region_code"),
    UniqueConstraint("code", name="course_code_key"),
    CheckConstraint("sessions BETWEEN 1 AND 366", name="course_sessions_check"),
    CheckConstraint("share_percent BETWEEN 1 AND 100", name="course_share_percent_check"),
)

training_class = Table(
    "training_class",
    metadata,
    _id(),
    _to("programme_id", "programme.programme_id"),
    _to("course_code", "course.code"),
    _to("provider_code", "provider.code"),
    _count("capacity"),
    _count("sessions_required"),
    _text("agency"),
    _text("region_code"),
    _day("scheduled_on"),
    _day("decided_on", nullable=True),
    _count("version"),
    CheckConstraint("capacity BETWEEN 1 AND 500", name="training_class_capacity_check"),
    Index("training_class_scope", "agency", "region_code", "id"),
    Index("training_class_programme", "programme_id", "agency", "region_code", "id"),
    Index("training_class_course", "course_code", "agency", "region_code", "id"),
)

class_session = Table(
    "class_session",
    metadata,
    _id(),
    _to("class_id", "training_class.id"),
    _count("number"),
    _day("held_on"),
    UniqueConstraint("class_id", "number", name="class_session_class_id_number_key"),
    UniqueConstraint("class_id", "held_on", name="class_session_class_id_held_on_key"),
)

session_redating = Table(
    "session_redating",
    metadata,
    _id(),
    _to("session_id", "class_session.id"),
    _day("previously_on"),
    _day("held_on"),
    _text("reason"),
    _text("maker"),
    _day("occurred_on"),
    _text("late_entry_reason", nullable=True),
    _moment("recorded_at"),
    Index("session_redating_session", "session_id"),
)

enrolment = Table(
    "enrolment",
    metadata,
    _id(),
    _to("person_id", "person.person_id"),
    _to("programme_id", "programme.programme_id"),
    _to("course_code", "course.code"),
    _to("class_id", "training_class.id"),
    _text("status"),
    _text("reason", nullable=True),
    _text("withdrawal_reason", nullable=True),
    _count("sessions_attended"),
    _count("sessions_required"),
    _day("completed_on", nullable=True),
    _text("agency"),
    _text("region_code"),
    _count("version"),
    CheckConstraint("status IN ('enrolled', 'completed', 'not_completed')", name="enrolment_status_check"),
    CheckConstraint("(status = 'not_completed') = (reason IS NOT NULL)", name="enrolment_reason_check"),
    CheckConstraint("(status = 'completed') = (completed_on IS NOT NULL)", name="enrolment_completed_on_check"),
    Index(
        "enrolment_one_per_programme",
        "programme_id",
        "person_id",
        unique=True,
        postgresql_where=text("reason IS NULL OR reason = 'attendance_short'"),
    ),
    Index("enrolment_class", "class_id", "id"),
    Index("enrolment_person", "person_id", "id"),
)

enrolment_history = Table(
    "enrolment_history",
    metadata,
    _to("enrolment_id", "enrolment.id"),
    _count("version"),
    _uuid("class_id"),
    _text("status"),
    _text("reason", nullable=True),
    _text("withdrawal_reason", nullable=True),
    _count("sessions_attended"),
    _text("actor"),
    _day("occurred_on"),
    _text("late_entry_reason", nullable=True),
    _moment("recorded_at"),
    PrimaryKeyConstraint("enrolment_id", "version"),
)

booked_day = Table(
    "booked_day",
    metadata,
    _to("enrolment_id", "enrolment.id"),
    _day("held_on"),
    _uuid("person_id"),
    _uuid("programme_id"),
    Column("is_active", Boolean, nullable=False),
    PrimaryKeyConstraint("enrolment_id", "held_on"),
    Index("booked_day_person", "person_id", postgresql_where=text("is_active")),
)

enrolment_list = Table(
    "enrolment_list",
    metadata,
    _id(),
    _to("class_id", "training_class.id"),
    _text("maker"),
    _day("occurred_on"),
    _text("agency"),
    _text("region_code"),
)

enrolment_list_row = Table(
    "enrolment_list_row",
    metadata,
    _to("list_id", "enrolment_list.id"),
    _count("number"),
    _uuid("person_id"),
    Column("enrolment_id", Uuid),
    _text("refusal", nullable=True),
    PrimaryKeyConstraint("list_id", "number"),
    CheckConstraint("(enrolment_id IS NULL) <> (refusal IS NULL)", name="enrolment_list_row_outcome_check"),
)

sheet = Table(
    "sheet",
    metadata,
    _id(),
    _to("class_id", "training_class.id"),
    _to("session_id", "class_session.id"),
    _count("revision"),
    _text("state"),
    _text("correction_reason", nullable=True),
    _text("refusal_reason", nullable=True),
    _text("maker"),
    _day("reported_on"),
    _text("late_entry_reason", nullable=True),
    _moment("recorded_at"),
    _text("checker", nullable=True),
    _day("checked_on", nullable=True),
    _text("agency"),
    _text("region_code"),
    _count("version"),
    UniqueConstraint("session_id", "revision", name="sheet_session_id_revision_key"),
    CheckConstraint("state IN ('reported', 'proposed', 'verified', 'superseded', 'refused')", name="sheet_state_check"),
    CheckConstraint("checker IS NULL OR checker <> maker", name="sheet_four_eyes_check"),
    CheckConstraint("state NOT IN ('verified', 'refused') OR checker IS NOT NULL", name="sheet_checked_check"),
    Index("sheet_one_verified", "session_id", unique=True, postgresql_where=text("state = 'verified'")),
    Index("sheet_one_open", "session_id", unique=True, postgresql_where=text("state IN ('reported', 'proposed')")),
    Index("sheet_class", "class_id", "id"),
    Index("sheet_scope", "agency", "region_code", "id"),
    Index("sheet_state", "state", "agency", "region_code", "id"),
)

sheet_entry = Table(
    "sheet_entry",
    metadata,
    _to("sheet_id", "sheet.id"),
    _uuid("enrolment_id"),
    _text("attendance"),
    PrimaryKeyConstraint("sheet_id", "enrolment_id"),
    CheckConstraint("attendance IN ('present', 'sick', 'excused', 'absent')", name="sheet_entry_attendance_check"),
)

counted_attendance = Table(
    "counted_attendance",
    metadata,
    _to("sheet_id", "sheet.id"),
    _to("enrolment_id", "enrolment.id"),
    _count("session_number"),
    _text("attendance"),
    Column("is_current", Boolean, nullable=False),
    PrimaryKeyConstraint("sheet_id", "enrolment_id"),
    Index("counted_attendance_enrolment", "enrolment_id", postgresql_where=text("is_current")),
)
