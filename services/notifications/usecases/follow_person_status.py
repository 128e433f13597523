"""Who died or moved away is taken off the printed lists; a mistaken death or move is made good again."""

from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import MessageState
from services.notifications.store import messages as message_store
from services.notifications.store import relevance
from services.notifications.usecases.send_again import send_again
from services.notifications.usecases.withdraw_from_lists import withdraw_from_lists


async def follow_person_status(tx: Transaction, heard: Sequence[tuple[UUID, int, bool]]) -> None:
    """Keep each (person, sequence, active), and let listed and failed messages follow the newest word.

    What is queued stays: the registry is asked for the status once more at sending.
    """
    newest: dict[UUID, tuple[int, bool]] = {}
    for person_id, sequence, active in heard:
        if person_id not in newest or newest[person_id][0] < sequence:
            newest[person_id] = (sequence, active)
    await relevance.hear_status(tx, newest)
    gone = await relevance.inactive_among(tx, list(newest))
    if gone:
        await _take_off_lists(tx, sorted(gone))
    if back := sorted(newest.keys() - gone):
        await send_again(tx, back)


async def _take_off_lists(tx: Transaction, person_ids: Sequence[UUID]) -> None:
    undelivered = await message_store.undelivered_messages(tx, person_ids)
    listed = [message for message in undelivered if message.state is MessageState.LISTED]
    left = []
    for message in listed:
        list_id, failed = message.take_off_list()
        announce(tx, message, [failed])
        left.append((message.id, list_id))
    await message_store.save_messages(tx, listed)
    await withdraw_from_lists(tx, left)
