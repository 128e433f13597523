"""What other services and agencies told: the newest by sequence, whatever order it came in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text

from chassis.paging import BEFORE_ALL, PageRows, cut_page
from chassis.rows import insert_rows
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, CourseState, PersonFacts, PersonStatus, Rules
from services.disbursement.store.projection_tables import refused_assistance

_KNOWN = """
LEFT JOIN person USING (person_id)
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT relative.person_id FROM person relative WHERE relative.family_id = person.family_id
                 UNION SELECT wanted.person_id) AS member_ids OFFSET 0
) AS family
LEFT JOIN LATERAL (
    SELECT enrolment.state, package.code AS package_code
    FROM enrolment JOIN package ON package.programme_id = :programme_id AND package.course_code = enrolment.course_code
    WHERE enrolment.person_id = wanted.person_id AND enrolment.programme_id = :programme_id
      AND (wanted.package_code IS NULL OR package.code = wanted.package_code)
    ORDER BY array_position(ARRAY['completed', 'enrolled', 'not_completed'], enrolment.state), package.code LIMIT 1
) AS course ON true
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT held.id ORDER BY held.id) AS grant_ids FROM (
        SELECT id, state FROM aid_grant WHERE programme_id = :programme_id AND family_id = person.family_id
        UNION ALL SELECT own.id, own.state
        FROM unnest(family.member_ids) AS member (person_id)
        CROSS JOIN LATERAL (SELECT id, state, programme_id FROM aid_grant WHERE person_id = member.person_id OFFSET 0)
            AS own
        WHERE own.programme_id = :programme_id) AS held
    WHERE held.state NOT IN ('released', 'cancelled')
) AS holder
CROSS JOIN LATERAL (
    SELECT min(given.agency) AS agency
    FROM unnest(family.member_ids) AS member (person_id)
    CROSS JOIN LATERAL (SELECT agency, fiscal_year FROM other_aid WHERE person_id = member.person_id OFFSET 0) AS given
    WHERE given.fiscal_year = :fiscal_year AND given.agency <> :agency
) AS elsewhere
"""
"""What is known of those `wanted`, looked up for each. Joined for all at once it was a matter of luck: where PostgreSQL
took tables that had just been filled for small, 20,000 lines took 16 seconds instead of 0.3. `OFFSET 0` has the family
looked for once, and leaves no index but that of the person to choose."""
_CASES = text(f"""
SELECT wanted.person_id, person.family_id, person.region_code, person.decile, person.status,
       course.state AS course_state, course.package_code, holder.grant_ids, elsewhere.agency AS other_agency
FROM unnest(CAST(:person_ids AS uuid[]), CAST(:package_codes AS text[])) AS wanted (person_id, package_code)
{_KNOWN}
""")  # noqa: S608 - constants of ours
_ALIKE = text(f"""
SELECT (array_agg(wanted.person_id))[1] AS person_id, (array_agg(person.family_id))[1] AS family_id,
       person.region_code, person.decile, person.status, course.state AS course_state,
       (array_agg(course.package_code))[1] AS package_code,
       array_remove(ARRAY[(array_agg((array_remove(holder.grant_ids, wanted.grant_id))[1]))[1]], NULL) AS grant_ids,
       elsewhere.agency AS other_agency, array_agg(wanted.grant_id) AS of_grants
FROM unnest(CAST(:grant_ids AS uuid[]), CAST(:person_ids AS uuid[]), CAST(:package_codes AS text[]))
     AS wanted (grant_id, person_id, package_code)
{_KNOWN}
GROUP BY person.status, person.decile, person.region_code, course.state, elsewhere.agency,
         cardinality(array_remove(holder.grant_ids, wanted.grant_id)) > 0
""")  # noqa: S608 - constants of ours

_SERVABLE = """
EXISTS (SELECT FROM enrolment WHERE enrolment.programme_id = :programme_id AND enrolment.person_id = person.person_id)
AND NOT EXISTS (SELECT FROM aid_grant WHERE aid_grant.programme_id = :programme_id
                AND aid_grant.family_id = person.family_id AND aid_grant.state NOT IN ('released', 'cancelled')
                OFFSET 0)
"""
_CANDIDATES = text(f"""
SELECT 0 AS position, person.decile, person.person_id, CAST(NULL AS uuid) AS reserve_id
FROM person
WHERE (person.decile, person.person_id) > (:decile, CAST(:person_id AS uuid)) AND {_SERVABLE}
  AND NOT EXISTS (SELECT FROM reserve_candidate reserve WHERE reserve.programme_id = :programme_id
                  AND reserve.person_id = person.person_id AND reserve.grant_id IS NULL OFFSET 0)
