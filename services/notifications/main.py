"""Composition root: API, consumers, sender and relay of notifications."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.notifications import api
from services.notifications.api.receipts import receipt_desk
from services.notifications.consumers import consumers
from services.notifications.settings import Settings
from services.notifications.workers import workers


def create_service(settings: Settings | None = None) -> Service:
    """Put the service together."""
    chosen = settings or Settings()
    service = Service(
        name="notifications",
        package="services.notifications",
        settings=chosen,
        catalogue=CATALOGUE,
        routes=api.routes,
        consumers=consumers,
        workers=workers(chosen),
    )
    service.app.state.receipt_desk = receipt_desk(service, chosen)
    return service


if __name__ == "__main__":
    run(create_service())
