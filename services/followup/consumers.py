"""What follow-up hears. Every handler takes a list of one kind and keeps it, whatever has come before."""

from collections.abc import Sequence

from chassis.consumer import Consumers, Delivered
from chassis.transaction import Transaction
from contracts.disbursement import AidHandedOverV1, GrantCancelledV1, HandoverVoidedV1
from contracts.registry import AssistanceEndedV1, AssistanceEndRefusedV1, AssistanceRestoredV1, PersonCorrectedV1
from services.followup.usecases.follow_person_status import follow_person_status
from services.followup.usecases.hear_graduation_answer import hear_graduation_answers
from services.followup.usecases.plan_mentoring import plan_mentoring
from services.followup.usecases.suspend_mentoring import stop_cancelled, suspend_mentoring

consumers = Consumers()


@consumers.on(AidHandedOverV1)
async def aid_handed_over(tx: Transaction, events: Sequence[Delivered[AidHandedOverV1]]) -> None:
    """Mentoring begins, or goes on after a replacement BAST."""
    await plan_mentoring(tx, events)


@consumers.on(HandoverVoidedV1)
async def handover_voided(tx: Transaction, events: Sequence[Delivered[HandoverVoidedV1]]) -> None:
    """Mentoring rests."""
    await suspend_mentoring(tx, events)


@consumers.on(GrantCancelledV1)
async def grant_cancelled(tx: Transaction, events: Sequence[Delivered[GrantCancelledV1]]) -> None:
    """Mentoring stops for good."""
    await stop_cancelled(tx, events)


@consumers.on(PersonCorrectedV1)
async def person_corrected(tx: Transaction, events: Sequence[Delivered[PersonCorrectedV1]]) -> None:
    """A death or move stops mentoring; the correction of a mistaken one lets it go on."""
    await follow_person_status(tx, events)


@consumers.on(AssistanceEndedV1)
async def assistance_ended(tx: Transaction, events: Sequence[Delivered[AssistanceEndedV1]]) -> None:
    """The family graduated."""
    await hear_graduation_answers(tx, events)


@consumers.on(AssistanceEndRefusedV1)
async def assistance_end_refused(tx: Transaction, events: Sequence[Delivered[AssistanceEndRefusedV1]]) -> None:
    """The family keeps its assistance; mentoring goes on."""
    await hear_graduation_answers(tx, events)


@consumers.on(AssistanceRestoredV1)
async def assistance_restored(tx: Transaction, events: Sequence[Delivered[AssistanceRestoredV1]]) -> None:
    """The assistance was given back."""
    await hear_graduation_answers(tx, events)
