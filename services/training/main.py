"""Composition root of training."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.training import api
from services.training.consumers import consumers
from services.training.settings import Settings


def create_service(settings: Settings | None = None) -> Service:
    """The whole service; settings come from the environment unless given."""
    return Service(
        name="training",
        package="services.training",
        settings=settings or Settings(),
        catalogue=CATALOGUE,
        routes=api.all_routes,
        consumers=consumers,
    )


if __name__ == "__main__":
    run(create_service())
