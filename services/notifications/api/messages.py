"""Messages: what was told, and how far it came."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import AfterPlace, Limit, Page
from services.notifications.domain.message import MessageState
from services.notifications.domain.template import TemplateCode
from services.notifications.usecases.acknowledge_message import (
    AcknowledgeMessage,
    AcknowledgeMessageBody,
    acknowledge_message,
)
from services.notifications.usecases.find_messages import (
    MessageCount,
    MessageDetail,
    MessageView,
    count_messages,
    find_message,
    find_messages,
)

SEE_MESSAGES = Permission(
    "message.see", {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.OPERATOR, Role.ADMINISTRATOR, Role.SERVICE}
)
ACKNOWLEDGE = Permission("message.acknowledge", {Role.KEPALA_DESA, Role.PENDAMPING, Role.PETUGAS}, across_agencies=True)
"""Across agencies for village heads and mentors; the use cases hold everybody else to their own (`scope`)."""

routes = Routes(tags=["messages"])


@routes.get("/messages", permission=SEE_MESSAGES)
async def get_messages(
    read: Read,
    state: MessageState | None = None,
    template_code: TemplateCode | None = None,
    person_id: UUID | None = None,
    programme_id: UUID | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[MessageView]:
    """A page of messages, by agency, village and id."""
    return await read(
        find_messages,
        state=state,
        template_code=template_code,
        person_id=person_id,
        programme_id=programme_id,
        after=after,
        limit=limit,
    )


@routes.get("/message-counts", permission=SEE_MESSAGES)
async def get_message_counts(read: Read, programme_id: UUID) -> list[MessageCount]:
    """A programme's messages by template and state."""
    return await read(count_messages, programme_id)


@routes.get("/messages/{message_id}", permission=SEE_MESSAGES)
async def get_message(message_id: UUID, read: Read) -> MessageDetail:
    """One message with its attempts."""
    return await read(find_message, message_id)


@routes.post("/messages/{message_id}/acknowledgement", permission=ACKNOWLEDGE)
async def post_acknowledgement(message_id: UUID, body: AcknowledgeMessageBody, act: Act) -> Created:
    """The person on the list was told."""
    return await act(acknowledge_message, AcknowledgeMessage(message_id=message_id, **body.model_dump()))
