"""Composition root: API, consumers, sender and relay of notifications."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.notifications import api
from services.notifications.consumers import consumers
from services.notifications.settings import Settings
from services.notifications.workers import workers


def create_service(settings: Settings | None = None) -> Service:
    """Put the service together."""
    chosen = settings or Settings()
    return Service(
        name="notifications",
        package="services.notifications",
        settings=chosen,
        catalogue=CATALOGUE,
        routes=api.routes,
        consumers=consumers,
        workers=workers(chosen),
    )


if __name__ == "__main__":
    run(create_service())
