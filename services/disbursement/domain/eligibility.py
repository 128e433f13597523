"""Who may receive a package of a programme, criterion by criterion.

Rules: target families of the programme's region, trained first (S4); the highest decile is the programme's own choice;
one package per family and programme, and no aid from another agency in the same fiscal year: our reading, since S4
counts families and S3 lays the agencies' programmes side by side.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from services.disbursement.domain.facts import ReleaseReason


class Criterion(StrEnum):
    """One thing a recipient must satisfy."""

    PERSON_ACTIVE = "person_active"
    DECILE = "decile"
    REGION = "region"
    COURSE = "course"
    ONE_PER_FAMILY = "one_per_family"
    NO_DOUBLE_AID = "no_double_aid"


class Verdict(StrEnum):
    """What is known about a criterion."""

    MET = "met"
    NOT_MET = "not_met"
    WAITING = "waiting"


class PersonStatus(StrEnum):
    """The registry's word on a person."""

    ACTIVE = "active"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class CourseState(StrEnum):
    """Where a person stands in a course."""

    ENROLLED = "enrolled"
    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a programme asks."""

    programme_id: UUID
    agency: str
    region_code: str
    fiscal_year: int
    highest_decile: int


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Attributes told by the registry."""

    family_id: UUID
    region_code: str
    decile: int
    status: PersonStatus


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """All that is known about one person in one programme."""

    person_id: UUID
    person: PersonFacts | None
    package_code: str | None
    """The package whose course the person is in, if any."""
    course: CourseState | None
    family_grant_ids: tuple[UUID, ...]
    """The family's grants in this programme that have not ended, more than one where families were joined."""
    other_aid_agency: str | None
    """Another agency that gave aid to the family in the fiscal year."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion's verdict with the codes and numbers that explain it."""

    criterion: Criterion
    verdict: Verdict
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings about one person."""

    findings: tuple[Finding, ...]

    @property
    def eligible(self) -> bool:
        """Every criterion is met."""
        return all(finding.verdict is Verdict.MET for finding in self.findings)

    @property
    def eligible_conditionally(self) -> bool:
        """Only the course is still awaited."""
        return all(
            finding.verdict is Verdict.MET
            or (finding.criterion is Criterion.COURSE and finding.verdict is Verdict.WAITING)
            for finding in self.findings
        )

    @property
    def unmet(self) -> tuple[Criterion, ...]:
        """Criteria that speak against the person."""
        return tuple(finding.criterion for finding in self.findings if finding.verdict is Verdict.NOT_MET)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Types of the facts that have not come yet."""
        return tuple(
            str(finding.facts["waiting_for"]) for finding in self.findings if finding.verdict is Verdict.WAITING
        )

    def release_reason(self, status: PersonStatus | None) -> ReleaseReason | None:
        """The reason for which an allocation must end, None while nothing speaks against it."""
        unmet = self.unmet
        if not unmet:
            return None
        if Criterion.PERSON_ACTIVE in unmet:
            return ReleaseReason.DECEASED if status is PersonStatus.DECEASED else ReleaseReason.MOVED_AWAY
        if Criterion.NO_DOUBLE_AID in unmet:
            return ReleaseReason.DOUBLE_AID
        if Criterion.COURSE in unmet:
            return ReleaseReason.COURSE_NOT_COMPLETED
        return ReleaseReason.NO_LONGER_ELIGIBLE


def within(region_code: str, area_code: str) -> bool:
    """Whether a Kemendagri region code lies in an area: 33.28.04.2018 lies in 33.28."""
    return region_code == area_code or region_code.startswith(area_code + ".")


def judge(rules: Rules, facts: CaseFacts, own_grant_ids: frozenset[UUID] = frozenset()) -> Judgement:
    """Every criterion for one person; `own_grant_ids` do not count as another grant of the family."""
    return Judgement(
        (
            *_person_findings(rules, facts.person),
            _course_finding(facts.course),
            _family_finding(facts, own_grant_ids),
            _double_aid_finding(facts),
        )
    )


def _person_findings(rules: Rules, person: PersonFacts | None) -> tuple[Finding, ...]:
    if person is None:
        awaited: dict[str, str | int] = {"waiting_for": "registry.person_registered"}
        criteria = (Criterion.PERSON_ACTIVE, Criterion.DECILE, Criterion.REGION)
        return tuple(Finding(criterion, Verdict.WAITING, awaited) for criterion in criteria)
    return (
        _finding(Criterion.PERSON_ACTIVE, person.status is PersonStatus.ACTIVE, status=person.status.value),
        _finding(
            Criterion.DECILE,
            person.decile <= rules.highest_decile,
            decile=person.decile,
            highest_decile=rules.highest_decile,
        ),
        _finding(
            Criterion.REGION,
            within(person.region_code, rules.region_code),
            region_code=person.region_code,
            programme_region_code=rules.region_code,
        ),
    )


def _course_finding(course: CourseState | None) -> Finding:
    if course is CourseState.COMPLETED:
        return Finding(Criterion.COURSE, Verdict.MET, {"course": course.value})
    if course is CourseState.NOT_COMPLETED:
        return Finding(Criterion.COURSE, Verdict.NOT_MET, {"course": course.value})
    awaited = "training.course_completed" if course is CourseState.ENROLLED else "training.enrolled"
    return Finding(Criterion.COURSE, Verdict.WAITING, {"waiting_for": awaited})


def _family_finding(facts: CaseFacts, own_grant_ids: frozenset[UUID]) -> Finding:
    others = [each for each in facts.family_grant_ids if each not in own_grant_ids]
    if not others:
        return Finding(Criterion.ONE_PER_FAMILY, Verdict.MET)
    return Finding(Criterion.ONE_PER_FAMILY, Verdict.NOT_MET, {"grant_id": str(others[0])})


def _double_aid_finding(facts: CaseFacts) -> Finding:
    if facts.other_aid_agency is None:
        return Finding(Criterion.NO_DOUBLE_AID, Verdict.MET)
    return Finding(Criterion.NO_DOUBLE_AID, Verdict.NOT_MET, {"agency": facts.other_aid_agency})


def _finding(criterion: Criterion, met: bool, **facts: str | int) -> Finding:
    return Finding(criterion, Verdict.MET if met else Verdict.NOT_MET, dict(facts))
