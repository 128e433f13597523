"""HTTP of notifications, one module per area."""

from services.notifications.api import lists, messages, receipts, templates

routes = (messages.routes, lists.routes, templates.routes, receipts.routes)
