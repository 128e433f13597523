"""When messages are sent and asked for: steps outside requests and consumers, outside every transaction."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import aiohttp
import httpx

from chassis.logs import logger
from chassis.service import Service
from chassis.tls import trusted
from chassis.workers import Worker
from services.notifications.clients.registry import Contact, ContactBook
from services.notifications.clients.sms_http import SmsGateway, open_session
from services.notifications.clients.smtp import Mail, MailServer
from services.notifications.delivery import Carrier, Plan, plan
from services.notifications.domain.message import Channel
from services.notifications.domain.outcome import Answer, NotTried, Outcome, Retryable
from services.notifications.settings import Settings
from services.notifications.usecases.mark_as_email import mark_as_email
from services.notifications.usecases.record_answers import Asked, Patience, record_answers
from services.notifications.usecases.record_outcomes import Tried, record_outcomes
from services.notifications.usecases.take_up_messages import TakenUp, take_up_messages
from services.notifications.usecases.take_up_questions import Question, take_up_questions

log = logger(__name__)


def workers(settings: Settings) -> tuple[Worker, ...]:
    """The sender, and the one who asks for what the gateway did not tell. Raises ValueError for a wrong SMTP_URL."""
    mail_of(settings)
    return (
        Worker("send-messages", Sender(settings).step, settings.send_batch_size, idle_seconds=0.5, at_once=2),
        Worker("ask-gateway", Asker(settings).step, settings.send_batch_size, idle_seconds=1.0),
    )


class Sender:
    """Takes up, sends, records: two short transactions with the outside call between them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.sms_concurrency)

    async def step(self, service: Service) -> int:
        """One batch; returns how many were due."""
        settings = self._settings
        async with service.database.transaction(planned_once=True) as tx:
            stale_after = timedelta(seconds=settings.sending_stale_seconds)
            taken, due_count = await take_up_messages(tx, settings.send_batch_size, stale_after)
        if not taken:
            return due_count
        tried = await self._send(service, taken)
        async with service.database.transaction(planned_once=True) as tx:
            await record_outcomes(tx, tried, timedelta(seconds=settings.receipt_wait_seconds))
        return due_count

    async def _send(self, service: Service, taken: list[TakenUp]) -> list[Tried]:
        settings = self._settings
        try:
            contacts = await self._contacts(taken)
        except NotTried as reason:
            log.warning("contacts_not_available", reason=reason.code, messages=len(taken))
            return [Tried(one.message_id, one.reference, reason, None) for one in taken]
        mail = mail_of(settings)
        plans = [plan(one, contacts.get(one.person_id), mail_possible=mail is not None) for one in taken]
        by_email = [one.taken.message_id for one in plans if one.channel is Channel.EMAIL]
        if by_email:
            async with service.database.transaction(planned_once=True) as tx:
                await mark_as_email(tx, by_email)
        async with open_session(settings.sms_gateway_url, settings.sms_timeout_seconds) as session:
            carrier = Carrier(gateway_of(settings, session), mail, self._slots)
            outcomes = await carrier.carry_all(plans)
        return [_tried(one, outcomes) for one in plans]

    async def _contacts(self, taken: list[TakenUp]) -> dict[UUID, Contact]:
        settings = self._settings
        async with httpx.AsyncClient(verify=trusted(), timeout=settings.registry_timeout_seconds) as client:
            book = ContactBook(client, settings.registry_url, settings.service_token_file)
            return await book.look_up([one.person_id for one in taken])


class Asker:
    """Asks for outcomes nobody knows and for receipts that did not come; never sends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def step(self, service: Service) -> int:
        """One batch of questions; returns how many there were."""
        settings = self._settings
        async with service.database.transaction(planned_once=True) as tx:
            # Longer than a batch can take: only a crash makes somebody else ask the same again.
            lease = timedelta(seconds=settings.sending_stale_seconds)
            questions = await take_up_questions(tx, settings.send_batch_size, lease)
        if not questions:
            return 0
        slots = asyncio.Semaphore(settings.sms_concurrency)
        async with open_session(settings.sms_gateway_url, settings.sms_timeout_seconds) as session:
            gateway = gateway_of(settings, session)
            asked = await asyncio.gather(*(_ask(gateway, slots, question) for question in questions))
        patience = Patience(
            timedelta(seconds=settings.receipt_wait_seconds), timedelta(seconds=settings.receipt_deadline_seconds)
        )
        async with service.database.transaction(planned_once=True) as tx:
            await record_answers(tx, asked, patience)
        return len(questions)


def gateway_of(settings: Settings, session: aiohttp.ClientSession) -> SmsGateway:
    """The configured SMS gateway."""
    return SmsGateway(session, settings.sms_gateway_url, settings.sms_gateway_secret.get_secret_value())


def mail_of(settings: Settings) -> Mail | None:
    """The configured mail server, if there is one."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return None
    return Mail(MailServer.at(url, timeout_seconds=settings.smtp_timeout_seconds, sender=settings.email_sender))


async def _ask(gateway: SmsGateway, slots: asyncio.Semaphore, question: Question) -> Asked:
    answer: Answer | None = None
    async with slots:
        if question.channel is Channel.SMS:
            try:
                answer = await gateway.ask(question.reference)
            except Retryable as error:
                log.info("gateway_not_answering", reason=error.code)
    return Asked(question.message_id, question.reference, answer)


def _tried(one: Plan, outcomes: Mapping[UUID, Outcome]) -> Tried:
    taken = one.taken
    return Tried(taken.message_id, taken.reference, outcomes[taken.reference], one.region_code)
