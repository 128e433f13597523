"""What every service lets operators and officers see and mend, by the same routes everywhere."""

from typing import TYPE_CHECKING

from chassis.admin.archive import add_archive_routes
from chassis.admin.bulk import add_bulk_routes
from chassis.admin.cases import add_case_routes
from chassis.admin.jobs import add_job_routes
from chassis.admin.mends import add_mend_routes
from chassis.admin.opened import add_open_routes
from chassis.admin.outbox import add_outbox_routes
from chassis.admin.parked import add_parked_routes
from chassis.http import Routes

if TYPE_CHECKING:
    from chassis.service import Service


def admin_routes(service: "Service") -> Routes:
    """The chassis's own routes, the same in every service."""
    routes = Routes(tags=["operations"])
    add_job_routes(routes, service.jobs.not_cancellable)
    add_bulk_routes(routes, service.inside)
    add_outbox_routes(routes)
    add_archive_routes(routes)
    add_parked_routes(routes, service)
    add_open_routes(routes, service)
    add_mend_routes(routes, service)
    add_case_routes(routes, service)
    return routes
