"""The registry's HTTP API, one module per area."""

from services.registry.api import assistance, corrections, imports, people

ROUTES = (imports.routes, people.routes, corrections.routes, assistance.routes)
