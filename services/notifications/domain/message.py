"""The life of a message and of its attempts; final states never change."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chassis.errors import Conflict
from services.notifications.domain.outcome import FailureReason
from services.notifications.domain.template import TemplateCode

MAX_TRIES: Final = 10
"""Tries of one attempt before the gateway counts as refusing; about four hours with the backoff below."""


class Matter(StrEnum):
    """What a message is about; a later message of the same matter and subject replaces an unread earlier one."""

    TRAINING = "training"
    HANDOVER = "handover"
    RECEIPT = "receipt"
    GRADUATION = "graduation"


class Channel(StrEnum):
    """Way by which a message travels; the same values as the contract's."""

    SMS = "sms"
    EMAIL = "email"
    PRINTED_LIST = "printed_list"


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    LISTED = "listed"
    ACKNOWLEDGED = "acknowledged"
    SUPERSEDED = "superseded"


UNREAD: Final = frozenset({MessageState.QUEUED, MessageState.FAILED, MessageState.LISTED})
"""States in which the person was certainly not told yet, and nothing is under way."""

FINAL: Final = frozenset({MessageState.DELIVERED, MessageState.ACKNOWLEDGED, MessageState.SUPERSEDED})
"""States that never change again."""


class AttemptState(StrEnum):
    """Where an attempt stands. Final: delivered, failed."""

    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class NotListed(Conflict):
    """Only a message on a printed list can be acknowledged."""

    title = "The message does not stand on a printed list"


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of a message's life; `sequence` is the message's version at that moment."""

    message: "Message"
    channel: Channel
    sequence: int


@dataclass(frozen=True, slots=True)
class Sent(Told):
    """A gateway accepted the message."""


@dataclass(frozen=True, slots=True)
class Delivered(Told):
    """It arrived."""


@dataclass(frozen=True, slots=True)
class Failed(Told):
    """The channel gave up."""

    reason: FailureReason


@dataclass(frozen=True, slots=True)
class Listed(Told):
    """It stands on a printed list."""

    list_id: UUID


@dataclass(frozen=True, slots=True)
class Acknowledged(Told):
    """The person was told by the village head, the mentor or an officer."""

    list_id: UUID


MessageFact = Sent | Delivered | Failed | Listed | Acknowledged


@dataclass(slots=True)
class Attempt:
    """One way tried. Its id is the client reference: all tries of it are the same message to the gateway."""

    id: UUID
    message_id: UUID
    number: int
    channel: Channel
    state: AttemptState
    tries: int
    started_at: datetime
    ask_at: datetime | None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    vendor_code: str | None = None
    segments: int | None = None

    @property
    def open(self) -> bool:
        """Whether its outcome is still to come."""
        return self.state in {AttemptState.SENDING, AttemptState.SENT}


@dataclass(slots=True)
class Message:
    """One thing to be told to one person."""

    id: UUID
    person_id: UUID
    programme_id: UUID
    case_id: UUID
    matter: Matter
    subject_id: UUID
    group_id: UUID
    template_code: TemplateCode
    template_version: int
    listable: bool
    facts: dict[str, Any]
    agency: str
    region_code: str
    relevant_until: date | None
    state: MessageState
    version: int
    attempts_count: int
    next_attempt_at: datetime | None
    reason: FailureReason | None = None
    list_id: UUID | None = None
    attempt: Attempt | None = None
    trace: dict[str, str] = field(default_factory=dict)

    def relevant_on(self, today: date) -> bool:
        """Whether telling it still helps: an invitation until its last day, anything else always."""
        return self.relevant_until is None or today <= self.relevant_until

    def begin(self, reference: UUID, now: datetime, ask_at: datetime) -> None:
        """Take a queued message up: a further try of the open attempt, or a new attempt under `reference`.

        From here until an outcome is recorded, a crash leaves an attempt that is asked for at `ask_at`.
        """
        self._move(MessageState.SENDING)
        if self.attempt is not None and self.attempt.open:
            self.attempt.tries += 1
            self.attempt.started_at, self.attempt.ask_at = now, ask_at
            return
        self.attempts_count += 1
        self.attempt = Attempt(
            reference, self.id, self.attempts_count, Channel.SMS, AttemptState.SENDING, 1, now, ask_at
        )

    def put_back(self, next_attempt_at: datetime, code: str) -> None:
        """The try certainly did not reach anybody: the same attempt is tried again later."""
        attempt = self._sending()
        if attempt is not None:
            attempt.ask_at, attempt.vendor_code = None, code
            self._move(MessageState.QUEUED, next_attempt_at)

    def postpone(self, next_attempt_at: datetime, code: str) -> None:
        """The message never left: put it back without counting a try."""
        attempt = self._sending()
        if attempt is not None:
            attempt.tries -= 1
            self.put_back(next_attempt_at, code)

    def ask_later(self, ask_at: datetime, code: str) -> None:
        """Nobody knows the outcome, or it is not final yet: ask (again) at `ask_at`."""
        if self.attempt is not None and self.attempt.open:
            self.attempt.ask_at, self.attempt.vendor_code = ask_at, code

    def accept(
        self, now: datetime, ask_at: datetime | None, code: str, segments: int | None = None
    ) -> list[MessageFact]:
        """The channel took it; without a receipt it is asked for at `ask_at`."""
        attempt = self._sending()
        if attempt is None:
            return []
        attempt.state, attempt.sent_at, attempt.ask_at = AttemptState.SENT, now, ask_at
        attempt.vendor_code, attempt.segments = code, segments or attempt.segments
        self._move(MessageState.SENT)
        return [Sent(self, attempt.channel, self.version)]

    def sent_before(self, channel: Channel, now: datetime, ask_at: datetime) -> list[MessageFact]:
        """The attempt just begun turns out to be one whose sending was forgotten; a mail server cannot be asked."""
        if self.attempt is not None:
            self.attempt.channel = channel
        return self.accept(now, None if channel is Channel.EMAIL else ask_at, "sent_before_restore")

    def deliver(self, now: datetime, code: str) -> list[MessageFact]:
        """The receipt says it arrived, which also proves that it was sent. Ignored once the attempt is settled."""
        facts = self._proven_sent(now, code)
        attempt = self.attempt
        if attempt is None or attempt.state is not AttemptState.SENT:
            return []
        self._settle(attempt, AttemptState.DELIVERED, now, code)
        self._move(MessageState.DELIVERED)
        return [*facts, Delivered(self, attempt.channel, self.version)]

    def give_up(self, reason: FailureReason, now: datetime, code: str) -> list[MessageFact]:
        """The channel failed for good. Ignored once the attempt is settled."""
        attempt = self.attempt
        if attempt is None or not attempt.open:
            return []
        self._settle(attempt, AttemptState.FAILED, now, code)
        return [self._fail(reason, attempt.channel)]

    def expire_unsent(self) -> list[MessageFact]:
        """A queued message whose day has passed is not sent any more."""
        if self.attempt is not None and self.attempt.open:
            self.attempt.state, self.attempt.ask_at = AttemptState.FAILED, None
        return [self._fail(FailureReason.EXPIRED, Channel.SMS)]

    def put_on_list(self, list_id: UUID) -> Listed:
        """A failed message goes on a printed list."""
        self._move(MessageState.LISTED)
        self.list_id = list_id
        return Listed(self, Channel.PRINTED_LIST, self.version, list_id)

    def acknowledge(self) -> Acknowledged:
        """The person was told. Raises `NotListed`."""
        if self.state is not MessageState.LISTED or self.list_id is None:
            raise NotListed(message_id=self.id, state=self.state.value)
        self._move(MessageState.ACKNOWLEDGED)
        return Acknowledged(self, Channel.PRINTED_LIST, self.version, self.list_id)

    def send_anew(self, now: datetime) -> UUID | None:
        """After a mended contact: queue a failed or listed message again. Returns the list it leaves, if any."""
        left, self.list_id = self.list_id, None
        self._move(MessageState.QUEUED, now)
        self.reason = None
        return left

    def take_off_list(self) -> tuple[UUID, Failed]:
        """The person died or moved away: nobody has to go there. Returns the list it leaves. Raises `NotListed`."""
        left = self.list_id
        if self.state is not MessageState.LISTED or left is None:
            raise NotListed(message_id=self.id, state=self.state.value)
        self.list_id = None
        return left, self._fail(FailureReason.NOT_ACTIVE, Channel.PRINTED_LIST)

    def supersede(self) -> UUID | None:
        """A newer message says it better, or the matter is over. Returns the list it leaves, if any."""
        left, self.list_id = self.list_id, None
        if self.attempt is not None and self.attempt.open:
            self.attempt.state, self.attempt.ask_at = AttemptState.FAILED, None
        self._move(MessageState.SUPERSEDED)
        return left

    def _proven_sent(self, now: datetime, code: str) -> list[MessageFact]:
        return self.accept(now, None, code) if self._sending() is not None else []

    def _sending(self) -> Attempt | None:
        return self.attempt if self.attempt is not None and self.attempt.state is AttemptState.SENDING else None

    def _settle(self, attempt: Attempt, state: AttemptState, now: datetime, code: str) -> None:
        attempt.state, attempt.settled_at, attempt.ask_at, attempt.vendor_code = state, now, None, code

    def _fail(self, reason: FailureReason, channel: Channel) -> Failed:
        self._move(MessageState.FAILED)
        self.reason = reason
        return Failed(self, channel, self.version, reason)

    def _move(self, state: MessageState, next_attempt_at: datetime | None = None) -> None:
        self.state, self.next_attempt_at = state, next_attempt_at
        self.version += 1
