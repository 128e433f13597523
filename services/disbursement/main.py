"""Composition root of disbursement."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.disbursement import api
from services.disbursement.consumers import consumers
from services.disbursement.jobs import jobs
from services.disbursement.settings import Settings


def create_service(settings: Settings | None = None) -> Service:
    """The service, ready to run as one process or as separate roles."""
    return Service(
        name="disbursement",
        package="services.disbursement",
        settings=settings or Settings(),
        catalogue=CATALOGUE,
        routes=api.routes,
        consumers=consumers,
        jobs=jobs,
    )


if __name__ == "__main__":
    run(create_service())
