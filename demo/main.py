"""`run`: plays Tegal 2023 on a running stack, through public APIs and topics only."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from demo.calendar import PROVIDERS
from demo.errors import DemoError
from demo.figures import Figures
from demo.officers import Mint, Office
from demo.outside import Partner, partner
from demo.report import make_report, print_report, print_wrong, read_report, write_report
from demo.stages import (
    allocate,
    attend,
    decide,
    enrol,
    graduate,
    hand_over,
    import_list,
    invite,
    mentor,
    open_programme,
    settle,
    substitute,
)
from demo.world import Installation, World, staff_of

STAGES: Final[tuple[ModuleType, ...]] = (
    *(open_programme, import_list, enrol, allocate, attend, substitute, decide),
    *(invite, hand_over, mentor, graduate, settle),
)
SIMULATOR: Final = "sms_gateway"
REPORT_NAME: Final = "demo-report.json"
_TIMEOUT_SECONDS: Final = 60.0


def run(state: Mapping[str, Any], mint: Mint, console: Console | None = None) -> int:
    """Play the scenario on the stack that `state` describes; 0 when every figure is right.

    `state` holds `mode`, `home`, `services` and `simulators` (each name to its `url`), `kafka_bootstrap_servers` and
    `zipkin_url`; `mint` gives a token for subject, roles, agency and region. Refuses a live installation and every SMS
    gateway but the simulator.
    Played again on the same data it shows the finished report, or goes on where an interrupted run stopped.
    """
    screen = console or Console(highlight=False)
    try:
        return asyncio.run(_run(state, mint, screen))
    except DemoError as problem:
        screen.print(f"error: {problem}", style="red", markup=False, soft_wrap=True)
        return 1


async def _run(state: Mapping[str, Any], mint: Mint, console: Console) -> int:
    if state["mode"] != "demo":
        raise DemoError("This installation is live: the demo is refused. Use another folder (SINERGI_HOME) to play.")
    installation = _installation(state)
    async with _connections() as client:
        await _require_simulator(client, installation)
        office = Office(installation.urls, mint, client)
        if report := await _finished(office, installation):
            console.print("The scenario was played on this data before; nothing is done twice. Its report:")
            print_report(report, console)
            console.print(f"To play it anew, stop the stack and remove {state['home']}.")
            return 0 if report["right"] else 1
        report = await _play(installation, office, console)
    write_report(report, installation.report_file)
    print_report(report, console)
    console.print(f"The same as JSON: {installation.report_file}")
    return 0 if report["right"] else 1


def _installation(state: Mapping[str, Any]) -> Installation:
    return Installation(
        urls={name: service["url"] for name, service in state["services"].items()},
        kafka_bootstrap_servers=state["kafka_bootstrap_servers"],
        zipkin_url=state["zipkin_url"],
        simulator_url=state["simulators"].get(SIMULATOR, {}).get("url", ""),
        report_file=Path(state["home"]) / REPORT_NAME,
    )


@asynccontextmanager
async def _connections() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
    # Everything asked here is on this machine: an office's proxy could not reach it.
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False) as client:
        yield client


async def _require_simulator(client: httpx.AsyncClient, installation: Installation) -> None:
    """Nobody's phone may ring: the gateway must say itself that it is the simulator."""
    problem = "The SMS gateway is not the simulator: the demo is refused, since it would write to real phones."
    try:
        answer = await client.get(f"{installation.simulator_url}/simulator")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DemoError(problem) from error
    if answer.status_code != httpx.codes.OK or answer.json().get("simulator") != "sms-gateway":
        raise DemoError(problem)


async def _finished(office: Office, installation: Installation) -> dict[str, Any] | None:
    """The report of a finished run on this very data; a report of data removed since counts for nothing."""
    report = read_report(installation.report_file)
    if report is None:
        return None
    programmes = await office.officer("auditor", "auditor", agency="*").get_all("disbursement", "/programmes")
    known = {programme["id"] for programme in programmes}
    return report if report["finished"] and report["programme_id"] in known else None


async def _play(installation: Installation, office: Office, console: Console) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        staff = staff_of(office)
        partners = await _start_partners(stack, installation, staff.koperasi.token)
        world = World(installation, office, staff, Figures(), partners)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            try:
                stages = [await _play_stage(stage, world, progress) for stage in STAGES]
            except DemoError:
                print_wrong(world.figures.as_json(), console)
                raise
    return make_report(world, stages)


async def _play_stage(stage: ModuleType, world: World, progress: Progress) -> dict[str, Any]:
    task = progress.add_task(stage.TITLE, total=None)
    began = time.monotonic()
    wrong_before = len(world.figures.wrong)

    def show(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    await stage.play(world, show)
    seconds = time.monotonic() - began
    wrong = len(world.figures.wrong) - wrong_before
    total = progress.tasks[task].total or 1
    verdict = "[green]right[/]" if not wrong else f"[red]{wrong} off[/]"
    progress.update(task, completed=total, total=total, description=f"{stage.TITLE}: {verdict}")
    progress.stop_task(task)
    return {"title": stage.TITLE, "seconds": round(seconds, 2), "right": not wrong}


async def _start_partners(stack: AsyncExitStack, installation: Installation, token: str) -> dict[str, Partner]:
    kafka = ("--bootstrap-servers", installation.kafka_bootstrap_servers)
    providers = sorted(set(PROVIDERS.values()))
    waiting = [
        *(partner("training_provider", "--provider", code, *kafka) for code in providers),
        partner(
            "dinas_koperasi",
            *("--registry-url", installation.urls["registry"]),
            *kafka,
            secrets={"REGISTRY_TOKEN": token},
        ),
    ]
    running = [await stack.enter_async_context(context) for context in waiting]
    return dict(zip([*providers, "dinas-koperasi"], running, strict=True))
