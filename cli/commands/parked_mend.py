"""`sinergi parked mend`: one person proposes another form of a parked message, or to set it aside; another decides."""

import json
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import console
from cli.services import Services
from deploy.local.errors import StackError

app = typer.Typer(help="Mend a parked message, by two persons.", no_args_is_help=True)

DEFAULT_OFFICER = "sinergi-cli"
Officer = Annotated[
    str, typer.Option(help="Who acts, on the embedded issuer; with SINERGI_TOKEN set, the token says who.")
]
Service = Annotated[str, typer.Argument(help="The service that set the message aside.")]
MendId = Annotated[uuid.UUID, typer.Argument(help="The id as `sinergi parked mend list` shows it.")]


@app.command()
def propose(
    service: Service,
    message_id: Annotated[uuid.UUID, typer.Argument(help="The id as `sinergi parked` lists it.")],
    reason: Annotated[
        str, typer.Option(help="publisher_confirmed, broken_in_transport, sent_by_mistake, sent_anew or foreign.")
    ],
    body: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="File with the new body.")] = None,
    headers: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON file of all headers: they replace the original's."),
    ] = None,
    key: Annotated[str | None, typer.Option(help="The new key.")] = None,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="Never process it; its key goes on.")] = False,
    officer: Officer = DEFAULT_OFFICER,
) -> None:
    """Propose a mend; it supersedes an open one of the same message. A second person approves it."""
    parts = {
        "body": body and _text(body),
        "headers": headers and _headers(headers),
        "key": key,
    }
    given = {name: value for name, value in parts.items() if value is not None}
    if set_aside == bool(given):
        raise StackError("Give --set-aside, or what to replace: --body, --headers, --key.")
    asked = {"kind": "set_aside" if set_aside else "replace", "reason": reason, **given}
    services = Services(subject=officer)
    made = services.post(service, f"/admin/parked/{message_id}/mends", asked, idempotency_key=str(uuid.uuid4()))
    console.print(
        f"Proposed as {made['id']}. Somebody else looks at it with `sinergi parked mend show {service} {made['id']}"
        f" --purpose mend` and decides with `approve` or `reject`.",
        soft_wrap=True,
    )


@app.command("list")
def list_mends(service: Service) -> None:
    """List the proposals that wait for a second person."""
    services = Services()
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {}
    while True:
        page = services.get(service, "/admin/mends", **query)
        found += page["items"]
        if page["next"] is None:
            break
        query = {"after": page["next"]}
    if not found:
        console.print("No mend waits for a second person.")
        return
    for mend in found:
        stale = ", stale: propose again" if mend["stale"] else ""
        console.print(f"{mend['id']} [bold]{mend['kind']}[/bold] because {mend['reason']}{stale}", soft_wrap=True)
        about = f"message {mend['message_id']} {mend['type'] or 'of no known type'} of {mend['topic']}"
        proposed = f"proposed by {mend['maker']} at {mend['proposed_at']}"
        console.print(f"  {about}, {proposed}", style="dim", markup=False, soft_wrap=True)


@app.command()
def show(
    service: Service,
    mend_id: MendId,
    purpose: Annotated[str, typer.Option(help="find_cause, mend, inform_publisher or data_subject_request.")],
    officer: Officer = DEFAULT_OFFICER,
) -> None:
    """Show the message as the mend would have it. The look goes on record, with its purpose."""
    services = Services(subject=officer)
    console.print_json(data=services.post(service, f"/admin/mends/{mend_id}/open", {"purpose": purpose}))


@app.command()
def approve(service: Service, mend_id: MendId, officer: Officer = DEFAULT_OFFICER) -> None:
    """Approve another person's proposal; the message's key is redriven at once. Exit code 1 if it failed again."""
    from cli.commands.parked import follow

    services = Services(subject=officer)
    services.post(service, f"/admin/mends/{mend_id}/approve", idempotency_key=str(uuid.uuid4()))
    follow(service, services.get(service, f"/admin/mends/{mend_id}")["job_id"], officer)


@app.command()
def reject(service: Service, mend_id: MendId, officer: Officer = DEFAULT_OFFICER) -> None:
    """Reject another person's proposal; the message waits as before."""
    services = Services(subject=officer)
    services.post(service, f"/admin/mends/{mend_id}/reject", idempotency_key=str(uuid.uuid4()))
    console.print("Rejected. The message waits as before.")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise StackError(f"{file} is not UTF-8: a body is JSON in UTF-8.") from error


def _headers(file: Path) -> dict[str, str]:
    try:
        found = json.loads(_text(file))
    except ValueError as error:
        raise StackError(f'{file} is not JSON: write {{"ce_id": "…", "ce_type": "…", …}}.') from error
    if not (isinstance(found, dict) and all(isinstance(value, str) for value in found.values())):
        raise StackError(f"{file}: headers are one JSON object of texts by name.")
    return found
