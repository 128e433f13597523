"""What follows a failure: another try when the number was mended meanwhile, a printed list where there is one."""

from collections.abc import Sequence

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import Message
from services.notifications.domain.outcome import FailureReason
from services.notifications.store import lists as list_store
from services.notifications.store import messages as message_store

_ABOUT_THE_NUMBER = frozenset({FailureReason.NO_CONTACT, FailureReason.DEAD_NUMBER})


async def settle_failures(tx: Transaction, failed: Sequence[Message]) -> None:
    """Decide what becomes of messages that have just failed; the caller saves them."""
    if not failed:
        return
    mended_at = await message_store.corrections_heard(tx, [message.person_id for message in failed])
    for message in sorted(failed, key=_list_order):
        attempt, heard_at = message.attempt, mended_at.get(message.person_id)
        if message.reason in _ABOUT_THE_NUMBER and attempt and heard_at and heard_at > attempt.started_at:
            # The correction came while the old number was being tried: nobody would send it again otherwise.
            message.send_anew(tx.now)
        elif message.listable and message.relevant_on(tx.today):
            list_id = await list_store.list_for(tx, message)
            announce(tx, message, [message.put_on_list(list_id)])
            await list_store.insert_entry(tx, list_id, message.id)


def _list_order(message: Message) -> tuple[str, ...]:
    # Two transactions that open the same lists must lock them in one order.
    where = (message.agency, str(message.programme_id), message.matter.value, str(message.group_id))
    return (*where, message.region_code, str(message.id))
