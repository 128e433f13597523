"""The program and its commands."""

import typer

from cli.commands import (
    backup,
    case,
    contracts,
    demo,
    first_administrator,
    mark_live,
    migrate,
    outbox,
    parked,
    reconcile,
    replay,
    republish,
    restore,
    status,
    token,
    up,
)
from cli.output import ExplainingGroup

app = typer.Typer(
    name="sinergi",
    help="Run Sinergi: the embedded stack, its demo, and what operators need.",
    cls=ExplainingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("status")(status.status)
app.command("token")(token.token)
app.command("migrate")(migrate.migrate)
app.command("case")(case.case)
app.add_typer(parked.app, name="parked")
app.command("republish")(republish.republish)
app.command("replay")(replay.replay)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("reconcile")(reconcile.reconcile)
app.command("mark-live")(mark_live.mark_live)
app.command("first-administrator")(first_administrator.first_administrator)
app.add_typer(outbox.app, name="outbox")
app.add_typer(contracts.app, name="contracts")

if __name__ == "__main__":
    app(prog_name="sinergi")
