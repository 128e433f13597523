"""The owner of a social assistance enters a family that holds it."""

from datetime import date
from uuid import UUID

from chassis.commands import Command, DateInFuture
from chassis.transaction import Transaction
from services.registry.domain.membership import AlreadyMember, Membership, MembershipChange, NotOwner, Scheme
from services.registry.store import assistance, people


class StartMembership(Command):
    """A scheme, and since when the family holds it where that is known."""

    scheme: Scheme
    since: date | None = None


async def start_membership(tx: Transaction, person_id: UUID, command: StartMembership, owner: str) -> UUID:
    """Enter the family of a person, also again after an end; returns the membership's id.

    Raises `NotOwner`, `DateInFuture`, `AlreadyMember`, `StartsBeforeEnd`, `PersonNotFound`.
    """
    if tx.officer.agency != owner:
        raise NotOwner(owner_agency=owner)
    if command.since is not None and command.since > tx.today:
        raise DateInFuture(occurred_on=command.since, today=tx.today)
    person = await people.load_person(tx, person_id, for_update=True)
    held = await assistance.load_memberships(tx, person.family_id, for_update=True)
    earlier = next((each for each in held if each.scheme is command.scheme), None)
    if earlier is not None:
        earlier.start_again(command.since)
        await assistance.save_memberships(tx, [earlier], MembershipChange.STARTED, command.since, earlier.id)
        return earlier.id
    membership = Membership(tx.new_id(), person.family_id, command.scheme, command.since)
    if not await assistance.insert_memberships(tx, [(membership, owner, person.region_code)], membership.id):
        raise AlreadyMember(family_id=person.family_id, scheme=command.scheme.value)
    return membership.id
