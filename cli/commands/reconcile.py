"""`sinergi reconcile`."""

from typing import Annotated

import typer
from rich.table import Table

from cli.output import console, report
from cli.running import superuser_url
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.options import SERVICES
from deploy.local.reconciling import MissingFact, reconciliation, serve, settle
from deploy.local.waiting import run_async

STILL_MISSING, NOT_CAUGHT_UP = 1, 2


def reconcile(
    service: Annotated[str, typer.Argument(help="A service whose database was restored.")],
    entered: Annotated[
        bool, typer.Option("--entered", help="Note that all that is listed was entered again or is right as it is.")
    ] = False,
    serve_now: Annotated[
        bool, typer.Option("--serve-now", help="Let it act before it has caught up, if its consumer cannot.")
    ] = False,
) -> None:
    """List what a service told after its backup and did not bring about again by itself: officers' acts, mostly.

    Exit code 0: nothing is missing; 1: what is listed must be entered again; 2: the service is still catching up.
    """
    if service not in SERVICES:
        raise StackError(f"No such service: {service}. Services: {', '.join(SERVICES)}.")
    with superuser_url(default_home()) as url:
        if serve_now:
            run_async(serve(url, service))
        found = run_async(reconciliation(url, service))
        if found is None:
            report(service, "was never restored")
            return
        if not found.is_caught_up:
            read = "reading what it heard" if found.is_adopted else "reading its own topics; start it if it is stopped"
            report(service, f"restored {found.restored_at:%Y-%m-%d %H:%M:%S} UTC, still catching up: {read}")
            raise typer.Exit(NOT_CAUGHT_UP)
        if entered:
            report(service, f"{run_async(settle(url, service))} noted as entered again")
            return
    _show(service, found.missing)
    if found.missing:
        raise typer.Exit(STILL_MISSING)


def _show(service: str, missing: tuple[MissingFact, ...]) -> None:
    if not missing:
        report(service, "caught up; nothing is missing")
        return
    columns = ("Type", "Occurred on", "Agency", "Subject", "Case", "Told at (UTC)", "")
    table = Table(*columns, box=None)
    for fact in missing:
        told_at, mark = f"{fact.told_at:%Y-%m-%d %H:%M:%S}", "told again differently" if fact.is_different else ""
        table.add_row(
            fact.type, fact.occurred_on.isoformat(), fact.agency, str(fact.subject), str(fact.case_id), told_at, mark
        )
    console.print(table)
    console.print(f"{len(missing)} to enter again in {service}, oldest first; then `sinergi reconcile --entered`.")
