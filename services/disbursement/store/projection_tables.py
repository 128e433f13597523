"""The tables of what others told: people, enrolments, other agencies' aid."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text, Uuid

from services.disbursement.store.tables import metadata, moment, required

person = Table(
    "person",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    required("family_id", Uuid),
    required("region_code", Text),
    required("decile", Integer),
    required("list_source", Text),
    required("list_version", Text),
    required("list_dated_on", Date),
    required("status", Text),
    required("sequence", BigInteger),
    moment(),
    Index(None, "family_id"),
    Index("ix_person_decile", "decile", "person_id", "family_id"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("enrolment_id", Uuid, primary_key=True),
    required("person_id", Uuid),
    required("programme_id", Uuid),
    required("course_code", Text),
    required("state", Text),
    required("sequence", BigInteger),
    moment(),
    Index(None, "person_id", "programme_id"),
    Index("ix_enrolment_programme_id", "programme_id", "person_id"),
)

other_aid = Table(
    "other_aid",
    metadata,
    Column("assistance_id", Uuid, primary_key=True),
    required("person_id", Uuid),
    required("agency", Text),
    required("fiscal_year", Integer),
    required("package_code", Text),
    required("amount_rupiah", BigInteger),
    required("occurred_on", Date),
    required("sequence", BigInteger),
    moment(),
    Index(None, "person_id"),
)

refused_assistance = Table(
    "refused_assistance",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("assistance_id", Uuid),
    required("person_id", Uuid),
    required("agency", Text),
    required("source", Text),
    required("reason", Text),
    moment(),
)
"""Facts that were not believed, by event id: what an agency said in another one's name."""
