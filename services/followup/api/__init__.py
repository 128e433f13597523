"""HTTP of follow-up, one module per area; each route declares its permission."""

from services.followup.api import empowerments, graduations, plans, rules, visits

routes = (plans.routes, visits.routes, empowerments.routes, graduations.routes, rules.routes)
