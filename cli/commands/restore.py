"""`sinergi restore`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import console, report
from cli.running import running_state, superuser_url
from deploy.local.backup import read_manifest
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.restoring import BEFORE
from deploy.local.restoring import restore as restore_databases
from deploy.local.waiting import run_async


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder made by `sinergi backup`.")],
    service: Annotated[
        list[str] | None, typer.Option("--service", help="Only this service's database; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace databases by those of a backup, all or none; the stack must be stopped.

    What was there before is kept, as <service>_before_restore, until the next restore.
    Events after the backup's time are read again from Kafka when the services start. See `sinergi reconcile` then.
    """
    home = default_home()
    if running_state(home):
        raise StackError("The stack is running: stop it first, the databases are replaced.")
    services = chosen_of(read_manifest(folder), service)
    if not yes:
        typer.confirm(f"Replace {', '.join(services)} in {home.root}?", abort=True)
    with superuser_url(home) as url:
        run_async(restore_databases(home, url, services, folder))
    for name in services:
        report(name, f"restored; the old one is {name}{BEFORE}")
    console.print("Done. Start the stack with `sinergi up`, then see what is missing with `sinergi reconcile`.")


def chosen_of(held: list[str], wanted: list[str] | None) -> list[str]:
    """Those of the backup's services that are wanted, all by default. Raises StackError for one it does not hold."""
    if missing := set(wanted or ()) - set(held):
        raise StackError(f"The backup holds no {', '.join(sorted(missing))}; it holds {', '.join(held)}.")
    return [name for name in held if name in wanted] if wanted else held
