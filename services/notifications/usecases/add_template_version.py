"""A better wording: a new version of a template, used by messages queued from now on."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from chassis.commands import Command
from chassis.transaction import Transaction
from services.notifications.domain.template import TemplateCode, TemplateVersion
from services.notifications.store import templates as template_store

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class TemplateTexts(Command):
    """The texts of a version. Without `list_text` undelivered messages are not put on a printed list."""

    sms_text: ShortText
    mail_subject: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\n]{1,150}$")]
    mail_text: Text
    list_text: ShortText | None = None


class AddTemplateVersion(TemplateTexts):
    """Add a version to a template."""

    code: TemplateCode


async def add_template_version(tx: Transaction, command: AddTemplateVersion) -> UUID:
    """Add a version after checking that it can always be rendered; earlier versions stay as they are.

    Raises `UnknownTemplate`, and the refusals of `TemplateVersion.check`.
    """
    texts = (command.sms_text, command.mail_subject, command.mail_text, command.list_text)
    TemplateVersion(command.code, 0, *texts).check()
    number = await template_store.take_next_version(tx, command.code)
    version = TemplateVersion(command.code, number, *texts)
    return await template_store.insert_version(tx, version, tx.officer.identity, tx.now)
