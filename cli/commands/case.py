"""`sinergi case`."""

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import httpx
import typer
from rich.markup import escape
from rich.table import Table

from cli.output import console
from cli.services import Services
from contracts.envelope import case_id as derived_case_id
from deploy.local.errors import StackError

if TYPE_CHECKING:
    from chassis.case_timeline import CaseTimeline, Hearing, Line, Wait

ANSWER_SECONDS = 5
"""A service that hangs is shown as silent soon enough."""

_ALL_DONE = "nothing: all its events are sent and heard"
_WAITS = {
    "release": "{service} holds {type} back: {reason}; release it",
    "publication": "{service} to send {type}",
    "mending": "{service}: {type} is parked: {reason}; mend the cause, then redrive",
    "arrival": "{service} to take in {type}",
}


def case(
    case: Annotated[UUID | None, typer.Argument(help="The case's id, as the console's page shows it.")] = None,
    person: Annotated[UUID | None, typer.Option(help="Instead of the id: the person's …")] = None,
    programme: Annotated[UUID | None, typer.Option(help="… and the programme's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the timeline as JSON.")] = False,
) -> None:
    """Print a case's events through all services, with what it waits for. Exit code 1 if nothing is known of it."""
    wanted = _wanted(case, person, programme)
    services = Services()
    timeline = asyncio.run(_read(services, wanted, person))
    if as_json:
        console.print_json(timeline.model_dump_json())
    elif timeline.known:
        _show(timeline, services.zipkin_url)
    if not timeline.known:
        silent = ", ".join(f"{each.service} ({each.why})" for each in timeline.silent)
        raise StackError(
            f"Nothing is known of the case {wanted}. A case begins with an enrolment: check the id, or give --person "
            "and --programme." + (f" Not answering: {silent}." if silent else "")
        )


def _wanted(case: UUID | None, person: UUID | None, programme: UUID | None) -> UUID:
    if case is not None and programme is None:
        return case
    if case is None and person is not None and programme is not None:
        return derived_case_id(programme, person)
    raise StackError("Give the case's id, or --person and --programme.")


async def _read(services: Services, case: UUID, person: UUID | None) -> "CaseTimeline":
    from chassis.case_asking import read_case
    from contracts.catalogue import CATALOGUE

    async with httpx.AsyncClient(headers=services.headers, timeout=ANSWER_SECONDS, trust_env=False) as client:
        return await read_case(client, services.urls, CATALOGUE, case, person_id=person)


def _show(timeline: "CaseTimeline", zipkin_url: str) -> None:
    console.print(f"[bold]case[/bold]       {timeline.case_id}")
    console.print(f"[bold]person[/bold]     {timeline.person_id or 'not named by any event'}")
    console.print(f"[bold]programme[/bold]  {timeline.programme_id or 'not named by any event'}")
    counts = f"{len(timeline.lines)}, {timeline.unpublished_count} not sent, {timeline.parked_count} parked"
    console.print(f"[bold]events[/bold]     {counts}")
    console.print(f"[bold]traces[/bold]     {zipkin_url}/zipkin/traces/<trace>")
    for each in timeline.silent:
        console.print(f"[red]silent[/red]     {each.service}: not answering ({escape(each.why)}); shown without it")
    for wait in timeline.waits:
        console.print(f"[yellow]waits for[/yellow]  {escape(_told(wait))}, since {wait.since:%Y-%m-%d %H:%M:%S} UTC")
    if not timeline.waits:
        nothing = "nothing known; some services did not answer" if timeline.silent else _ALL_DONE
        console.print(f"[bold]waits for[/bold]  {nothing}")
    console.print(_table(timeline))


def _told(wait: "Wait") -> str:
    return _WAITS[wait.kind].format(service=wait.service, type=wait.type or "a message", reason=wait.reason)


def _table(timeline: "CaseTimeline") -> Table:
    table = Table("#", "recorded (UTC)", "event", "sent and heard", box=None, padding=(0, 1, 0, 0))
    for line in timeline.lines:
        states = [_sent(line), *(_heard(each) for each in line.hearings)]
        cells = f"{line.number}", f"{line.recorded_at:%Y-%m-%d %H:%M:%S}", "\n".join(_about(line)), "\n".join(states)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _about(line: "Line") -> list[str]:
    cause = f" ↳ {line.cause_number}" if line.cause_number else ""
    if line.causation_id and not line.cause_number:
        # An event of another case, of an import, or of an outside party.
        cause = f" ↳ …{str(line.causation_id)[-8:]}"
    told = [line.type + cause, f"  of {line.occurred_on or 'an unknown day'}, subject …{line.subject[-8:]}"]
    return [*told, f"  trace {line.trace_id}"] if line.trace_id else told


def _sent(line: "Line") -> str:
    if line.published_after_ms is not None:
        return f"sent {line.published_after_ms} ms"
    return f"✗ held: {line.held_reason}" if line.held_reason else "… in the outbox"


def _heard(hearing: "Hearing") -> str:
    match hearing.state:
        case "processed":
            return f"✓ {hearing.service} {hearing.after_ms} ms"
        case "parked":
            return f"✗ {hearing.service} {'waits behind another' if hearing.behind else hearing.reason}"
        case "set_aside":
            return f"– {hearing.service} set aside"
        case None:
            return f"? {hearing.service} not answering"
    return f"… {hearing.service}"
