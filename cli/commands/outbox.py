"""`sinergi outbox`: what waits to be published, who publishes, what is stuck; and letting it go again."""

from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table

from cli.output import ExplainingGroup, console
from cli.services import Services

PAGE = 200

app = typer.Typer(
    help="Show what waits to be published, who publishes, and what is stuck; let it go again.",
    cls=ExplainingGroup,
    invoke_without_command=True,
)


@app.callback()
def show(context: typer.Context) -> None:
    """Depth and age of each service's outbox, its relay, and the events that do not go out."""
    if context.invoked_subcommand is not None:
        return
    services = Services()
    views: dict[str, dict[str, Any]] = {name: services.get(name, "/admin/outbox") for name in services.urls}
    table = Table("service", "unsent", "oldest", "held", "relay", "last beat", "waiting relays", box=None)
    for name, view in views.items():
        relay = (view["relay_leader"] or "none") if view["relay_alive"] else f"none (was {view['relay_leader']})"
        table.add_row(
            name, str(view["depth"]), _age(view["oldest_age_seconds"]), str(view["held"]), relay,
            _age(view["relay_beat_age_seconds"]), str(view["relays_waiting"]),
        )  # fmt: skip
    console.print(table)
    for name, view in views.items():
        if view["log_replaced_by"]:
            console.print(f"{name}: the broker has another log; nothing is sent until `sinergi republish`", style="red")
        _show_stuck(services, name)


@app.command("release")
def release(
    service: Annotated[str, typer.Argument(help="Name of the service that tells the event.")],
    event_id: Annotated[str, typer.Argument(help="Id of the held event, as `sinergi outbox` shows it.")],
) -> None:
    """Let the relay try a held event again, once its cause is mended; later events of its key follow in order."""
    Services().post(service, f"/admin/outbox/{event_id}/release", idempotency_key=str(uuid4()))
    console.print("Released. `sinergi outbox` shows whether it went out.")


def _show_stuck(services: Services, name: str) -> None:
    table = Table("position", "event", "type", "topic", "key", "age", "why", box=None, title_justify="left")
    table.title = f"stuck in {name}"
    after = 0
    while after is not None:
        page = services.get(name, "/admin/outbox/stuck", after=after, limit=PAGE)
        for row in page["items"]:
            table.add_row(
                str(row["position"]), row["event_id"], row["type"], row["topic"], row["key"], _age(row["age_seconds"]),
                row["reason"],
            )  # fmt: skip
        after = page["next"]
    if table.rows:
        console.print(table)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
