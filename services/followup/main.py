"""Follow-up put together."""

from chassis.service import Service, run
from contracts.catalogue import CATALOGUE
from services.followup import api
from services.followup.consumers import consumers
from services.followup.retention import RULES
from services.followup.settings import Settings
from services.followup.timers import timers


def create_service(settings: Settings | None = None) -> Service:
    """The service, ready to run or to be tested."""
    return Service(
        name="followup",
        package="services.followup",
        settings=settings or Settings(),
        catalogue=CATALOGUE,
        routes=api.routes,
        consumers=consumers,
        timers=timers,
        retention=RULES,
    )


if __name__ == "__main__":
    run(create_service())
