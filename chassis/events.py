"""What the chassis needs to know of events: catalogue entries, and an event as a consumer receives it."""

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from opentelemetry.context import Context
from pydantic import BaseModel

from chassis.ids import derived_id, id_at


class EventTopic(Protocol):
    """A topic of the catalogue."""

    @property
    def name(self) -> str: ...


class EventEntry(Protocol):
    """One event version of the catalogue, as `contracts.catalogue.Entry` provides it."""

    @property
    def type(self) -> str: ...
    @property
    def model(self) -> builtins.type[BaseModel]: ...
    @property
    def topic(self) -> EventTopic: ...
    @property
    def key(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def consumers(self) -> tuple[str, ...]: ...


Catalogue = Mapping[str, EventEntry]
FactT_co = TypeVar("FactT_co", bound=BaseModel, covariant=True)


class Delivered(NamedTuple, Generic[FactT_co]):
    """An event that arrived: validated body and the CloudEvents attributes a handler may need."""

    id: UUID
    source: str
    type: str
    topic: str
    key: str
    subject: str
    time: datetime
    case: UUID
    sequence: int
    data: FactT_co
    context: Context = Context()
    """Trace context of this very event, so that what it causes joins its trace."""

    @property
    def origin(self) -> UUID:
        """What all that this event causes takes its id from: source and id, which together name the event."""
        if self.id.version == 7:
            return derived_id(self.id, self.source)
        return id_at(self.time, self.source, self.id)


def event_type_of(model: type[BaseModel]) -> str:
    """The CloudEvents type a contract model declares."""
    declared = getattr(model, "event_type", None)
    if not isinstance(declared, str):
        raise TypeError(f"{model.__name__} declares no event_type")
    return declared
