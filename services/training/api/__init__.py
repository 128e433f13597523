"""The HTTP interface of training, one module per area."""

from chassis.http import Routes
from services.training.api import classes, enrolments, offer, provider_desk, sheets

all_routes: tuple[Routes, ...] = (
    offer.routes,
    classes.routes,
    enrolments.routes,
    sheets.routes,
    provider_desk.routes,
)
