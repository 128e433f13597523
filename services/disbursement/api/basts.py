"""Handover records (BAST): reading, printing, voiding and correcting."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.paging import AfterPlace, Limit, Page
from chassis.transaction import Transaction
from services.disbursement.api.common import READ, about, page
from services.disbursement.api.handovers import PRINT
from services.disbursement.domain.handover import BastState, ChangeState
from services.disbursement.names import names_of
from services.disbursement.store import handover_tables, reading
from services.disbursement.store.basts import load_correction
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.correct_bast import RequestCorrection, answer_correction, request_correction
from services.disbursement.usecases.void_bast import AnswerChange, RequestVoid, answer_void, request_void

REQUEST = Permission("bast.request-change", roles={Role.PETUGAS})
APPROVE = Permission("bast.approve-change", roles={Role.VERIFIKATOR})

routes = Routes(tags=["bast"])


class BastView(BaseModel):
    """A BAST in a list, without names."""

    id: UUID
    number: str
    state: str
    grant_id: UUID
    person_id: UUID
    programme_id: UUID
    session_id: UUID
    region_code: str
    occurred_on: date
    place_code: str
    replaces_bast_id: UUID | None
    photo_reference: str | None


class BastItemView(BaseModel):
    """An item as accepted."""

    item_code: str
    name: str
    quantity: int
    unit_price_rupiah: int
    condition: str


class BastCorrectionView(BaseModel):
    """An approved correction."""

    recorded_at: datetime
    reason: str
    maker: str
    checker: str


class BastDetail(BastView):
    """One BAST with its items and corrections."""

    items: list[BastItemView]
    corrections: list[BastCorrectionView]


class VoidView(BaseModel):
    """A request to void a BAST."""

    id: UUID
    bast_id: UUID
    reason: str
    goods: str
    loss_reason: str | None
    maker: str
    checker: str | None
    state: str


class CorrectionView(BaseModel):
    """A request to correct a BAST."""

    id: UUID
    bast_id: UUID
    reason: str
    maker: str
    checker: str | None
    state: str


class FieldView(BaseModel):
    """A field before and after; `detail` names the item of a changed condition."""

    field: str
    old_value: str
    new_value: str
    detail: str


class CorrectionDetail(CorrectionView):
    """A correction with its fields."""

    fields: list[FieldView]


@routes.get("/basts", permission=READ)
async def get_basts(
    read: Read,
    programme_id: UUID | None = None,
    session_id: UUID | None = None,
    grant_id: UUID | None = None,
    state: BastState | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[BastView]:
    """Handover records in the caller's scope."""
    found = await read(
        reading.page_of,
        handover_tables.bast,
        after,
        limit,
        programme_id=programme_id,
        session_id=session_id,
        grant_id=grant_id,
        state=state,
    )
    return page(BastView, found)


@routes.get("/basts/{bast_id}", permission=READ)
async def get_bast(bast_id: UUID, read: Read) -> BastDetail:
    """One BAST, without names."""
    return BastDetail.model_validate(await read(reading.bast_values, bast_id))


@routes.get("/basts/{bast_id}/page", permission=PRINT, response_class=HTMLResponse)
async def get_bast_page(bast_id: UUID, request: Request, read: Read) -> HTMLResponse:
    """The printable BAST, the recipient's name from the registry."""

    async def values(tx: Transaction) -> dict[str, Any]:
        bast = await reading.bast_values(tx, bast_id)
        replaces = await reading.bast_values(tx, bast["replaces_bast_id"]) if bast["replaces_bast_id"] else None
        return {"bast": bast, "programme": await load_programme(tx, bast["programme_id"]), "replaces": replaces}

    found = await read(values)
    names = await names_of(request, [found["bast"]["person_id"]])
    recipient = names.get(found["bast"]["person_id"], {"name": "", "address": "", "village": ""})
    settings = request.app.state.settings
    language = Language.of(request)
    return HTMLResponse(
        render(request.app.state.package, "bast.html", language, settings.zone, recipient=recipient, **found)
    )


@routes.post("/basts/{bast_id}/voids", permission=REQUEST)
async def post_void(bast_id: UUID, body: RequestVoid, act: Act) -> Created:
    """Ask to void a BAST; answers the request's id."""
    return await act(about(request_void, bast_id), body)


@routes.post("/bast-voids/{void_id}/answer", permission=APPROVE, status_code=200)
async def post_void_answer(void_id: UUID, body: AnswerChange, act: Act) -> Created:
    """Approve or refuse a requested void."""
    return await act(about(answer_void, void_id), body)


@routes.get("/bast-voids", permission=READ)
async def get_voids(
    read: Read, state: ChangeState | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[VoidView]:
    """Requested voids and their answers."""
    return page(VoidView, await read(reading.page_of, handover_tables.bast_void, after, limit, state=state))


@routes.get("/bast-corrections", permission=READ)
async def get_corrections(
    read: Read, state: ChangeState | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[CorrectionView]:
    """Requested corrections and their answers."""
    return page(CorrectionView, await read(reading.page_of, handover_tables.bast_correction, after, limit, state=state))


@routes.get("/bast-corrections/{correction_id}", permission=PRINT)
async def get_correction(correction_id: UUID, read: Read) -> CorrectionDetail:
    """One correction, each field before and after, for the second officer to judge."""

    async def detail(tx: Transaction) -> CorrectionDetail:
        change, reason, fields = await load_correction(tx, correction_id)
        return CorrectionDetail.model_validate(
            {
                "id": change.id,
                "bast_id": change.bast_id,
                "reason": reason,
                "maker": change.maker,
                "checker": change.checker,
                "state": change.state.value,
                "fields": [asdict(field) for field in fields],
            }
        )

    return await read(detail)


@routes.post("/basts/{bast_id}/corrections", permission=REQUEST)
async def post_correction(bast_id: UUID, body: RequestCorrection, act: Act) -> Created:
    """Ask to mend clerical fields; answers the request's id."""
    return await act(about(request_correction, bast_id), body)


@routes.post("/bast-corrections/{correction_id}/answer", permission=APPROVE, status_code=200)
async def post_correction_answer(correction_id: UUID, body: AnswerChange, act: Act) -> Created:
    """Approve or refuse a requested correction."""
    return await act(about(answer_correction, correction_id), body)
