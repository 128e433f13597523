"""Enrolments: singly, by list, withdrawn, transferred."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import After, Limit, Page
from services.training.api.access import READ
from services.training.usecases.enrol_list import EnrolList, EnrolListBody, enrol_list
from services.training.usecases.enrol_person import EnrolPerson, EnrolPersonBody, enrol_person
from services.training.usecases.find_enrolments import (
    EnrolmentListView,
    EnrolmentView,
    find_enrolment,
    find_enrolment_list,
    find_enrolments_of_class,
    find_enrolments_of_person,
)
from services.training.usecases.transfer_enrolment import (
    TransferEnrolment,
    TransferEnrolmentBody,
    transfer_enrolment,
)
from services.training.usecases.withdraw_enrolment import (
    WithdrawEnrolment,
    WithdrawEnrolmentBody,
    withdraw_enrolment,
)

routes = Routes(tags=["enrolments"])
ENROL = Permission("training.enrol", {Role.PETUGAS})


@routes.post("/classes/{class_id}/enrolments", permission=ENROL)
async def post_enrolment(class_id: UUID, body: EnrolPersonBody, act: Act) -> Created:
    """Enrol one person."""
    return await act(enrol_person, EnrolPerson(class_id=class_id, **dict(body)))


@routes.post("/classes/{class_id}/enrolment-lists", permission=ENROL)
async def post_enrolment_list(class_id: UUID, body: EnrolListBody, act: Act) -> Created:
    """Enrol up to 500 people; read the outcome of each row under /enrolment-lists/{id}."""
    return await act(enrol_list, EnrolList(class_id=class_id, **dict(body)))


@routes.get("/enrolment-lists/{list_id}", permission=READ)
async def get_enrolment_list(list_id: UUID, read: Read) -> EnrolmentListView:
    """What became of each row of a list."""
    return await read(find_enrolment_list, list_id)


@routes.get("/classes/{class_id}/enrolments", permission=READ)
async def get_enrolments_of_class(
    class_id: UUID, read: Read, after: After = None, limit: Limit = 200
) -> Page[EnrolmentView]:
    """Enrolments of a class with their progress, page by page."""
    return await read(find_enrolments_of_class, class_id, after, limit)


@routes.get("/enrolments/{enrolment_id}", permission=READ)
async def get_enrolment(enrolment_id: UUID, read: Read) -> EnrolmentView:
    """One enrolment with its progress."""
    return await read(find_enrolment, enrolment_id)


@routes.get("/people/{person_id}/enrolments", permission=READ)
async def get_enrolments_of_person(
    person_id: UUID, read: Read, after: After = None, limit: Limit = 50
) -> Page[EnrolmentView]:
    """Enrolments of a person with their progress, page by page."""
    return await read(find_enrolments_of_person, person_id, after, limit)


@routes.post("/enrolments/{enrolment_id}/withdraw", permission=ENROL, status_code=200)
async def post_withdrawal(enrolment_id: UUID, body: WithdrawEnrolmentBody, act: Act) -> Created:
    """End an enrolment by the person's own wish."""
    return await act(withdraw_enrolment, WithdrawEnrolment(enrolment_id=enrolment_id, **dict(body)))


@routes.post("/enrolments/{enrolment_id}/transfer", permission=ENROL, status_code=200)
async def post_transfer(enrolment_id: UUID, body: TransferEnrolmentBody, act: Act) -> Created:
    """Go on in a sister class."""
    return await act(transfer_enrolment, TransferEnrolment(enrolment_id=enrolment_id, **dict(body)))
