"""`sinergi migrate`."""

import os
from typing import Annotated

import typer

from cli.output import report
from cli.running import superuser_url
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.migrate import migrate as migrate_databases
from deploy.local.options import SERVICES
from deploy.local.stack import provision_databases


def migrate(
    service: Annotated[str, typer.Option(help="Migrate only this service, at OWNER_DATABASE_URL if that is set.")] = "",
) -> None:
    """Bring the databases to the newest schema, under a lock; safe to run again and from several machines."""
    home = default_home()
    home.create()
    if service and service not in SERVICES:
        raise StackError(f"No such service: {service}. Services: {', '.join(SERVICES)}.")
    services = (service,) if service else SERVICES
    external = os.environ.get("OWNER_DATABASE_URL", "")
    if external and not service:
        raise StackError("OWNER_DATABASE_URL is one service's database: say which with --service.")
    if external:
        migrate_databases(home, {service: external})
    else:
        with superuser_url(home) as url:
            owners = {name: urls.owner for name, urls in provision_databases(home, url, services).items()}
            migrate_databases(home, owners)
    for name in services:
        report(name, "up to date")
