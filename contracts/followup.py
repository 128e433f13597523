"""What follow-up tells: mentoring, outcomes, empowerment and graduation."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact
from contracts.fields import Count, Day, Days, FamilyId, Hours, Id, PersonId, RegionCode, Rupiah, coded, codes


class AssetState(StrEnum):
    """State of the handed-over asset at a visit."""

    GROWN = "grown"
    KEPT = "kept"
    DAMAGED = "damaged"
    LOST = "lost"
    SOLD = "sold"


class VisitField(StrEnum):
    """A corrected field of a visit."""

    OCCURRED_ON = "occurred_on"
    TURNOVER = "turnover"
    INCOME = "income"
    WORKING_HOURS = "working_hours"
    ASSET_STATE = "asset_state"


class WithdrawalReason(StrEnum):
    """Why a graduation proposal was taken back."""

    OUTCOME_CORRECTED = "outcome_corrected"
    HOUSEHOLD_SHOCK = "household_shock"
    PROPOSED_IN_ERROR = "proposed_in_error"


class PlanEndReason(StrEnum):
    """Why mentoring stopped before its plan ended."""

    HANDOVER_VOIDED = "handover_voided"
    GRANT_CANCELLED = "grant_cancelled"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class _Plan(Fact):
    plan_id: Id
    grant_id: Id
    person_id: PersonId
    family_id: FamilyId
    programme_id: Id


class MentoringPlannedV1(_Plan):
    """Monthly visits are planned for a family that received a package."""

    event_type = "followup.mentoring_planned.v1"
    region_code: RegionCode
    visit_dates: Days


class VisitDueV1(_Plan):
    """The day of a planned visit has come."""

    event_type = "followup.visit_due.v1"
    visit_number: Count
    due_on: Day


class MentoringStoppedV1(_Plan):
    """No further visits are planned."""

    event_type = "followup.mentoring_stopped.v1"
    reason: Annotated[PlanEndReason, coded()]


class _Outcome(_Plan):
    visit_id: Id
    visit_number: Count
    monthly_turnover_rupiah: Rupiah
    monthly_income_rupiah: Rupiah
    family_working_hours: Hours
    asset_state: Annotated[AssetState, coded()]


class OutcomeMeasuredV1(_Outcome):
    """A visit took place; turnover and income per month, family working hours per week."""

    event_type = "followup.outcome_measured.v1"


class VisitCorrectedV1(_Outcome):
    """A recorded visit was mended: the outcome as it stands now."""

    event_type = "followup.visit_corrected.v1"
    changed_fields: Annotated[tuple[Annotated[VisitField, coded()], ...], codes(min_length=1, max_length=10)]


class EmpoweredV1(_Plan):
    """The family meets the rule of empowerment (berdaya), confirmed by a second officer."""

    event_type = "followup.empowered.v1"
    rule_version: Count


class _Graduation(_Plan):
    graduation_id: Id


class GraduationProposedV1(_Graduation):
    """Asks the owner of the family's social assistance to end it; answered by `answer_due_on`."""

    event_type = "followup.graduation_proposed.v1"
    region_code: RegionCode
    visits_count: Count
    answer_due_on: Day


class GraduationWithdrawnV1(_Graduation):
    """The proposal is taken back; assistance already ended is to be restored."""

    event_type = "followup.graduation_withdrawn.v1"
    reason: Annotated[WithdrawalReason, coded()]


class GraduationUnansweredV1(_Graduation):
    """The owner gave no answer until the due date; the proposal stays open."""

    event_type = "followup.graduation_unanswered.v1"
    answer_due_on: Day


class GraduatedV1(_Graduation):
    """The family's social assistance ended: graduation (graduasi) is complete."""

    event_type = "followup.graduated.v1"


class GraduationRefusedV1(_Graduation):
    """The owner keeps the assistance; mentoring goes on."""

    event_type = "followup.graduation_refused.v1"
