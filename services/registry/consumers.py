"""What the registry hears: graduations proposed and withdrawn."""

from collections.abc import Sequence

from chassis.consumer import Consumers
from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.followup import GraduationProposedV1, GraduationWithdrawnV1
from services.registry.settings import Settings
from services.registry.usecases.open_end_requests import open_end_requests
from services.registry.usecases.withdraw_end_request import withdraw_end_request


def make_consumers(settings: Settings) -> Consumers:
    """The handlers under these settings."""
    consumers = Consumers()

    @consumers.on(GraduationProposedV1)
    async def graduation_proposed(tx: Transaction, events: Sequence[Delivered[GraduationProposedV1]]) -> None:
        """Ask the owner of the family's assistance to end it."""
        await open_end_requests(tx, events, settings.assistance_owner)

    @consumers.on(GraduationWithdrawnV1)
    async def graduation_withdrawn(tx: Transaction, events: Sequence[Delivered[GraduationWithdrawnV1]]) -> None:
        """Cancel the request, or give back what was ended."""
        for event in events:
            await withdraw_end_request(tx, event, settings.assistance_owner)

    return consumers
