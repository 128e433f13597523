"""`sinergi parked`: list, open and redrive the messages that services have set aside. Mending: `parked_mend.py`."""

import time
import uuid
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from cli.commands import parked_mend
from cli.output import console
from cli.services import Services
from deploy.local.errors import StackError

app = typer.Typer(help="Messages that services have set aside.", invoke_without_command=True)
app.add_typer(parked_mend.app, name="mend")

POLL_SECONDS = 0.3
ENDED = ("done", "failed", "cancelled")
Service = Annotated[str, typer.Argument(help="The service that set the message aside.")]


@app.callback()
def parked(ctx: typer.Context) -> None:
    """List the messages that services have set aside, with reason and origin, but without their content."""
    if ctx.invoked_subcommand is not None:
        return
    services = Services()
    found = 0
    for name in services.urls:
        messages = _all(services, name)
        found += len(messages)
        for message in messages:
            _show(name, message)
    console.print(f"{found} parked" if found else "Nothing is parked.")


@app.command("open")
def open_message(
    service: Service,
    message_id: Annotated[uuid.UUID, typer.Argument(help="The id as `sinergi parked` lists it.")],
    purpose: Annotated[str, typer.Option(help="find_cause, mend, inform_publisher or data_subject_request.")],
    officer: parked_mend.Officer = parked_mend.DEFAULT_OFFICER,
) -> None:
    """Show key, headers and body of a message. It may hold personal data: the look goes on record, with its purpose."""
    services = Services(subject=officer)
    console.print_json(data=services.post(service, f"/admin/parked/{message_id}/open", {"purpose": purpose}))


@app.command()
def redrive(
    service: Service,
    message: Annotated[uuid.UUID | None, typer.Option(help="One message: the first of its key.")] = None,
    topic: Annotated[str | None, typer.Option(help="With --key: all messages of that key.")] = None,
    key: Annotated[str | None, typer.Option(help="With --topic.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="All keys at which this event type waits.")] = None,
    reason: Annotated[str | None, typer.Option(help="All keys at which something waits for this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    officer: parked_mend.Officer = parked_mend.DEFAULT_OFFICER,
) -> None:
    """Try parked messages again, in order of arrival, each exactly once. Exit code 1 if one failed again."""
    given = {"message_id": message and str(message), "type": type_, "reason": reason, "all": everything or None}
    whole_key = {"topic": topic, "key": key}
    selection = {name: value for name, value in (given | whole_key).items() if value is not None}
    if (topic is None) != (key is None) or len(selection) != (2 if topic else 1):
        raise StackError("Give exactly one of --message, --topic with --key, --type, --reason, --all.")
    made = Services(subject=officer).post(
        service, "/admin/parked/redrive", selection, idempotency_key=str(uuid.uuid4())
    )
    follow(service, made["id"], officer)


def follow(service: str, job_id: str, officer: str) -> None:
    """Show the progress of a redrive and then what became of each message. Exit code 1 if one failed again."""
    console.print(f"Redrive {job_id} has begun. It goes on by itself if you stop watching.")
    job = _watch(service, job_id, officer)
    found = _results(Services(subject=officer), service, job_id)
    console.print(_table(found) if found else "No message was taken.")
    if job["state"] != "done":
        raise StackError(
            f"The redrive is {job['state']} ({job['last_error'] or 'by an operator'}); what is done stays done."
            f" Go on with POST /jobs/{job_id}/retry of {service}, or start another redrive."
        )
    if job["failed"]:
        console.print(f"{job['failed']} still wait. Mend what failed, then redrive again: the others follow in order.")
        raise typer.Exit(1)


def _watch(service: str, job_id: str, officer: str) -> dict[str, Any]:
    columns = (TextColumn("Redriving"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        while True:
            # Asked anew each time: a token of the embedded issuer is short-lived.
            job: dict[str, Any] = Services(subject=officer).get(service, f"/jobs/{job_id}")
            through = job["done"] + job["failed"]
            bar.update(task, completed=through, total=job["total"], description=f"{job['failed']} waiting")
            if job["state"] in ENDED:
                return job
            time.sleep(POLL_SECONDS)


def _results(services: Services, service: str, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = services.get(service, f"/admin/redrives/{job_id}", after=after)
        found += page["items"]
        after = page["next"]
    return found


def _all(services: Services, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := services.get(name, "/admin/parked", after=found[-1]["arrival"] if found else 0):
        found += page
    return found


def _show(service: str, message: dict[str, Any]) -> None:
    """One message in lines that stay whole, so that ids can be copied."""
    head = f"[bold]{message['reason']}[/bold] {message['type'] or 'of no known type'}"
    console.print(f"{service} {message['id']} {head}", soft_wrap=True)
    place = f"{message['topic']}/{message['partition']}@{message['log_offset']}"
    when = f"tried {message['attempts']}×, {message['first_attempt_at']} to {message['last_attempt_at']}"
    console.print(f"  {place} {when}", style="dim", markup=False, soft_wrap=True)
    known = [f"{name} {message[name]}" for name in ("key", "event_id", "correlation_id", "trace_id") if message[name]]
    for line in (", ".join(known), message["detail"]):
        if line:
            console.print(f"  {line}", style="dim", markup=False, soft_wrap=True)


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    table.add_column("message_id", min_width=36)
    for column in ("outcome", "reason", "detail"):
        table.add_column(column, overflow="fold")
    for row in found:
        outcome = f"{row['outcome']}, mended" if row["mend_id"] else row["outcome"]
        table.add_row(row["message_id"], outcome, row["reason"] or "", row["detail"] or "")
    return table
