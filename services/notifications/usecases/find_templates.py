"""Templates and terms as administrators see them."""

from uuid import UUID

from pydantic import BaseModel

from chassis.paging import Page
from chassis.transaction import Transaction
from services.notifications.domain.sms import Encoding, measure
from services.notifications.domain.template import TemplateCode, fill, sample_values
from services.notifications.store import templates as template_store


class TemplateView(BaseModel):
    """A template with the number of its newest version."""

    code: TemplateCode
    latest_version: int


class VersionView(BaseModel):
    """One version with a sample and the size of the short message it makes."""

    code: TemplateCode
    version: int
    sms_text: str
    mail_subject: str
    mail_text: str
    list_text: str | None
    sample_sms: str
    sample_encoding: Encoding
    sample_units: int
    sample_segments: int


class TermView(BaseModel):
    """How a code reads."""

    kind: str
    code: str
    label: str
    version: int


async def find_templates(tx: Transaction) -> list[TemplateView]:
    """All templates."""
    versions = await template_store.latest_versions(tx)
    return [TemplateView(code=code, latest_version=versions[code]) for code in sorted(versions)]


async def find_version(tx: Transaction, code: TemplateCode, version: int) -> VersionView:
    """One version. Raises `UnknownTemplate`."""
    found = await template_store.load_version(tx, code, version)
    sample = fill(found.sms_text, sample_values())
    size = measure(sample)
    return VersionView(
        code=found.code,
        version=found.version,
        sms_text=found.sms_text,
        mail_subject=found.mail_subject,
        mail_text=found.mail_text,
        list_text=found.list_text,
        sample_sms=sample,
        sample_encoding=size.encoding,
        sample_units=size.units,
        sample_segments=size.segments,
    )


async def find_terms(tx: Transaction, after: UUID | None, limit: int) -> Page[TermView]:
    """The newest label of every code, in the order in which they were set."""
    found = await template_store.page_of_terms(tx, after, limit)
    items = [TermView(kind=row.kind, code=row.code, label=row.label, version=row.version) for row in found.rows]
    return Page(items=items, next=found.next)
