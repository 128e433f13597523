"""Where every event travels: the one table that producers, consumers, topics and documents are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts import disbursement as d
from contracts import followup as f
from contracts import inbound as i
from contracts import notifications as n
from contracts import registry as r
from contracts import training as t
from contracts.envelope import Fact

EXTERNAL: Final = "external"
"""Consumer name of other agencies and providers."""

_DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic: never compacted, partition count fixed for ever, records spread by murmur2 of the key."""

    name: str
    partitions: int = 12
    retention_ms: int = -1
    """-1 keeps everything: a consumer added next year can read from the beginning."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event version: its model, topic, the field that keys it, the aggregate it speaks of, who hears it."""

    model: type[Fact]
    topic: Topic
    key: str
    subject: str
    consumers: tuple[str, ...]

    @property
    def type(self) -> str:
        """CloudEvents type, `<owner>.<fact>.v<N>`."""
        return self.model.event_type

    @property
    def owner(self) -> str:
        """The only service or outside party that may publish it."""
        return self.type.split(".", 1)[0]

    @property
    def version(self) -> int:
        """Number behind `.v`."""
        return int(self.type.rsplit(".v", 1)[1])


PEOPLE = Topic("registry.people")
IMPORTS = Topic("registry.imports")
ASSISTANCE = Topic("registry.assistance")
CLASSES = Topic("training.classes")
ENROLMENTS = Topic("training.enrolments")
PROGRAMMES = Topic("disbursement.programmes")
GRANTS = Topic("disbursement.grants")
MENTORING = Topic("followup.mentoring")
MESSAGES = Topic("notifications.messages")
FROM_TRAINING_PROVIDERS = Topic("inbound.training-providers", retention_ms=400 * _DAY_MS)
FROM_DINAS_KOPERASI = Topic("inbound.dinas-koperasi", retention_ms=400 * _DAY_MS)


def _person(model: type[Fact], topic: Topic, subject: str, *consumers: str) -> Entry:
    return Entry(model, topic, "person_id", subject, (*consumers, "console"))


_ENTRIES: Final = (
    _person(r.PersonRegisteredV1, PEOPLE, "person_id", "training", "disbursement"),
    _person(r.PersonCorrectedV1, PEOPLE, "person_id", "training", "disbursement", "followup", "notifications"),
    Entry(r.ListImportedV1, IMPORTS, "import_id", "import_id", ("console",)),
    _person(r.AssistanceEndedV1, ASSISTANCE, "graduation_id", "followup"),
    _person(r.AssistanceEndRefusedV1, ASSISTANCE, "graduation_id", "followup"),
    _person(r.AssistanceRestoredV1, ASSISTANCE, "graduation_id", "followup"),
    Entry(t.ClassScheduledV1, CLASSES, "class_id", "class_id", (EXTERNAL,)),
    Entry(t.SessionRedatedV1, CLASSES, "class_id", "class_id", (EXTERNAL,)),
    _person(t.EnrolledV1, ENROLMENTS, "enrolment_id", "disbursement", "notifications", EXTERNAL),
    _person(t.EnrolmentRescheduledV1, ENROLMENTS, "enrolment_id", "notifications", EXTERNAL),
    _person(t.CourseCompletedV1, ENROLMENTS, "enrolment_id", "disbursement"),
    _person(t.CourseNotCompletedV1, ENROLMENTS, "enrolment_id", "disbursement", "notifications", EXTERNAL),
    Entry(d.ProgrammeOpenedV1, PROGRAMMES, "programme_id", "programme_id", ("training", "console")),
    _person(d.AidAllocatedV1, GRANTS, "grant_id", EXTERNAL),
    _person(d.AllocationConfirmedV1, GRANTS, "grant_id"),
    _person(d.AllocationReleasedV1, GRANTS, "grant_id"),
    _person(d.AidProposedV1, GRANTS, "grant_id"),
    _person(d.ProposalReturnedV1, GRANTS, "grant_id"),
    _person(d.AidDecidedV1, GRANTS, "grant_id", EXTERNAL),
    _person(d.HandoverScheduledV1, GRANTS, "grant_id", "notifications"),
    _person(d.HandoverMissedV1, GRANTS, "grant_id"),
    _person(d.AidHandedOverV1, GRANTS, "grant_id", "followup", "notifications", EXTERNAL),
    _person(d.HandoverVoidedV1, GRANTS, "grant_id", "followup", "notifications", EXTERNAL),
    _person(d.BastCorrectedV1, GRANTS, "grant_id", EXTERNAL),
    _person(d.GrantCancelledV1, GRANTS, "grant_id", "followup", "notifications", EXTERNAL),
    _person(f.MentoringPlannedV1, MENTORING, "plan_id"),
    _person(f.VisitDueV1, MENTORING, "plan_id"),
    _person(f.MentoringStoppedV1, MENTORING, "plan_id"),
    _person(f.OutcomeMeasuredV1, MENTORING, "plan_id"),
    _person(f.VisitCorrectedV1, MENTORING, "plan_id"),
    _person(f.EmpoweredV1, MENTORING, "plan_id"),
    _person(f.GraduationProposedV1, MENTORING, "plan_id", "registry"),
    _person(f.GraduationWithdrawnV1, MENTORING, "plan_id", "registry"),
    _person(f.GraduationUnansweredV1, MENTORING, "plan_id"),
    _person(f.GraduatedV1, MENTORING, "plan_id", "notifications"),
    _person(f.GraduationRefusedV1, MENTORING, "plan_id"),
    _person(n.MessageSentV1, MESSAGES, "message_id"),
    _person(n.MessageDeliveredV1, MESSAGES, "message_id"),
    _person(n.MessageFailedV1, MESSAGES, "message_id"),
    _person(n.MessageListedV1, MESSAGES, "message_id"),
    _person(n.MessageAcknowledgedV1, MESSAGES, "message_id"),
    Entry(i.AttendanceReportedV1, FROM_TRAINING_PROVIDERS, "class_id", "session_id", ("training",)),
    Entry(i.AssistanceGivenV1, FROM_DINAS_KOPERASI, "person_id", "assistance_id", ("disbursement",)),
)

CATALOGUE: Final[Mapping[str, Entry]] = {entry.type: entry for entry in _ENTRIES}
"""Every event version by its CloudEvents type."""

TOPICS: Final[tuple[Topic, ...]] = tuple(sorted({entry.topic for entry in _ENTRIES}, key=lambda topic: topic.name))


def heard_by(service: str) -> tuple[Entry, ...]:
    """The event versions that a service subscribes to."""
    return tuple(entry for entry in _ENTRIES if service in entry.consumers)
