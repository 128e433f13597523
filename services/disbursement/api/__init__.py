"""The HTTP API of disbursement, one module per area."""

from services.disbursement.api import audit, basts, grants, handovers, programmes, proposals

routes = (programmes.routes, grants.routes, proposals.routes, handovers.routes, basts.routes, audit.routes)
