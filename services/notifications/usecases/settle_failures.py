"""What follows a failure: nothing where telling is no use, another try after a mended contact, else a printed list."""

from collections.abc import Sequence

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import Message
from services.notifications.domain.outcome import FailureReason
from services.notifications.store import lists as list_store
from services.notifications.store import relevance

_ABOUT_THE_CONTACT = frozenset({FailureReason.NO_CONTACT, FailureReason.DEAD_NUMBER, FailureReason.NOT_ACTIVE})


async def settle_failures(tx: Transaction, failed: Sequence[Message]) -> None:
    """Decide what becomes of messages that have just failed; the caller saves them."""
    if not failed:
        return
    people = [message.person_id for message in failed]
    mended_at = await relevance.corrections_heard(tx, people)
    gone = await relevance.inactive_among(tx, people)
    obsolete = await relevance.obsolete_among(tx, [message.id for message in failed])
    for message in sorted(failed, key=_list_order):
        attempt, heard_at = message.attempt, mended_at.get(message.person_id)
        if message.id in obsolete:
            message.supersede()
        elif message.reason in _ABOUT_THE_CONTACT and attempt and heard_at and heard_at > attempt.started_at:
            # The correction came while the old contact was being tried: nobody would send it again otherwise.
            message.send_anew(tx.now)
        elif message.person_id in gone or message.reason is FailureReason.NOT_ACTIVE:
            continue
        elif message.listable and message.relevant_on(tx.today):
            list_id = await list_store.list_for(tx, message)
            announce(tx, message, [message.put_on_list(list_id)])
            await list_store.insert_entry(tx, list_id, message.id)


def _list_order(message: Message) -> tuple[str, ...]:
    # Two transactions that open the same lists must lock them in one order.
    where = (message.agency, str(message.programme_id), message.matter.value, str(message.group_id))
    return (*where, message.region_code, str(message.id))
