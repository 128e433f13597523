"""A place, a grant or a handover came to nothing: what was to be told about it is not told any more."""

from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.domain.message import Matter
from services.notifications.store import relevance
from services.notifications.usecases.drop_obsolete import drop_obsolete


async def end_matters(tx: Transaction, matter: Matter, ended: Sequence[tuple[UUID, int]]) -> None:
    """End the matter of each (subject, sequence): messages with an earlier cause are dropped, later ones are told.

    It is remembered, because a message under way may still come back to the queue or fail.
    """
    latest: dict[tuple[Matter, UUID], int] = {}
    for subject_id, sequence in ended:
        latest[matter, subject_id] = max(sequence, latest.get((matter, subject_id), sequence))
    await relevance.note_ended(tx, latest)
    await drop_obsolete(tx, [subject_id for _, subject_id in latest])
