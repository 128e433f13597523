"""Composition root of the console."""

from chassis.projection import Projection
from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.console import api, operations, session, store
from services.console.consumers import consumers
from services.console.settings import Settings


def create_service(settings: Settings | None = None) -> Service:
    """The service, ready to run."""
    return Service(
        name="console",
        package="services.console",
        settings=settings or Settings(),
        catalogue=CATALOGUE,
        routes=(api.routes, operations.routes, session.routes),
        consumers=consumers,
        projection=Projection("cases", tuple(store.metadata.tables)),
    )


if __name__ == "__main__":
    run(create_service())