ORDER BY person.decile, person.person_id LIMIT :limit
""")  # noqa: S608 - a constant of ours
_ON_RESERVE_LIST = text(f"""
SELECT reserve.position, person.decile, person.person_id, reserve.id AS reserve_id
FROM reserve_candidate reserve JOIN person USING (person_id)
WHERE reserve.programme_id = :programme_id AND reserve.grant_id IS NULL AND reserve.position > :position AND {_SERVABLE}
ORDER BY reserve.position LIMIT :limit
""")  # noqa: S608 - a constant of ours
# Two statements that each walk an index from where the chunk before ended: one that orders all who are enrolled would
# cost each chunk as much as there are people. `OFFSET 0` has grants looked up one by one, not joined: while the job
# makes them, PostgreSQL does not know how many there are.

_COUNT_CANDIDATES = text("""
SELECT count(*) FROM person
WHERE EXISTS (SELECT FROM enrolment WHERE enrolment.programme_id = :programme_id
              AND enrolment.person_id = person.person_id)
  AND NOT EXISTS (SELECT FROM aid_grant WHERE aid_grant.programme_id = :programme_id
                  AND aid_grant.family_id = person.family_id AND aid_grant.state NOT IN ('released', 'cancelled'))
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


_NOT_ACTIVE = text("""
SELECT person_id FROM person WHERE person_id = ANY (CAST(:person_ids AS uuid[])) AND status <> :active
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
    cases = (_case(*row) for row in rows)
    return {case.person_id: case for case in cases}


async def alike(tx: Transaction, rules: Rules, lines: Sequence[Any]) -> list[tuple[CaseFacts, Sequence[UUID]]]:
    """Grants of (id, person_id, package_code), together those that are alike in all that a criterion asks.

    The facts are those of one of them, and its own grant is not among its family's.
    """
    wanted = {
        "grant_ids": [line.id for line in lines],
        "person_ids": [line.person_id for line in lines],
        "package_codes": [line.package_code for line in lines],
    }
    programme = {"programme_id": rules.programme_id, "fiscal_year": rules.fiscal_year, "agency": rules.agency}
    found = await tx.fetch_all(_ALIKE, wanted | programme)
    return [(_case(*facts), of_grants) for *facts, of_grants in found]


def _case(
    person_id: UUID,
    family_id: UUID | None,
    region_code: str,
    decile: int,
    status: str,
    course: str | None,
    package_code: str | None,
    grant_ids: Sequence[UUID] | None,
    other_agency: str | None,
) -> CaseFacts:
    """A row of `_CASES`, or what `_ALIKE` says of one."""
    return CaseFacts(
        person_id,
        PersonFacts(family_id, region_code, decile, PersonStatus(status)) if family_id is not None else None,
        package_code,
        CourseState(course) if course else None,
        tuple(grant_ids or ()),
        other_agency,
    )


async def count_candidates(tx: Transaction, programme_id: UUID) -> int:
    """How many `next_candidates` would find, if none of them were given anything."""
    return int(await tx.scalar(_COUNT_CANDIDATES, {"programme_id": programme_id}))


async def next_candidates(
    tx: Transaction, programme_id: UUID, after: tuple[int, int, UUID], limit: int
) -> Sequence[Any]:
    """Enrolled people whose family holds no grant: rows of (position, decile, person_id, reserve_id).

    The poorest first; behind all others those who wait on the reserve list (`position` > 0), in its order.
    """
    position, decile, person_id = after
    where = {"programme_id": programme_id, "decile": decile, "person_id": person_id, "limit": limit}
    found = [] if position else list(await tx.fetch_all(_CANDIDATES, where))
    if len(found) < limit:
        left = {"programme_id": programme_id, "position": position, "limit": limit - len(found)}
        found += await tx.fetch_all(_ON_RESERVE_LIST, left)
    return found


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


async def not_active(tx: Transaction, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the people who died or moved away by the registry's newest word."""
    rows = await tx.fetch_all(_NOT_ACTIVE, {"person_ids": list(person_ids), "active": PersonStatus.ACTIVE.value})
    return {row.person_id for row in rows}


async def keep_refused_assistance(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Keep what was not believed, with the reason, for whoever looks into it."""
    await insert_rows(tx, refused_assistance, rows, on_conflict="ON CONFLICT DO NOTHING")
