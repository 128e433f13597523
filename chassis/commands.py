"""What an act brings along: base models of commands."""

from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from chassis.errors import Unprocessable

LATE_ENTRY_DAYS = 30
"""An act recorded later than this after its date needs a reason."""


class LateEntryReason(StrEnum):
    """Why an act is recorded long after its date; the same values as the contract's."""

    PAPER_RECORD = "paper_record"
    HISTORICAL_DATA = "historical_data"
    NO_NETWORK = "no_network"
    CORRECTION = "correction"


class DateInFuture(Unprocessable):
    """An act cannot have happened after today."""

    title = "The date of the act lies in the future"


class LateEntryNeedsReason(Unprocessable):
    """Late entry is allowed, with a reason."""

    title = "The act is long past: give late_entry_reason"


class Command(BaseModel):
    """A request to do one thing; unknown fields are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatedCommand(Command):
    """An act with its regional date."""

    occurred_on: date
    late_entry_reason: LateEntryReason | None = None

    def refuse_impossible_date(self, today: date) -> None:
        """Raise `DateInFuture` or `LateEntryNeedsReason`."""
        if self.occurred_on > today:
            raise DateInFuture(occurred_on=self.occurred_on, today=today)
        if self.occurred_on < today - timedelta(days=LATE_ENTRY_DAYS) and self.late_entry_reason is None:
            raise LateEntryNeedsReason(occurred_on=self.occurred_on, after_days=LATE_ENTRY_DAYS)
