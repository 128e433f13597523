"""What notifications tells: the life of each message, never its text or its number."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact
from contracts.fields import Code, Count, Id, PersonId, coded


class Channel(StrEnum):
    """Way by which a message travels."""

    SMS = "sms"
    EMAIL = "email"
    PRINTED_LIST = "printed_list"


class FailureReason(StrEnum):
    """Why a channel could not deliver."""

    NO_CONTACT = "no_contact"
    DEAD_NUMBER = "dead_number"
    REFUSED_BY_GATEWAY = "refused_by_gateway"
    EXPIRED = "expired"


class _Message(Fact):
    message_id: Id
    person_id: PersonId
    programme_id: Id
    template_code: Code
    template_version: Count
    channel: Annotated[Channel, coded()]


class MessageSentV1(_Message):
    """A gateway accepted the message."""

    event_type = "notifications.message_sent.v1"


class MessageDeliveredV1(_Message):
    """The receipt says that it arrived."""

    event_type = "notifications.message_delivered.v1"


class MessageFailedV1(_Message):
    """The channel gave up; a printed list follows where the template allows it."""

    event_type = "notifications.message_failed.v1"
    reason: Annotated[FailureReason, coded()]


class MessageListedV1(_Message):
    """The message stands on a printed list for the village head or mentor."""

    event_type = "notifications.message_listed.v1"
    list_id: Id


class MessageAcknowledgedV1(_Message):
    """The village head or mentor confirmed that the person was told."""

    event_type = "notifications.message_acknowledged.v1"
    list_id: Id
