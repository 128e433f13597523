"""`sinergi reconcile`."""

import getpass
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from cli.output import console, report
from cli.running import superuser_url
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.options import SERVICES
from deploy.local.reconciling import MissingFact, NotMissing, reconciliation, serve, settle
from deploy.local.waiting import run_async

STILL_MISSING, NOT_CAUGHT_UP = 1, 2


def reconcile(
    service: Annotated[str, typer.Argument(help="A service whose database was restored.")],
    entered: Annotated[
        list[UUID] | None,
        typer.Option(help="Note that this event was entered again or is right as it is; may be repeated."),
    ] = None,
    serve_now: Annotated[
        bool, typer.Option("--serve-now", help="Let it act before it has caught up, if its consumer cannot.")
    ] = False,
) -> None:
    """List what a service told after its backup and did not bring about again by itself: officers' acts, mostly.

    Exit code 0: nothing is missing; 1: what is listed must be entered again; 2: the service is still catching up.
    """
    if service not in SERVICES:
        raise StackError(f"No such service: {service}. Services: {', '.join(SERVICES)}.")
    actor = f"operator:{getpass.getuser()}"
    with superuser_url(default_home()) as url:
        if serve_now:
            run_async(serve(url, service, actor=actor))
        found = run_async(reconciliation(url, service))
        if found is None:
            report(service, "was never restored")
            return
        if not found.is_caught_up:
            read = "reading what it heard" if found.is_adopted else "reading its own topics; start it if it is stopped"
            report(service, f"restored {found.restored_at:%Y-%m-%d %H:%M:%S} UTC, still catching up: {read}")
            raise typer.Exit(NOT_CAUGHT_UP)
        if entered:
            try:
                run_async(settle(url, service, entered, actor=actor))
            except NotMissing as error:
                raise StackError(f"Not among what is missing in {service}: {error}. Nothing was noted.") from error
            report(service, f"{len(set(entered))} noted as entered again")
            found = run_async(reconciliation(url, service)) or found
    _show(service, found.missing)
    if found.missing:
        raise typer.Exit(STILL_MISSING)


def _show(service: str, missing: tuple[MissingFact, ...]) -> None:
    if not missing:
        report(service, "caught up; nothing is missing")
        return
    columns = ("Event", "Type", "Occurred on", "Agency", "Subject", "Case", "Told at (UTC)", "")
    table = Table(*columns, box=None)
    for fact in missing:
        told_at, mark = f"{fact.told_at:%Y-%m-%d %H:%M:%S}", "told again differently" if fact.is_different else ""
        ids = str(fact.subject), str(fact.case_id)
        table.add_row(str(fact.event_id), fact.type, fact.occurred_on.isoformat(), fact.agency, *ids, told_at, mark)
    console.print(table)
    console.print(
        f"{len(missing)} to enter again in {service}, oldest first; then `sinergi reconcile {service} --entered EVENT`."
    )
