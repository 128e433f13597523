"""Register a training provider (lembaga pelatihan)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.transaction import Transaction
from contracts.fields import Code, RegionCode
from services.training.domain.course import ProviderCodeTaken
from services.training.store import classes


class RegisterProvider(Command):
    """An organisation, never a person: its code is also the agency in its officers' tokens."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    region_code: RegionCode


async def register_provider(tx: Transaction, command: RegisterProvider) -> UUID:
    """Add a provider. Raises NotAllowed outside the officer's region, ProviderCodeTaken."""
    tx.officer.require_region(command.region_code)
    provider_id = tx.new_id()
    row = {"id": provider_id, "agency": tx.officer.agency, **command.model_dump()}
    if not await classes.insert_provider(tx, row):
        raise ProviderCodeTaken(provider_code=command.code)
    return provider_id
