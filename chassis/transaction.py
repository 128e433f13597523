"""One database transaction with everything a use case may need; only the edge opens and commits it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from opentelemetry.trace import Span
from pydantic import BaseModel, JsonValue
from sqlalchemy import CursorResult, Executable, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import Officer
from chassis.encryption import Vault
from chassis.events import Delivered
from chassis.ids import Origin, derived_id, new_id
from chassis.outbox import Outbox, Outgoing, write
from chassis.telemetry import carry, note_event
from chassis.writes import Write, one_statement

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_SCHEDULE = text(
    """
    INSERT INTO timer (id, kind, subject_id, due_at, data, trace)
    SELECT id, :kind, subject_id, due_at, data::jsonb, trace::jsonb
    FROM unnest(CAST(:ids AS uuid[]), CAST(:subject_ids AS uuid[]), CAST(:due_at AS timestamptz[]),
                CAST(:data AS text[]), CAST(:traces AS text[])) AS timer (id, subject_id, due_at, data, trace)
    ON CONFLICT (kind, subject_id, due_at)
    DO UPDATE SET state = 'waiting', data = excluded.data, trace = excluded.trace, attempts = 0, retry_at = NULL
    WHERE timer.state <> 'waiting'
    """
)
_CANCEL = text(
    """
    UPDATE timer SET state = 'cancelled' WHERE id IN (
        SELECT id FROM timer WHERE kind = :kind AND subject_id = :subject_id AND state = 'waiting'
        FOR UPDATE SKIP LOCKED)
    """
)
_START_JOB = text(
    """
    INSERT INTO job (id, kind, parameters, officer, agency, trace, total)
    VALUES (:id, :kind, CAST(:parameters AS jsonb), CAST(:officer AS jsonb), :agency, CAST(:trace AS jsonb), :total)
    ON CONFLICT (id) DO NOTHING
    """
)
_RECORD_ACCESS = text(
    "INSERT INTO access_record (id, actor, purpose, person_ids) VALUES (:id, :actor, :purpose, :person_ids)"
)


class EffectOfProjection(Exception):
    """A projection's consumer wanted to publish, schedule or start something: a programming error, nothing commits."""


