"""Printed invitation lists: those who could not be reached, per village and session, for whoever goes there."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import NotFound, StaleVersion, Unprocessable
from services.notifications.domain.message import Matter


class ListState(StrEnum):
    """`open` takes further messages until it is full; the others are final: all settled, somebody told or nobody."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"


class UnknownList(NotFound):
    """There is no such list within the caller's scope."""

    title = "There is no such list"


class NotAllOnThisList(Unprocessable):
    """An acknowledgement names messages that are not open on this list."""

    title = "A message named does not stand open on this list"


@dataclass(slots=True)
class Entry:
    """A message on a list: open, withdrawn (sent anew or superseded), or acknowledged."""

    message_id: UUID
    withdrawn: bool = False
    acknowledged_on: date | None = None

    @property
    def open(self) -> bool:
        """Whether the person still has to be told."""
        return not self.withdrawn and self.acknowledged_on is None


@dataclass(slots=True)
class PrintedList:
    """One list. `version` counts every change, and stands on the printed page."""

    id: UUID
    programme_id: UUID
    matter: Matter
    group_id: UUID
    agency: str
    region_code: str
    state: ListState
    version: int
    entries: list[Entry]

    def told(self, message_ids: frozenset[UUID] | None, seen_version: int) -> list[UUID]:
        """The open messages an acknowledgement covers; all of them when none are named.

        Raises `StaleVersion` when the list changed since it was printed: what was not on the paper was not told;
        `NotAllOnThisList` for a message that is not open here.
        """
        if seen_version != self.version:
            raise StaleVersion(list_id=self.id, version=self.version)
        open_ids = {entry.message_id for entry in self.entries if entry.open}
        if message_ids is None:
            return sorted(open_ids)
        if message_ids - open_ids:
            raise NotAllOnThisList(message_ids=sorted(str(id_) for id_ in message_ids - open_ids))
        return sorted(message_ids)

    def acknowledge(self, message_ids: frozenset[UUID], occurred_on: date) -> None:
        """Mark the entries as told."""
        for entry in self.entries:
            if entry.message_id in message_ids:
                entry.acknowledged_on = occurred_on
        self._changed()

    def withdraw(self, message_ids: frozenset[UUID]) -> None:
        """Take entries off that are sent another way now."""
        for entry in self.entries:
            if entry.message_id in message_ids and entry.open:
                entry.withdrawn = True
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        if not any(entry.open for entry in self.entries):
            told = any(entry.acknowledged_on for entry in self.entries)
            self.state = ListState.ACKNOWLEDGED if told else ListState.WITHDRAWN
