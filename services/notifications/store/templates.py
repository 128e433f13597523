"""Template versions and terms: rows are only ever added."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, insert, select, tuple_, update

from chassis.paging import PageRows, fetch_page
from chassis.transaction import Transaction
from services.notifications.domain.template import TemplateCode, TemplateVersion, UnknownTemplate
from services.notifications.domain.wording import readable
from services.notifications.store.tables import template, template_version, term


async def latest_versions(tx: Transaction) -> dict[TemplateCode, int]:
    """The newest version of every template."""
    return {TemplateCode(row.code): row.latest_version for row in await tx.fetch_all(select(template))}


async def take_next_version(tx: Transaction, code: TemplateCode) -> int:
    """Count the template's versions up; the row lock lets one writer at a time do so. Raises `UnknownTemplate`."""
    number = await tx.scalar(
        update(template)
        .where(template.c.code == code.value)
        .values(latest_version=template.c.latest_version + 1)
        .returning(template.c.latest_version)
    )
    if number is None:
        raise UnknownTemplate(code=code.value)
    return int(number)


async def insert_version(tx: Transaction, version: TemplateVersion, maker: str, now: datetime) -> UUID:
    """Add a version."""
    row = {
        "id": tx.new_id(),
        "code": version.code.value,
        "version": version.version,
        "sms_text": version.sms_text,
        "mail_subject": version.mail_subject,
        "mail_text": version.mail_text,
        "list_text": version.list_text,
        "maker": maker,
        "created_at": now,
    }
    await tx.execute(insert(template_version).values(row))
    return row["id"]  # type: ignore[return-value]


async def load_version(tx: Transaction, code: TemplateCode, version: int) -> TemplateVersion:
    """One version. Raises `UnknownTemplate`."""
    found = await load_versions(tx, {(code, version)})
    if not found:
        raise UnknownTemplate(code=code.value, version=version)
    return found[code, version]


async def load_versions(
    tx: Transaction, wanted: Iterable[tuple[TemplateCode, int]]
) -> dict[tuple[TemplateCode, int], TemplateVersion]:
    """The versions named, by code and number."""
    pairs = [(code.value, version) for code, version in wanted]
    statement = select(template_version).where(tuple_(template_version.c.code, template_version.c.version).in_(pairs))
    found = [_version(row) for row in await tx.fetch_all(statement)]
    return {(one.code, one.version): one for one in found}


async def labels(tx: Transaction, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """How (kind, code) pairs read; a code without a term reads as its own words."""
    pairs = sorted(set(wanted))
    statement = (
        select(term.c.kind, term.c.code, term.c.label)
        .where(tuple_(term.c.kind, term.c.code).in_(pairs))
        .order_by(term.c.kind, term.c.code, term.c.version)
    )
    named = {(row.kind, row.code): row.label for row in await tx.fetch_all(statement)} if pairs else {}
    return {pair: named.get(pair) or readable(pair[1]) for pair in pairs}


async def insert_term(tx: Transaction, kind: str, code: str, label: str, now: datetime) -> UUID:
    """Add a newer label for a code."""
    same = (term.c.kind == kind) & (term.c.code == code)
    version = select(func.coalesce(func.max(term.c.version), 0) + 1).where(same).scalar_subquery()
    row: dict[str, Any] = {"id": tx.new_id(), "kind": kind, "code": code, "label": label}
    await tx.execute(insert(term).values(**row, version=version, maker=tx.officer.identity, created_at=now))
    return UUID(str(row["id"]))


async def page_of_terms(tx: Transaction, after: UUID | None, limit: int) -> PageRows[Row[Any], UUID]:
    """The newest label of every code, by id."""
    newer = term.alias()
    is_replaced = exists().where(
        newer.c.kind == term.c.kind, newer.c.code == term.c.code, newer.c.version > term.c.version
    )
    return await fetch_page(tx, select(term).where(~is_replaced), term.c.id, after, limit)


def _version(row: Row[Any]) -> TemplateVersion:
    return TemplateVersion(
        TemplateCode(row.code), row.version, row.sms_text, row.mail_subject, row.mail_text, row.list_text
    )
