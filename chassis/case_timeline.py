"""A case's life across all services, joined from what each of them tells of it: pure, needs no trace server."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from chassis.case_views import EventView, HeardState, HeardView
from chassis.events import Catalogue

Told = Sequence[tuple[str, EventView]]
"""Events with the service that published them."""


class Hearing(BaseModel):
    """How one expected consumer stands to an event; `state` is None where that service does not answer."""

    service: str
    state: HeardState | None
    at: datetime | None = None
    after_ms: int | None = None
    """From being recorded to taking effect."""
    reason: str | None = None
    detail: str | None = None
    behind: bool = False


class Line(BaseModel):
    """One event of the case."""

    number: int
    cause_number: int | None
    """The line that caused it, if that is an event of this case."""
    event_id: UUID
    causation_id: UUID | None
    service: str
    type: str
    subject: str
    occurred_on: date | None
    recorded_at: datetime
    published_at: datetime | None
    published_after_ms: int | None
    held_reason: str | None
    trace_id: str | None
    hearings: list[Hearing]


class WaitKind(StrEnum):
    """What a case may wait for."""

    RELEASE = "release"
    """An event is held in the outbox: an operator must release it."""
    PUBLICATION = "publication"
    """An event has not left the outbox yet."""
    MENDING = "mending"
    """A message is parked: its cause must be mended, then it is redriven."""
    ARRIVAL = "arrival"
    """An event was sent, and a consumer has not taken it into effect yet."""


class Wait(BaseModel):
    """One thing the case waits for, in which service, and since when."""

    kind: WaitKind
    service: str
    type: str | None
    since: datetime
    reason: str | None = None
    event_id: UUID | None = None


class Parked(BaseModel):
    """A message that waits at a service and is no line: of the person outside this case, or from outside parties."""

    service: str
    told: HeardView


class Silent(BaseModel):
    """A service that did not answer, and how: a class of error, or its refusal's status."""

    service: str
    why: str


class CaseTimeline(BaseModel):
    """A case's events in the order they were recorded, and what it waits for, oldest first."""

    case_id: UUID
    person_id: UUID | None
    programme_id: UUID | None
    asked_at: datetime
    waits: list[Wait]
    silent: list[Silent]
    parked: list[Parked]
    lines: list[Line]

    @property
    def known(self) -> bool:
        """Whether any service knows anything of the case."""
        return bool(self.lines or self.parked)

    @property
    def unpublished_count(self) -> int:
        """Events that have not left their outbox."""
        return sum(line.published_at is None for line in self.lines)

    @property
    def parked_count(self) -> int:
        """Messages that wait to be mended, those behind them included."""
        heard = [hearing.state for line in self.lines for hearing in line.hearings]
        return heard.count(HeardState.PARKED) + len(self.parked)


def joined(
    case_id: UUID,
    told: Told,
    heard: Mapping[str, Sequence[HeardView] | None],
    silent: Mapping[str, str],
    catalogue: Catalogue,
    person_id: UUID | None = None,
) -> CaseTimeline:
    """The timeline of what the services published and heard; None is heard from a service that does not answer."""
    lines = list(_lines(told, heard, catalogue))
    shown = {(hearing.service, line.event_id) for line in lines for hearing in line.hearings}
    parked = [
        Parked(service=service, told=view)
        for service, views in heard.items()
        for view in views or ()
        if view.state is HeardState.PARKED and (service, view.event_id) not in shown
    ]
    return CaseTimeline(
        case_id=case_id,
        person_id=person_id or named(told, "person_id"),
        programme_id=named(told, "programme_id"),
        asked_at=datetime.now(UTC),
        waits=sorted([*_waits(lines), *_waits_for_mending(parked)], key=lambda wait: wait.since),
        silent=[Silent(service=service, why=why) for service, why in sorted(silent.items())],
        parked=parked,
        lines=lines,
    )


def named(told: Told, field: str) -> UUID | None:
    """The person or programme that the events of a case name."""
    values = (event.data.get(field) for _, event in told)
    return next((UUID(value) for value in values if isinstance(value, str)), None)


def expected_consumers(catalogue: Catalogue, event_type: str, services: Mapping[str, object]) -> tuple[str, ...]:
    """Which of the services should hear an event of this type; nobody, where the catalogue no longer has it."""
    entry = catalogue.get(event_type)
    return tuple(name for name in entry.consumers if name in services) if entry else ()


def _lines(told: Told, heard: Mapping[str, Sequence[HeardView] | None], catalogue: Catalogue) -> Iterator[Line]:
    known = {name: None if views is None else {view.event_id: view for view in views} for name, views in heard.items()}
    in_order = sorted(told, key=lambda one: (one[1].recorded_at, one[1].event_id))
    numbers = {event.event_id: number for number, (_, event) in enumerate(in_order, start=1)}
    for service, event in in_order:
        hearings = [_hearing(name, event, known[name]) for name in expected_consumers(catalogue, event.type, known)]
        occurred_on = event.data.get("occurred_on")
        yield Line(
            number=numbers[event.event_id],
            cause_number=numbers.get(event.causation_id) if event.causation_id else None,
            service=service,
            occurred_on=date.fromisoformat(occurred_on) if isinstance(occurred_on, str) else None,
            published_after_ms=_after_ms(event, event.published_at),
            trace_id=event.traceparent.split("-")[1] if event.traceparent else None,
            hearings=hearings,
            **event.model_dump(exclude={"position", "key", "traceparent", "data"}),
        )


def _hearing(service: str, event: EventView, known: Mapping[UUID | None, HeardView] | None) -> Hearing:
    view = None if known is None else known.get(event.event_id)
    if view is None:
        return Hearing(service=service, state=None)
    return Hearing(
        service=service,
        state=view.state,
        at=view.at,
        after_ms=_after_ms(event, view.at) if view.state is HeardState.PROCESSED else None,
        reason=view.reason,
        detail=view.detail,
        behind=view.behind,
    )


def _after_ms(event: EventView, at: datetime | None) -> int | None:
    # Two machines' clocks may differ a little: an effect is never shown as earlier than its cause.
    return None if at is None else max(0, round((at - event.recorded_at).total_seconds() * 1000))


def _waits(lines: Sequence[Line]) -> Iterator[Wait]:
    for line in lines:
        about = {"type": line.type, "event_id": line.event_id}
        if line.published_at is None:
            kind = WaitKind.RELEASE if line.held_reason else WaitKind.PUBLICATION
            yield Wait(kind=kind, service=line.service, since=line.recorded_at, reason=line.held_reason, **about)
            continue
        for hearing in line.hearings:
            if hearing.state is HeardState.PARKED:
                since = hearing.at or line.published_at
                yield Wait(kind=WaitKind.MENDING, service=hearing.service, since=since, reason=hearing.reason, **about)
            elif hearing.state is HeardState.UNKNOWN:
                yield Wait(kind=WaitKind.ARRIVAL, service=hearing.service, since=line.published_at, **about)


def _waits_for_mending(parked: Sequence[Parked]) -> Iterator[Wait]:
    for each in parked:
        if each.told.at is not None:
            about = {"type": each.told.type, "event_id": each.told.event_id, "reason": each.told.reason}
            yield Wait(kind=WaitKind.MENDING, service=each.service, since=each.told.at, **about)
