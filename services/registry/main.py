"""Composition root of the registry."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.registry import api
from services.registry.consumers import make_consumers
from services.registry.jobs import make_jobs
from services.registry.retention import RULES
from services.registry.settings import Settings


def create_service(settings: Settings | None = None) -> Service:
    """The registry under these settings, or under the environment's."""
    chosen = settings or Settings()
    return Service(
        name="registry",
        package="services.registry",
        settings=chosen,
        catalogue=CATALOGUE,
        routes=api.ROUTES,
        consumers=make_consumers(chosen),
        jobs=make_jobs(chosen),
        retention=RULES,
    )


if __name__ == "__main__":
    run(create_service())
