"""Delivery receipts, called by the SMS gateway."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.auth import ALL_AGENCIES, Officer, Role
from chassis.errors import NotSignedIn, Unprocessable
from chassis.http import Routes
from chassis.service import Service
from chassis.together import Together
from services.notifications.clients.sms_http import SIGNATURE_HEADER, signed_by_gateway, status_of
from services.notifications.domain.outcome import VendorStatus
from services.notifications.settings import Settings
from services.notifications.store.messages import UnknownMessage
from services.notifications.usecases.record_receipts import Receipt, record_receipts

ReceiptDesk = Together[Receipt, bool]
TOGETHER_LIMIT = 200


class ReceiptUnreadable(Unprocessable):
    """The body is not a receipt of the gateway's protocol."""

    title = "The receipt cannot be read"


class ReceiptBody(BaseModel):
    """A receipt in the gateway's words; fields we do not use are left alone."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    reference: UUID
    status: str = Field(min_length=1, max_length=48)


routes = Routes(tags=["receipts"])


async def post_sms_receipt(request: Request) -> Response:
    """Take a receipt. The gateway is no officer: it signs the body with the shared secret instead of a token.

    Needs no Idempotency-Key: a receipt that comes again changes nothing. After a restore it is refused with 503 until
    the service has caught up; the gateway repeats it.
    """
    settings: Settings = request.app.state.settings
    body = await request.body()
    secret = settings.sms_gateway_secret.get_secret_value()
    if not signed_by_gateway(secret, body, request.headers.get(SIGNATURE_HEADER)):
        raise NotSignedIn
    # No use case behind `Act`, so asked here: the attempt may be one that the restored database does not know yet.
    await request.app.state.restoration.refuse_while_pending()
    try:
        told = ReceiptBody.model_validate_json(body)
    except ValidationError:
        raise ReceiptUnreadable from None
    status = status_of(told.status)
    code = told.status if status is not VendorStatus.PENDING else "pending"
    record: ReceiptDesk = request.app.state.receipt_desk
    if not await record(Receipt(reference=told.reference, status=status, code=code)):
        raise UnknownMessage(reference=told.reference)
    return Response(status_code=204)


def receipt_desk(service: Service, settings: Settings) -> ReceiptDesk:
    """Records receipts in the gateway's name; those that come at the same time in one transaction."""
    return Together(partial(_record, service, settings), TOGETHER_LIMIT)


async def _record(service: Service, settings: Settings, receipts: Sequence[Receipt]) -> Sequence[bool]:
    gateway = Officer(f"urn:sinergi:{settings.deployment}", "gateway:sms", frozenset({Role.SERVICE}), ALL_AGENCIES, "")
    async with service.api_database.transaction(gateway, planned_once=True) as tx:
        return await record_receipts(tx, receipts, timedelta(seconds=settings.receipt_wait_seconds))


routes.add_api_route(
    "/receipts/sms", post_sms_receipt, methods=["POST"], status_code=204, openapi_extra={"x-public": True}
)
