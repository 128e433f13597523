"""What can come of handing a message to a channel: one set of outcomes, whatever the vendor calls them."""

from dataclasses import dataclass
from enum import StrEnum


class FailureReason(StrEnum):
    """Why a channel gave up."""

    NO_CONTACT = "no_contact"
    DEAD_NUMBER = "dead_number"
    REFUSED_BY_GATEWAY = "refused_by_gateway"
    EXPIRED = "expired"
    NOT_ACTIVE = "not_active"
    """The registry says that the person died or moved away: nothing is sent and nobody goes there."""


class VendorStatus(StrEnum):
    """The status set every vendor's codes are mapped to. All but PENDING are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD_NUMBER = "dead_number"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def failure(self) -> FailureReason | None:
        """The reason this status fails a message for, if it does."""
        return _FAILURES.get(self)


_FAILURES = {
    VendorStatus.DEAD_NUMBER: FailureReason.DEAD_NUMBER,
    VendorStatus.REFUSED: FailureReason.REFUSED_BY_GATEWAY,
    VendorStatus.EXPIRED: FailureReason.EXPIRED,
}


class ChannelError(Exception):
    """The channel did not take the message. `code` is the vendor's, without personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Retryable(ChannelError):
    """Certainly not taken, and may work later."""


class NotTried(Retryable):
    """The message never left: something needed before, such as the look-up, did not answer. Not counted as a try."""


class Throttled(Retryable):
    """Certainly not taken: too many at once; wait at least `after_seconds`."""

    def __init__(self, code: str, after_seconds: float) -> None:
        super().__init__(code)
        self.after_seconds = after_seconds


class Permanent(ChannelError):
    """Never will be taken, for `reason`."""

    def __init__(self, code: str, reason: FailureReason) -> None:
        super().__init__(code)
        self.reason = reason


class Duplicate(ChannelError):
    """The gateway took this client reference before and did not take it again."""


class OutcomeUnknown(ChannelError):
    """Taken or not, nobody knows (time-out, broken connection): to be asked for, never sent again blindly."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel took the message."""

    code: str
    segments: int = 0


Outcome = Accepted | ChannelError
"""Result of one try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway says about a client reference; `status` None: it does not know the reference."""

    status: VendorStatus | None
    code: str
