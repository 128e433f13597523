"""What the two persons do: propose a mend of a parked message, approve it, reject it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import Row, text

from chassis.commands import Command
from chassis.errors import Conflict, NotFound, SamePerson, StaleVersion, Unprocessable
from chassis.mends import NOT_SUBSCRIBED, MendKind, MendReason, hold_mends, replaced
from chassis.parking import seal_headers
from chassis.records import Readable, RecordReader, Skipped, Unreadable
from chassis.redrive import REDRIVE_JOB
from chassis.redrive_plan import Selection
from chassis.transaction import Transaction

_MESSAGE = text(
    """
    SELECT * FROM parked_message WHERE id = :id AND redriven_at IS NULL
    AND consumer NOT IN (SELECT consumer FROM generation WHERE state <> 'live')
    """
)
_TOOK_EFFECT = text(
    "SELECT EXISTS (SELECT 1 FROM inbox WHERE consumer = :consumer AND source = :source AND event_id = :event_id)"
)
_SUPERSEDE = text("UPDATE parked_mend SET state = 'superseded' WHERE message_id = :id AND state = 'proposed'")
_PROPOSE = text(
    """
    INSERT INTO parked_mend (id, message_id, kind, reason, attempts, key_sealed, headers_sealed, body_sealed, maker)
    VALUES (:id, :message_id, :kind, :reason, :attempts, :key_sealed, :headers_sealed, :body_sealed, :maker)
    """
)
_MEND = text("SELECT * FROM parked_mend WHERE id = :id FOR UPDATE")
_DECIDE = text(
    "UPDATE parked_mend SET state = :state, checker = :checker, decided_at = clock_timestamp(), job_id = :job_id"
    " WHERE id = :id"
)

BODY_MAX = 1024 * 1024
"""Characters of a body: as many as Kafka takes bytes in a message."""

HeaderName = Annotated[str, Field(min_length=1, max_length=200)]
HeaderValue = Annotated[str, Field(max_length=4000)]


class NotParked(NotFound):
    """No such message waits here: it never parked, or it is settled."""

    title = "No such message is parked here, or it is settled already"


class MendNotFound(NotFound):
    """No such proposal."""

    title = "No such mend was proposed"


class MendNotOpen(Conflict):
    """It was decided already."""

    title = "This mend was decided already"


class MendUnreadable(Unprocessable):
    """The proposed form is still no event that this service hears; the facts say where, never what."""

    title = "The mended message would still not be readable as an event that this service hears"


class MendKnown(Conflict):
    """The proposed form has the id of an event that took effect: it would change nothing. Set the message aside."""

    title = "The mended message would be an event that took effect here already"


class ProposeMend(Command):
    """Another form of a parked message, or to set it aside. Headers, if given, replace all of the original's."""

    kind: MendKind
    reason: MendReason
    body: Annotated[str, Field(max_length=BODY_MAX)] | None = None
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=50)] | None = None
    key: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _parts_belong_to_a_replacement(self) -> "ProposeMend":
        given = not (self.body is None and self.headers is None and self.key is None)
        if given != (self.kind is MendKind.REPLACE):
            raise ValueError("give body, headers or key with `replace`, and none of them with `set_aside`")
        return self


def proposing(reader: RecordReader) -> Callable[[Transaction, tuple[UUID, ProposeMend]], Awaitable[UUID]]:
    """The use case of the first person, for a service that hears what the reader reads."""

    async def propose_mend(tx: Transaction, asked: tuple[UUID, ProposeMend]) -> UUID:
        """Keep the proposal, sealed; an open one of the same message is superseded.

        Raises `NotParked`, `MendUnreadable` unless what is proposed can be read, `MendKnown` if it took effect before.
        """
        message_id, command = asked
        message = await _waiting(tx, message_id)
        if command.kind is MendKind.REPLACE:
            await _require_fresh(tx, message, _require_readable(tx, reader, message, command))
        await tx.execute(_SUPERSEDE, {"id": message_id})
        row = {
            "id": tx.new_id(),
            "message_id": message_id,
            "kind": command.kind,
            "reason": command.reason,
            "attempts": message.attempts,
            "maker": tx.officer.identity,
        }
        await tx.execute(_PROPOSE, row | _sealed(tx, command))
        return UUID(str(row["id"]))

    return propose_mend


