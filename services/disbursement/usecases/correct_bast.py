"""A clerical error in a BAST is mended by two officers; old and new values are kept."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from chassis.commands import Command, DatedCommand
from chassis.errors import Unprocessable
from chassis.transaction import Transaction
from contracts.fields import Code
from services.disbursement.domain.facts import BastField, ItemCondition, Trail
from services.disbursement.domain.grant import HandoverBeforeDecree
from services.disbursement.domain.handover import (
    Bast,
    Change,
    ChangePending,
    CorrectionReason,
    FieldChange,
)
from services.disbursement.outgoing import Change as GrantChange
from services.disbursement.store import basts as store
from services.disbursement.store.grants import load_grant
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.store.reading import bast_values
from services.disbursement.usecases.hand_over_packages import OfficialName, PhotoReference
from services.disbursement.usecases.record_changes import occasion_of, record_changes
from services.disbursement.usecases.void_bast import AnswerChange


class NothingToCorrect(Unprocessable):
    """The values given are those the BAST has."""

    title = "The handover record has these values already"


class ConditionCorrected(Command):
    """The right condition of one item."""

    item_code: Code
    condition: ItemCondition


class RequestCorrection(DatedCommand):
    """Ask to mend clerical fields; those not given stay as they are."""

    reason: CorrectionReason
    handed_over_on: date | None = None
    place_name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    first_party_name: OfficialName | None = None
    witness_name: OfficialName | None = None
    photo_reference: PhotoReference | None = None
    conditions: Annotated[tuple[ConditionCorrected, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _not_in_future(self) -> "RequestCorrection":
        if self.handed_over_on is not None and self.handed_over_on > self.occurred_on:
            raise ValueError("a handover cannot be dated after its correction")
        return self


async def request_correction(tx: Transaction, bast_id: UUID, command: RequestCorrection) -> UUID:
    """Store the request; returns its id. Raises BastNotFound, BastIsVoid, ChangePending, NothingToCorrect,
    HandoverBeforeDecree.
    """
    bast = await store.load_bast(tx, bast_id, for_update=True)
    bast.require_valid()
    if await store.change_pending(tx, bast.id):
        raise ChangePending(bast_id=bast.id)
    fields = _changes(await bast_values(tx, bast.id), command)
    if not fields:
        raise NothingToCorrect(bast_id=bast.id)
    grant = await load_grant(tx, bast.grant_id)
    if (
        command.handed_over_on is not None
        and grant.decided_on is not None
        and command.handed_over_on < grant.decided_on
    ):
        raise HandoverBeforeDecree(grant_id=grant.id, decree_on=grant.decided_on)
    request = Change(tx.new_id(), bast.id, tx.officer.identity)
    await store.insert_correction(tx, bast, request, command.reason.value, fields)
    trail = Trail("correction_requested", bast.id, bast.number, command.reason.value)
    await log_acts(tx, [LogLine(_about(bast), trail, occasion_of(tx, command))])
    return request.id


async def answer_correction(tx: Transaction, correction_id: UUID, command: AnswerChange) -> UUID:
    """Mend the BAST or refuse to; returns the request's id.

    Raises ChangeNotFound, ChangeAlreadyAnswered, SamePerson, BastIsVoid.
    """
    request, reason, fields = await store.load_correction(tx, correction_id)
    request.answer(tx.officer.identity, approved=command.approved)
    await store.save_correction(tx, request)
    bast = await store.load_bast(tx, request.bast_id)
    occasion = occasion_of(tx, command)
    if not command.approved:
        trail = Trail("correction_refused", bast.id, bast.number)
        await log_acts(tx, [LogLine(_about(bast), trail, occasion)])
        return request.id
    grant = await load_grant(tx, bast.grant_id, for_update=True)
    bast.require_valid()
    await _apply(tx, bast, fields)
    names = tuple(sorted({each.field for each in fields}))
    await record_changes(tx, [GrantChange(grant, grant.correct_bast(bast.number, names, reason), occasion)])
    return request.id


def _changes(values: dict[str, Any], command: RequestCorrection) -> list[FieldChange]:
    wanted = (
        (BastField.OCCURRED_ON, values["occurred_on"].isoformat(), _text(command.handed_over_on)),
        (BastField.PLACE, values["place_name"], command.place_name),
        (BastField.FIRST_PARTY, values["first_party_name"], command.first_party_name),
        (BastField.WITNESS, values["witness_name"], command.witness_name),
        (BastField.PHOTO, values["photo_reference"] or "", command.photo_reference),
    )
    changes = [FieldChange(field, old, new) for field, old, new in wanted if new is not None and new != old]
    conditions = {item["item_code"]: item["condition"] for item in values["items"]}
    for item in command.conditions:
        old = conditions.get(item.item_code)
        if old is not None and old != item.condition.value:
            changes.append(FieldChange(BastField.CONDITION, old, item.condition.value, item.item_code))
    return changes


async def _apply(tx: Transaction, bast: Bast, fields: list[FieldChange]) -> None:
    columns: dict[str, Any] = {}
    for change in fields:
        match change.field:
            case BastField.OCCURRED_ON:
                columns["occurred_on"] = date.fromisoformat(change.new_value)
            case BastField.PLACE:
                columns["place_name"] = change.new_value
            case BastField.FIRST_PARTY:
                columns["first_party_sealed"] = tx.vault.seal(change.new_value)
            case BastField.WITNESS:
                columns["witness_sealed"] = tx.vault.seal(change.new_value)
            case BastField.PHOTO:
                columns["photo_reference"] = change.new_value
            case BastField.CONDITION:
                await store.set_item_condition(tx, bast.id, change.detail, change.new_value)
    if columns:
        await store.set_bast_columns(tx, bast.id, columns)


def _about(bast: Bast) -> About:
    return About(bast.programme_id, bast.agency, bast.region_code, bast.grant_id, bast.person_id)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
