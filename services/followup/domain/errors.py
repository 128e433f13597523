"""Every way follow-up refuses an act."""

from chassis.errors import Conflict, NotFound, Unprocessable


class PlanNotFound(NotFound):
    """No such plan, or outside the officer's agency and region."""

    title = "No such mentoring plan"


class VisitNotFound(NotFound):
    """No such visit, or outside the officer's agency and region."""

    title = "No such visit"


class NoteNotFound(NotFound):
    """The visit has no note."""

    title = "This visit has no note"


class VisitListNotFound(NotFound):
    """No such list of visits, or outside the officer's agency and region."""

    title = "No such list of visits"


class CorrectionNotFound(NotFound):
    """No such correction, or outside the officer's agency and region."""

    title = "No such correction of a visit"


class EmpowermentNotFound(NotFound):
    """No such candidate, or outside the officer's agency and region."""

    title = "No such candidate for empowerment"


class GraduationNotFound(NotFound):
    """No such graduation, or outside the officer's agency and region."""

    title = "No such graduation"


class VisitNotPlanned(Unprocessable):
    """The plan has no visit of this number; it can be extended."""

    title = "The plan has no visit of this number"


class VisitAlreadyRecorded(Conflict):
    """Each visit number is recorded once; mend it by a correction."""

    title = "This visit is already recorded"


class VisitNotRecorded(Conflict):
    """Only a recorded visit can be corrected."""

    title = "This visit is not recorded yet"


class VisitBeforeHandover(Unprocessable):
    """Mentoring begins with the handover."""

    title = "The visit lies before the handover"


class VisitOutOfOrder(Unprocessable):
    """Dates of visits follow their numbers, whatever the order of entry."""

    title = "The date does not fit between the dates of the visits before and after"


class MentoringEnded(Conflict):
    """The plan was suspended or stopped before the date of the act."""

    title = "Mentoring of this family has ended"


class BaselineAlreadyRecorded(Conflict):
    """The income before the aid is recorded once; mend it by a correction."""

    title = "The income before the aid is already recorded"


class NothingChanged(Unprocessable):
    """A correction must change something."""

    title = "The correction changes nothing"


class CorrectionOpen(Conflict):
    """One correction of a visit at a time."""

    title = "Another correction of this visit waits for approval"


class CorrectionOutdated(Conflict):
    """The visit changed after the correction was written; reject it and write a new one."""

    title = "The visit changed since this correction was written"


class CorrectionClosed(Conflict):
    """The correction was already approved or rejected."""

    title = "This correction is already closed"


class NotCandidate(Conflict):
    """Only an open candidate can be confirmed or returned."""

    title = "This family is no longer a candidate"


class NotEmpowered(Conflict):
    """Graduation is proposed for families confirmed as empowered."""

    title = "The family is not confirmed as empowered"


class EmpowermentInDoubt(Conflict):
    """The figures of an empowered family no longer meet the rule."""

    title = "The family's figures no longer meet the rule of empowerment"


class GraduationOpen(Conflict):
    """One open proposal per plan."""

    title = "A graduation proposal is already open"


class AlreadyGraduated(Conflict):
    """The family's assistance has ended for this plan."""

    title = "The family has already graduated"


class GraduationClosed(Conflict):
    """A refused, withdrawn or restored graduation does not change any more; propose again."""

    title = "This graduation is closed"


class ScheduleOutOfRange(Unprocessable):
    """A plan carries at most 60 visits."""

    title = "A plan carries at most 60 visits"


class RuleNotInForce(Unprocessable):
    """No rule was valid on the date of the act."""

    title = "No rule of empowerment was in force on this date"
