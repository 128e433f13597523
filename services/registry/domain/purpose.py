"""What personal data may be read for (UU 27/2022, article 20): a closed list, recorded with every reading."""

from enum import StrEnum


class Purpose(StrEnum):
    """Stated by the reader, kept in the access trail."""

    LIST_CHECK = "list_check"
    ENROLMENT = "enrolment"
    AID_DECISION = "aid_decision"
    INVITATION = "invitation"
    HANDOVER = "handover"
    MENTORING = "mentoring"
    ASSISTANCE_REVIEW = "assistance_review"
    DATA_CORRECTION = "data_correction"
    DATA_EXCHANGE = "data_exchange"
    CASE_WORK = "case_work"
    AUDIT = "audit"
