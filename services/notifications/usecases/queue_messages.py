"""Queue what people must be told: one message per cause, newer ones in place of unread earlier ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from chassis.events import Delivered
from chassis.ids import derived_id
from chassis.telemetry import carry
from chassis.transaction import Transaction
from contracts.envelope import case_id
from services.notifications.domain.message import Matter
from services.notifications.domain.template import TemplateCode
from services.notifications.store import messages as message_store
from services.notifications.store import templates as template_store
from services.notifications.usecases.drop_obsolete import drop_obsolete

NO_REGION = ""
"""Not yet known; visible to officers without a regional limit only, until the registry is asked at sending."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one event gives reason to tell. `terms` are codes to be named by placeholder, `facts` the rest."""

    matter: Matter
    template_code: TemplateCode
    person_id: UUID
    programme_id: UUID
    subject_id: UUID
    group_id: UUID
    agency: str
    region_code: str | None
    relevant_until: date | None
    terms: Mapping[str, tuple[str, str]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[tuple[str, int]] = ()


async def queue_messages(tx: Transaction, noticed: Sequence[tuple[Delivered[Any], Notice]]) -> None:
    """Queue one message per event under the newest template version, then drop what they make obsolete."""
    versions = await template_store.latest_versions(tx)
    wanted = [pair for _, notice in noticed for pair in notice.terms.values()]
    items = [("item", code) for _, notice in noticed for code, _ in notice.items]
    labels = await template_store.labels(tx, [*wanted, *items])
    placeless = [notice.person_id for _, notice in noticed if notice.region_code is None]
    regions = await message_store.known_region(tx, placeless) if placeless else {}
    rows = [
        {
            **_row(tx, event, notice, labels),
            "template_version": versions[notice.template_code],
            "region_code": notice.region_code or regions.get(notice.person_id, NO_REGION),
        }
        for event, notice in noticed
    ]
    await message_store.insert_messages(tx, rows)
    await drop_obsolete(tx, [notice.subject_id for _, notice in noticed])


def _row(
    tx: Transaction, event: Delivered[Any], notice: Notice, labels: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    facts: dict[str, Any] = {**notice.facts, **{name: labels[pair] for name, pair in notice.terms.items()}}
    if notice.items:
        facts["items"] = [{"name": labels["item", code], "quantity": quantity} for code, quantity in notice.items]
    return message_store.new_message_row(
        derived_id(event.origin, "message"),
        tx.now,
        cause_source=event.source,
        cause_id=event.id,
        cause_sequence=event.sequence,
        person_id=notice.person_id,
        programme_id=notice.programme_id,
        case_id=event.case or case_id(notice.programme_id, notice.person_id),
        matter=notice.matter.value,
        subject_id=notice.subject_id,
        group_id=notice.group_id,
        template_code=notice.template_code.value,
        facts=facts,
        trace=carry(event.context),
        agency=notice.agency,
        relevant_until=notice.relevant_until,
    )
