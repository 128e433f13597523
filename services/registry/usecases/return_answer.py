"""Second officer of the assistance's owner returns the answer to the first."""

from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry.store import assistance


class ReturnAnswer(Command):
    """Return of the version that was seen."""

    version: int


async def return_answer(tx: Transaction, graduation_id: UUID, command: ReturnAnswer) -> UUID:
    """Return; the request stays as it was and waits for another answer."""
    request = await assistance.load_request(tx, graduation_id)
    request.return_answer(tx.officer.identity, command.version)
    await assistance.save_request(tx, request)
    return graduation_id
