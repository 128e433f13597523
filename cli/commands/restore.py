"""`sinergi restore`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import console, report
from cli.running import running_state, superuser_url
from deploy.local.backup import read_manifest
from deploy.local.backup import restore as restore_database
from deploy.local.errors import StackError
from deploy.local.home import default_home


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder made by `sinergi backup`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace all databases by those of a backup; the stack must be stopped.

    Events after the backup's time are read again from Kafka when the services start.
    """
    home = default_home()
    if running_state(home):
        raise StackError("The stack is running: stop it first, the databases are replaced.")
    services = read_manifest(folder)
    if not yes:
        typer.confirm(f"Replace {', '.join(services)} in {home.root}?", abort=True)
    with superuser_url(home) as url:
        for service in services:
            restore_database(home, url, service, folder)
            report(service, "restored")
    console.print("Done. Start the stack with `sinergi up`.")
