"""What other services and agencies told: the newest by sequence, whatever order it came in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text

from chassis.paging import BEFORE_ALL, PageRows, cut_page
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, CourseState, PersonFacts, PersonStatus, Rules
from services.disbursement.store.bulk import insert_rows

_CASES = text("""
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:person_ids AS uuid[]), CAST(:package_codes AS text[])) AS each (person_id, package_code)
), member AS MATERIALIZED (
    SELECT person.person_id, relative.person_id AS member_id
    FROM wanted JOIN person USING (person_id) JOIN person relative USING (family_id)
    UNION SELECT person_id, person_id FROM wanted
), course AS (
    SELECT DISTINCT ON (wanted.person_id) wanted.person_id, enrolment.state, package.code AS package_code
    FROM wanted
    JOIN enrolment ON enrolment.person_id = wanted.person_id AND enrolment.programme_id = :programme_id
    JOIN package ON package.programme_id = :programme_id AND package.course_code = enrolment.course_code
    WHERE wanted.package_code IS NULL OR package.code = wanted.package_code
    ORDER BY wanted.person_id, array_position(ARRAY['completed', 'enrolled', 'not_completed'], enrolment.state),
             package.code
), held AS (
    SELECT member.person_id, aid_grant.id, aid_grant.person_id AS holder_id
    FROM member JOIN aid_grant ON aid_grant.person_id = member.member_id
    WHERE aid_grant.programme_id = :programme_id AND aid_grant.state NOT IN ('released', 'cancelled')
    UNION ALL
    SELECT person.person_id, aid_grant.id, aid_grant.person_id
    FROM wanted JOIN person USING (person_id) JOIN aid_grant USING (family_id)
    WHERE aid_grant.programme_id = :programme_id AND aid_grant.state NOT IN ('released', 'cancelled')
), holder AS (
    SELECT DISTINCT ON (person_id) person_id, id AS grant_id FROM held
    ORDER BY person_id, (holder_id = person_id), id
), elsewhere AS (
    SELECT DISTINCT ON (member.person_id) member.person_id, other_aid.agency
    FROM member JOIN other_aid ON other_aid.person_id = member.member_id
    WHERE other_aid.fiscal_year = :fiscal_year AND other_aid.agency <> :agency
    ORDER BY member.person_id, other_aid.agency
)
SELECT wanted.person_id, person.family_id, person.region_code, person.decile, person.status,
       course.state AS course_state, course.package_code, holder.grant_id, elsewhere.agency AS other_agency
FROM wanted
LEFT JOIN person USING (person_id) LEFT JOIN course USING (person_id)
LEFT JOIN holder USING (person_id) LEFT JOIN elsewhere USING (person_id)
""")
# Another family member's grant sorts before the person's own, so that a family joined later shows its second grant.
# Joins and not one look-up per person: a plan made while the tables were small stays good when they have grown.

_CANDIDATES = text("""
SELECT person.person_id, person.decile
FROM person
WHERE person.person_id IN (SELECT enrolment.person_id FROM enrolment WHERE enrolment.programme_id = :programme_id)
  AND (person.decile, person.person_id) > (:decile, CAST(:person_id AS uuid))
  AND NOT EXISTS (
      SELECT FROM aid_grant WHERE aid_grant.programme_id = :programme_id
        AND aid_grant.family_id = person.family_id AND aid_grant.state NOT IN ('released', 'cancelled'))
ORDER BY person.decile, person.person_id
LIMIT :limit
""")

_WAITING = text("""
SELECT enrolment.person_id, min(enrolment.recorded_at) AS since
FROM enrolment
WHERE enrolment.programme_id = :programme_id AND enrolment.person_id > CAST(:after AS uuid)
  AND NOT EXISTS (
      SELECT FROM aid_grant WHERE aid_grant.programme_id = :programme_id
        AND aid_grant.person_id = enrolment.person_id AND aid_grant.state NOT IN ('released', 'cancelled'))
GROUP BY enrolment.person_id ORDER BY enrolment.person_id LIMIT :limit
""")

_FAMILIES = text("""
SELECT known.person_id AS known_id, member.person_id FROM person known JOIN person member USING (family_id)
WHERE known.person_id = ANY (CAST(:person_ids AS uuid[]))
""")


async def store_newest(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Upsert rows by their first column; an older sequence never overwrites a newer one."""
    if not rows:
        return
    key, *others = tuple(rows[0])
    newest: dict[UUID, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: int(row["sequence"])):
        newest[row[key]] = row
    assignments = ", ".join(f"{name} = excluded.{name}" for name in others)
    await insert_rows(
        tx,
        table,
        [newest[each] for each in sorted(newest)],
        on_conflict=f"ON CONFLICT ({key}) DO UPDATE SET {assignments} WHERE {table.name}.sequence < excluded.sequence",
    )


async def load_cases(tx: Transaction, rules: Rules, wanted: Sequence[tuple[UUID, str | None]]) -> dict[UUID, CaseFacts]:
    """All that is known about people in one programme; a package code limits the course looked at."""
    rows = await tx.fetch_all(
        _CASES,
        {
            "person_ids": [person_id for person_id, _ in wanted],
            "package_codes": [package_code for _, package_code in wanted],
            "programme_id": rules.programme_id,
            "fiscal_year": rules.fiscal_year,
            "agency": rules.agency,
        },
    )
    return {row.person_id: _case(row) for row in rows}


def _case(row: Any) -> CaseFacts:
    person = None
    if row.family_id is not None:
        person = PersonFacts(row.family_id, row.region_code, row.decile, PersonStatus(row.status))
    return CaseFacts(
        person_id=row.person_id,
        person=person,
        package_code=row.package_code,
        course=CourseState(row.course_state) if row.course_state else None,
        family_grant_id=row.grant_id,
        other_aid_agency=row.other_agency,
    )


async def next_candidates(
    tx: Transaction, programme_id: UUID, after: tuple[int, UUID], limit: int
) -> list[tuple[int, UUID]]:
    """Enrolled people whose family holds no grant, poorest first: (decile, person)."""
    rows = await tx.fetch_all(
        _CANDIDATES, {"programme_id": programme_id, "decile": after[0], "person_id": after[1], "limit": limit}
    )
    return [(row.decile, row.person_id) for row in rows]


async def people_without_grant(
    tx: Transaction, programme_id: UUID, after: UUID | None, limit: int
) -> PageRows[Any, UUID]:
    """Enrolled people without a grant of their own, and since when: rows of (person_id, since)."""
    parameters = {"programme_id": programme_id, "after": after or BEFORE_ALL, "limit": limit + 1}
    return cut_page(await tx.fetch_all(_WAITING, parameters), limit, lambda row: row.person_id)


async def families_of(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Each given person with everybody known of their family, themselves included."""
    families = {person_id: {person_id} for person_id in person_ids}
    for row in await tx.fetch_all(_FAMILIES, {"person_ids": list(person_ids)}):
        families[row.known_id].add(row.person_id)
    return families


async def person_status(tx: Transaction, person_id: UUID) -> PersonStatus | None:
    """The registry's newest word on a person."""
    found = await tx.scalar(text("SELECT status FROM person WHERE person_id = :id"), {"id": person_id})
    return PersonStatus(found) if found else None
