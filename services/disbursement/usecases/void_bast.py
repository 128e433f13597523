"""A BAST is voided by two officers: one requests, another approves. Its number is never used again."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.facts import GoodsFate, Trail, VoidReason
from services.disbursement.domain.handover import ChangePending, LossReason, VoidRequest
from services.disbursement.outgoing import Change
from services.disbursement.store import basts as store
from services.disbursement.store.grants import load_grant
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.store.programmes import take_back_goods
from services.disbursement.usecases.record_changes import occasion_of, record_changes


class RequestVoid(DatedCommand):
    """Ask to void a BAST, and say where the goods are."""

    reason: VoidReason
    goods: GoodsFate
    loss_reason: LossReason | None = None


class AnswerChange(DatedCommand):
    """A second officer's word on a requested void or correction."""

    approved: bool


async def request_void(tx: Transaction, bast_id: UUID, command: RequestVoid) -> UUID:
    """Store the request; returns its id. Raises BastNotFound, BastIsVoid, ChangePending, LossReasonMissing."""
    bast = await store.load_bast(tx, bast_id, for_update=True)
    bast.require_valid()
    if await store.change_pending(tx, bast.id):
        raise ChangePending(bast_id=bast.id)
    request = VoidRequest(
        id=tx.new_id(),
        bast_id=bast.id,
        maker=tx.officer.identity,
        reason=command.reason,
        goods=command.goods,
        loss_reason=command.loss_reason,
    )
    request.refuse_unless_explained()
    await store.insert_void(tx, bast, request)
    about = About(bast.programme_id, bast.agency, bast.region_code, bast.grant_id, bast.person_id)
    trail = Trail("void_requested", bast.id, bast.number, command.reason.value)
    await log_acts(tx, [LogLine(about, trail, occasion_of(tx, command))])
    return request.id


async def answer_void(tx: Transaction, void_id: UUID, command: AnswerChange) -> UUID:
    """Void the BAST or refuse to; returns the request's id.

    The right recipient stays decided; the goods are back in stock or written off.
    Raises ChangeNotFound, ChangeAlreadyAnswered, SamePerson, BastIsVoid, GrantNotInState.
    """
    request = await store.load_void(tx, void_id)
    request.answer(tx.officer.identity, approved=command.approved)
    await store.save_void(tx, request)
    if command.approved:
        await _void(tx, request, command)
        return request.id
    bast = await store.load_bast(tx, request.bast_id)
    about = About(bast.programme_id, bast.agency, bast.region_code, bast.grant_id, bast.person_id)
    await log_acts(tx, [LogLine(about, Trail("void_refused", bast.id, bast.number), occasion_of(tx, command))])
    return request.id


async def _void(tx: Transaction, request: VoidRequest, command: DatedCommand) -> None:
    bast = await store.load_bast(tx, request.bast_id)
    grant = await load_grant(tx, bast.grant_id, for_update=True)
    bast = await store.load_bast(tx, request.bast_id, for_update=True)
    bast.void()
    fact = grant.take_back(bast.number, request.reason, request.goods)
    await store.mark_void(tx, bast)
    lost = request.goods is GoodsFate.WRITTEN_OFF
    await take_back_goods(tx, grant.programme_id, grant.package_code, lost=lost)
    await record_changes(tx, [Change(grant, fact, occasion_of(tx, command))])