@dataclass(slots=True)
class Transaction:
    """Handed to use cases, consumers, timers and jobs. They never commit; a raised error rolls everything back."""

    connection: AsyncConnection
    officer: Officer
    """Who acts: the officer of the request, or the service itself."""
    agency: str
    """Whose rows the acting one sees; `*`: those of all agencies, also on a route that lifts the officer's own."""
    vault: Vault
    zone: ZoneInfo
    outbox: Outbox
    _events: list[Outgoing]
    spans: list[Span]
    """Spans that end with this transaction, and fail with it."""
    effects: bool = True
    """Whether it may do more than write tables; a projection's may not, so that building it again tells nobody."""
    _later: list[Write] = field(default_factory=list)
    _origin: Origin | None = None
    _made: int = 0
    _told: Counter[UUID] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    @property
    def today(self) -> date:
        """The date in the zone of the region."""
        return datetime.now(self.zone).date()

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """Run one statement; a list of parameter mappings runs it for each."""
        result: CursorResult[Any] = await self.connection.execute(statement, parameters)
        return result

    async def fetch_one(self, statement: Executable, parameters: Parameters = None) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.execute(statement, parameters)).first()

    async def fetch_all(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """All rows."""
        return (await self.execute(statement, parameters)).all()

    async def scalar(self, statement: Executable, parameters: Parameters = None) -> Any:
        """First column of the first row, or None."""
        return (await self.execute(statement, parameters)).scalar()

    def act_for(self, origin: Origin | None) -> None:
        """From now on ids are taken from this origin, so that doing it again gives the same ones; None: fresh ids."""
        self._origin, self._made = origin, 0

    def new_id(self, *names: object) -> UUID:
        """An id for something new: within a request the same one when that is done again.

        What is made for one of many has names that tell it from the others, such as the person's id: a count would
        give it somebody else's id when fewer of them are served the second time. Consumers and jobs derive their ids
        themselves.
        """
        if self._origin is None or not self._origin.tells_once:
            return new_id()
        if names:
            return derived_id(self._origin.id, *names)
        self._made += 1
        return derived_id(self._origin.id, self._made)

    def publish(
        self,
        fact: BaseModel,
        *,
        sequence: int,
        case: UUID | None = None,
        cause: Delivered[Any] | None = None,
        origin: Origin | None = None,
    ) -> UUID:
        """Tell the world, if this transaction commits; returns the event's id.

        `sequence` is the aggregate's version; in a consumer `cause` gives case, trace and id. Told again because of
        the same cause, or for the same `origin` (that of `act_for` unless given), the event has the same id.
        Raises `NotPublishable` for a fact that its contract refuses, `EffectOfProjection` in a projection.
        """
        self._require_effects("publish")
        event = self.outbox.prepare(
            fact,
            sequence=sequence,
            case=case,
            cause=cause,
            actor=self.officer.opaque_id,
            origin=Origin(cause.origin) if cause else origin or self._origin,
            told=self._told,
        )
        self._events.append(event)
        note_event(cause.context if cause else None, event.type, event.event_id, event.correlation_id)
        return event.event_id

    async def schedule(
        self,
        kind: str,
        due_at: datetime,
        subject_id: UUID,
        data: Mapping[str, JsonValue] | None = None,
        *,
        case: UUID | None = None,
    ) -> None:
        """Set a durable timer; the same kind, subject and moment waits once, a cancelled or fired one waits again."""
        await self.schedule_all(kind, [(due_at, subject_id, data or {})], cases={subject_id: case} if case else None)

    async def schedule_all(
        self,
        kind: str,
        timers: Sequence[tuple[datetime, UUID, Mapping[str, JsonValue]]],
        causes: Mapping[UUID, Delivered[Any]] | None = None,
        cases: Mapping[UUID, UUID] | None = None,
    ) -> None:
        """Set many timers of a kind (due at, subject, data) at once, as `schedule` does each.

        In a consumer `causes` names the event behind each subject, so that its timers join the event's trace; `cases`
        the case of each, by which traces and logs of its timers are found.
        """
        self._require_effects("schedule")
        traces = {subject_id: carry(cause.context) for subject_id, cause in (causes or {}).items()}
        here, known = carry(), {subject_id: {"case_id": case} for subject_id, case in (cases or {}).items()}
        # The first of those that are the same timer: one statement sets each once.
        wanted: dict[tuple[UUID, datetime], Mapping[str, JsonValue]] = {}
        for due_at, subject_id, data in timers:
            wanted.setdefault((subject_id, due_at), data)
        if wanted:
            rows = {
                "kind": kind,
                "ids": [new_id() for _ in wanted],
                "subject_ids": [subject_id for subject_id, _ in wanted],
                "due_at": [due_at for _, due_at in wanted],
                "data": [_json(data) for data in wanted.values()],
                "traces": [_json(traces.get(each, here) | known.get(each, {})) for each, _ in wanted],
            }
            await self.execute(_SCHEDULE, rows)

    async def cancel_timers(self, kind: str, subject_id: UUID) -> None:
        """Cancel the subject's waiting timers of a kind.

        One that is firing at this moment is passed over, since it waits for the aggregate this transaction holds:
        a timer's handler looks at the aggregate's state before it acts.
        """
        self._require_effects("cancel_timers")
        await self.execute(_CANCEL, {"kind": kind, "subject_id": subject_id})

    async def start_job(
        self, kind: str, parameters: Mapping[str, JsonValue], total: int | None = None, *, job_id: UUID | None = None
    ) -> UUID:
        """Queue long work, done in chunks by the worker in the name of this officer; returns the job's id.

        A job that is given its id is started once, whoever asks for it again.
        """
        self._require_effects("start_job")
        job_id = job_id or self.new_id()
        officer = {
            "issuer": self.officer.issuer,
            "subject": self.officer.subject,
            "roles": sorted(self.officer.roles),
            "agency": self.officer.agency,
            "region": self.officer.region,
        }
        row = {
            "id": job_id,
            "kind": kind,
            "agency": self.officer.agency,
            "total": total,
        }
        json = {
            "parameters": _json(parameters),
            "officer": _json(officer),
            "trace": _json(carry()),
        }
        await self.execute(_START_JOB, row | json)
        return job_id

    async def record_access(self, purpose: str, person_ids: Sequence[UUID]) -> None:
        """Leave a trail: who read the personal data of whom, and what for."""
        row = {
            "id": new_id(),
            "actor": self.officer.identity,
            "purpose": purpose,
            "person_ids": list(person_ids),
        }
        await self.execute(_RECORD_ACCESS, row)

    def later(self, *writes: Write) -> None:
        """Write this with the transaction's last statement, that of its events, which nothing reads before.

        What the transaction has locked that others wait for is free the sooner, by one way there and back for each.
        These rows are written after the events' keys are locked: they must be new, or locked already, since whoever
        holds one may wait for such a key; and nothing else may write them in this transaction.
        """
        self._later.extend(writes)

    async def flush(self) -> list[Outgoing]:
        """Write the buffered events and what was left for later, and return the events.

        Called by the edge as the last step before the commit.
        """
        (written, self._events), (later, self._later) = (self._events, []), (self._later, [])
        if written:
            await write(self.connection, written, later)
        elif later:
            await self.connection.execute(*one_statement(later))
        return written

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is undone by itself when it raises: rows, the events it told, and the ids it took."""
        events_count, later_count, told, made = len(self._events), len(self._later), self._told.copy(), self._made
        try:
            async with self.connection.begin_nested():
                yield
                # Here, so that what the database refuses of it undoes this part and no other.
                part = self._later[later_count:]
                if part:
                    del self._later[later_count:]
                    await self.connection.execute(*one_statement(part))
        except BaseException:
            del self._events[events_count:], self._later[later_count:]
            self._told, self._made = told, made
            raise

    def _require_effects(self, effect: str) -> None:
        if not self.effects:
            raise EffectOfProjection(effect)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
