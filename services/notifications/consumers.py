"""What notifications hears, and what each event gives reason to tell. Nothing is sent here."""

from collections.abc import Sequence
from datetime import date

from chassis.consumer import Consumers, Delivered
from chassis.transaction import Transaction
from contracts.disbursement import AidHandedOverV1, GrantCancelledV1, HandoverScheduledV1, HandoverVoidedV1
from contracts.envelope import Fact
from contracts.followup import GraduatedV1
from contracts.registry import PersonCorrectedV1, PersonField, PersonStatus
from contracts.training import CourseNotCompletedV1, EnrolledV1, EnrolmentRescheduledV1
from services.notifications.domain.message import Matter
from services.notifications.domain.template import TemplateCode
from services.notifications.usecases.end_matters import end_matters
from services.notifications.usecases.follow_person_status import follow_person_status
from services.notifications.usecases.queue_messages import Notice, queue_messages
from services.notifications.usecases.send_again import send_again

consumers = Consumers()


@consumers.on(EnrolledV1)
async def enrolled(tx: Transaction, events: Sequence[Delivered[EnrolledV1]]) -> None:
    """Invite to the training."""
    invited = [(event, _training(event.data, TemplateCode.TRAINING_INVITATION)) for event in events]
    await queue_messages(tx, invited)


@consumers.on(EnrolmentRescheduledV1)
async def enrolment_rescheduled(tx: Transaction, events: Sequence[Delivered[EnrolmentRescheduledV1]]) -> None:
    """Tell the changed dates."""
    told = [(event, _training(event.data, TemplateCode.TRAINING_RESCHEDULED)) for event in events]
    await queue_messages(tx, told)


@consumers.on(CourseNotCompletedV1)
async def course_not_completed(tx: Transaction, events: Sequence[Delivered[CourseNotCompletedV1]]) -> None:
    """The place is gone: its dates need not be told any more."""
    await end_matters(tx, Matter.TRAINING, [(event.data.enrolment_id, event.sequence) for event in events])


@consumers.on(HandoverScheduledV1)
async def handover_scheduled(tx: Transaction, events: Sequence[Delivered[HandoverScheduledV1]]) -> None:
    """Invite to the handover session."""
    await queue_messages(tx, [(event, _invitation(event.data)) for event in events])


@consumers.on(AidHandedOverV1)
async def aid_handed_over(tx: Transaction, events: Sequence[Delivered[AidHandedOverV1]]) -> None:
    """Send the receipt."""
    await queue_messages(tx, [(event, _receipt(event.data)) for event in events])


@consumers.on(HandoverVoidedV1)
async def handover_voided(tx: Transaction, events: Sequence[Delivered[HandoverVoidedV1]]) -> None:
    """The receipt names a number that does not count any more."""
    await end_matters(tx, Matter.RECEIPT, [(event.data.grant_id, event.sequence) for event in events])


@consumers.on(GrantCancelledV1)
async def grant_cancelled(tx: Transaction, events: Sequence[Delivered[GrantCancelledV1]]) -> None:
    """Nothing will be handed over: nobody has to come."""
    await end_matters(tx, Matter.HANDOVER, [(event.data.grant_id, event.sequence) for event in events])


@consumers.on(GraduatedV1)
async def graduated(tx: Transaction, events: Sequence[Delivered[GraduatedV1]]) -> None:
    """Congratulate."""
    await queue_messages(tx, [(event, _graduation(event.data)) for event in events])


@consumers.on(PersonCorrectedV1)
async def person_corrected(tx: Transaction, events: Sequence[Delivered[PersonCorrectedV1]]) -> None:
    """Take the dead and departed off the lists; send again what a wrong number or status kept from arriving."""
    told = [
        (event.data.person_id, event.sequence, event.data.status is PersonStatus.ACTIVE)
        for event in events
        if PersonField.STATUS in event.data.changed_fields or event.data.status is not PersonStatus.ACTIVE
    ]
    if told:
        await follow_person_status(tx, told)
    mended = [event.data.person_id for event in events if PersonField.PHONE in event.data.changed_fields]
    if mended:
        await send_again(tx, mended)


def _training(data: EnrolledV1 | EnrolmentRescheduledV1, template: TemplateCode) -> Notice:
    return Notice(
        matter=Matter.TRAINING,
        template_code=template,
        person_id=data.person_id,
        programme_id=data.programme_id,
        subject_id=data.enrolment_id,
        group_id=data.class_id,
        agency=data.agency,
        region_code=data.place_region_code,
        relevant_until=_until(data, max(data.session_dates)),
        terms={
            "instansi": ("agency", data.agency),
            "pelatihan": ("course", data.course_code),
            "tempat": ("region", data.place_region_code),
        },
        facts={"dates": [day.isoformat() for day in data.session_dates]},
    )


def _invitation(data: HandoverScheduledV1) -> Notice:
    return Notice(
        matter=Matter.HANDOVER,
        template_code=TemplateCode.HANDOVER_INVITATION,
        person_id=data.person_id,
        programme_id=data.programme_id,
        subject_id=data.grant_id,
        group_id=data.handover_session_id,
        agency=data.agency,
        region_code=data.place_region_code,
        relevant_until=_until(data, data.scheduled_on),
        terms={
            "instansi": ("agency", data.agency),
            "paket": ("package", data.package_code),
            "tempat": ("place", data.place_code),
        },
        facts={"dates": [data.scheduled_on.isoformat()]},
    )


def _receipt(data: AidHandedOverV1) -> Notice:
    return Notice(
        matter=Matter.RECEIPT,
        template_code=TemplateCode.HANDOVER_RECEIPT,
        person_id=data.person_id,
        programme_id=data.programme_id,
        subject_id=data.grant_id,
        group_id=data.handover_session_id,
        agency=data.agency,
        region_code=data.region_code,
        relevant_until=None,
        terms={"instansi": ("agency", data.agency), "paket": ("package", data.package_code)},
        facts={
            "dates": [data.occurred_on.isoformat()],
            "nomor_bast": data.bast_number,
            "amount_rupiah": data.amount_rupiah,
        },
        items=[(item.item_code, item.quantity) for item in data.items],
    )


def _graduation(data: GraduatedV1) -> Notice:
    return Notice(
        matter=Matter.GRADUATION,
        template_code=TemplateCode.GRADUATION,
        person_id=data.person_id,
        programme_id=data.programme_id,
        subject_id=data.graduation_id,
        group_id=data.programme_id,
        agency=data.agency,
        region_code=None,
        relevant_until=None,
        terms={"instansi": ("agency", data.agency)},
        facts={"dates": [data.occurred_on.isoformat()]},
    )


def _until(data: Fact, last: date) -> date | None:
    # A late entry is told whatever its date: paper records and earlier years are entered after the day itself.
    return None if data.late_entry_reason else last