async def approve_mend(tx: Transaction, mend_id: UUID) -> UUID:
    """Let the mend count, and start the redrive of the message's key.

    Raises `StaleVersion` when the message was tried or another mend proposed since, `SamePerson`, `MendNotOpen`.
    """
    mend = await _open_mend(tx, mend_id)
    # Before the message is looked at: a redrive may be taking it at this moment.
    await hold_mends(tx, [mend.message_id])
    message = await _waiting(tx, mend.message_id)
    if message.attempts != mend.attempts:
        raise StaleVersion(attempts=message.attempts, attempts_seen=mend.attempts)
    whole_key = Selection(topic=message.topic, key=message.key)
    selection = whole_key if message.key is not None else Selection(message_id=message.id)
    job_id = await tx.start_job(REDRIVE_JOB, selection.model_dump(mode="json"))
    await _decide(tx, mend_id, "approved", job_id)
    return mend_id


async def reject_mend(tx: Transaction, mend_id: UUID) -> UUID:
    """Refuse the proposal; the message waits as before. Raises `SamePerson`, `StaleVersion`, `MendNotOpen`."""
    await _open_mend(tx, mend_id)
    await _decide(tx, mend_id, "rejected", None)
    return mend_id


async def _waiting(tx: Transaction, message_id: UUID) -> Row[Any]:
    message = await tx.fetch_one(_MESSAGE, {"id": message_id})
    if message is None:
        raise NotParked(message_id=message_id)
    return message


async def _open_mend(tx: Transaction, mend_id: UUID) -> Row[Any]:
    mend = await tx.fetch_one(_MEND, {"id": mend_id})
    if mend is None:
        raise MendNotFound(mend_id=mend_id)
    if mend.state == "superseded":
        raise StaleVersion(mend_id=mend_id)
    if mend.state != "proposed":
        raise MendNotOpen(state=mend.state)
    if mend.maker == tx.officer.identity:
        raise SamePerson
    return mend


async def _decide(tx: Transaction, mend_id: UUID, state: str, job_id: UUID | None) -> None:
    await tx.execute(_DECIDE, {"id": mend_id, "state": state, "checker": tx.officer.identity, "job_id": job_id})


def _require_readable(tx: Transaction, reader: RecordReader, message: Row[Any], command: ProposeMend) -> Readable:
    headers = None if command.headers is None else [(name, value.encode()) for name, value in command.headers.items()]
    key, body = (None if part is None else part.encode() for part in (command.key, command.body))
    read = reader.read(replaced(tx.vault, message, key=key, headers=headers, body=body))
    if isinstance(read, Unreadable):
        raise MendUnreadable(reason=read.reason, place=read.detail)
    if isinstance(read, Skipped):
        raise MendUnreadable(reason=NOT_SUBSCRIBED, place="ce_type")
    return read


async def _require_fresh(tx: Transaction, message: Row[Any], read: Readable) -> None:
    source, event_id = read.identity
    told = {"consumer": message.consumer, "source": source, "event_id": event_id}
    if await tx.scalar(_TOOK_EFFECT, told):
        raise MendKnown(event_id=event_id)


def _sealed(tx: Transaction, command: ProposeMend) -> dict[str, bytes | None]:
    key, body, headers = command.key, command.body, command.headers
    named = None if headers is None else [(name, value.encode()) for name, value in headers.items()]
    return {
        "key_sealed": None if key is None else tx.vault.seal_bytes(key.encode()),
        "headers_sealed": None if named is None else seal_headers(tx.vault, named),
        "body_sealed": None if body is None else tx.vault.seal_bytes(body.encode()),
    }
