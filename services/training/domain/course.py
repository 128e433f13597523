"""A course and the rule by which it counts as completed."""

from dataclasses import dataclass

from chassis.errors import Conflict, NotFound


class CourseUnknown(NotFound):
    """No course bears this code."""

    title = "There is no such course"


class CourseCodeTaken(Conflict):
    """Another course already bears this code."""

    title = "This course code is already in use"


class ProviderUnknown(NotFound):
    """No provider bears this code."""

    title = "There is no such training provider"


class ProviderCodeTaken(Conflict):
    """Another provider already bears this code."""

    title = "This provider code is already in use"


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """Which share of the sessions, in percent, completes a course."""

    sessions: int
    share_percent: int

    @property
    def sessions_required(self) -> int:
        """Sessions to be present at: the share of all sessions, rounded up to the next whole session."""
        return -(-self.share_percent * self.sessions // 100)


@dataclass(frozen=True, slots=True)
class Course:
    """A course and its rule."""

    code: str
    rule: CompletionRule
