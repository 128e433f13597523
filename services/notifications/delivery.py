"""The choice of channel: who is reached how, and what comes of it. Nothing here touches the database."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from opentelemetry.trace import SpanKind

from chassis.logs import about, logger
from chassis.telemetry import current_trace_id, resume, span
from services.notifications.clients.registry import Contact
from services.notifications.clients.sms_http import SmsGateway
from services.notifications.clients.smtp import Mail
from services.notifications.domain.message import Channel
from services.notifications.domain.outcome import ChannelError, FailureReason, Outcome, OutcomeUnknown, Permanent
from services.notifications.domain.phone import normalised
from services.notifications.domain.sms import measure
from services.notifications.domain.template import fact_values, fill
from services.notifications.usecases.take_up_messages import TakenUp

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """One message with its channel; `address` is a number or an e-mail address, None when there is neither."""

    taken: TakenUp
    channel: Channel
    address: str | None
    name: str
    region_code: str | None
    without_address: FailureReason = FailureReason.NO_CONTACT
    """Why there is no address, when there is none."""


def plan(taken: TakenUp, contact: Contact | None, *, mail_possible: bool) -> Plan:
    """SMS wherever there is a possible number; e-mail only for those without one; nothing to the dead and departed."""
    if contact is None:
        return Plan(taken, Channel.SMS, None, "", None)
    if not contact.active:
        return Plan(taken, Channel.SMS, None, "", contact.region_code, FailureReason.NOT_ACTIVE)
    name = " ".join(contact.name.split())
    number = normalised(contact.phone)
    if number is None and contact.email and mail_possible:
        return Plan(taken, Channel.EMAIL, contact.email, name, contact.region_code)
    return Plan(taken, Channel.SMS, number, name, contact.region_code)


class Carrier:
    """Hands planned messages to their channels, a bounded number at once."""

    def __init__(self, sms: SmsGateway, mail: Mail | None, slots: asyncio.Semaphore) -> None:
        self._sms = sms
        self._mail = mail
        self._slots = slots

    async def carry_all(self, plans: list[Plan]) -> Mapping[UUID, Outcome]:
        """Outcome by client reference; never raises for one message's sake."""
        outcomes = await asyncio.gather(*(self._carry(one) for one in plans))
        return {one.taken.reference: outcome for one, outcome in zip(plans, outcomes, strict=True)}

    async def _carry(self, one: Plan) -> Outcome:
        taken = one.taken
        ids = {"message": str(taken.message_id), "case_id": str(taken.case_id)}
        async with self._slots:
            with span(f"send {one.channel}", SpanKind.CLIENT, resume(taken.trace), **ids):
                try:
                    return await self._hand_over(one)
                except ChannelError as outcome:
                    return outcome
                except Exception as error:
                    # One message must not keep the outcomes of the others of its batch from being recorded.
                    with about(trace_id=current_trace_id(), message_id=taken.message_id, case_id=taken.case_id):
                        log.error("sending_failed", exc_info=error)
                    return OutcomeUnknown(type(error).__name__)

    async def _hand_over(self, one: Plan) -> Outcome:
        template = one.taken.template
        values = {**fact_values(one.taken.facts), "nama": one.name}
        if one.address is None:
            raise Permanent(one.without_address.value, one.without_address)
        if one.channel is Channel.EMAIL and self._mail is not None:
            subject, text = fill(template.mail_subject, values), fill(template.mail_text, values)
            return await self._mail.send(one.taken.reference, one.address, " ".join(subject.split()), text)
        text = fill(template.sms_text, values)
        return await self._sms.send(one.taken.reference, one.address, text, measure(text).segments)
