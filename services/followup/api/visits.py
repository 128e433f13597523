"""Visits and their corrections."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.http import Act, Created, Read, Routes
from chassis.paging import Page
from services.followup.api import access
from services.followup.usecases.correct_visit import CorrectVisit, correct_visit
from services.followup.usecases.decide_correction import (
    DecideCorrection,
    SeenVersion,
    approve_correction,
    reject_correction,
)
from services.followup.usecases.list_corrections import CorrectionFilter, CorrectionView, list_corrections
from services.followup.usecases.list_next_visits import NextVisit, NextVisitFilter, list_next_visits
from services.followup.usecases.read_visits import NoteView, VisitListView, find_visit_list, read_note
from services.followup.usecases.record_visit import RecordVisit, record_visit
from services.followup.usecases.record_visits import RecordVisits, record_visits

routes = Routes(tags=["visits"])


@routes.get("/visits/next", permission=access.READ)
async def get_next_visits(wanted: Annotated[NextVisitFilter, Query()], read: Read) -> Page[NextVisit]:
    """Whom to visit next: due and overdue, or another state."""
    return await read(list_next_visits, wanted)


@routes.post("/visits", permission=access.RECORD_VISIT)
async def post_visit(body: RecordVisit, act: Act) -> Created:
    """Record one visit."""
    return await act(record_visit, body)


@routes.get("/visits/{visit_id}/note", permission=access.READ_NOTE)
async def get_note(visit_id: UUID, read: Read) -> NoteView:
    """A mentor's note; leaves a trail."""
    return await read(read_note, visit_id)


@routes.post("/visit-lists", permission=access.RECORD_VISIT)
async def post_visit_list(body: RecordVisits, act: Act) -> Created:
    """Record several visits, each with its own outcome."""
    return await act(record_visits, body)


@routes.get("/visit-lists/{visit_list_id}", permission=access.READ)
async def get_visit_list(visit_list_id: UUID, read: Read) -> VisitListView:
    """What became of each row of a list."""
    return await read(find_visit_list, visit_list_id)


@routes.get("/visit-corrections", permission=access.READ)
async def get_corrections(wanted: Annotated[CorrectionFilter, Query()], read: Read) -> Page[CorrectionView]:
    """Corrections with old and new values."""
    return await read(list_corrections, wanted)


@routes.post("/visit-corrections", permission=access.CORRECT_VISIT)
async def post_correction(body: CorrectVisit, act: Act) -> Created:
    """Write a correction."""
    return await act(correct_visit, body)


@routes.post("/visit-corrections/{correction_id}/approve", permission=access.CHECK_CORRECTION, status_code=200)
async def post_approval(correction_id: UUID, body: SeenVersion, act: Act) -> Created:
    """Approve as second officer."""
    return await act(approve_correction, DecideCorrection(correction_id=correction_id, **dict(body)))


@routes.post("/visit-corrections/{correction_id}/reject", permission=access.CHECK_CORRECTION, status_code=200)
async def post_rejection(correction_id: UUID, body: SeenVersion, act: Act) -> Created:
    """Reject as second officer."""
    return await act(reject_correction, DecideCorrection(correction_id=correction_id, **dict(body)))
