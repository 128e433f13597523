"""`sinergi replay`."""

import asyncio
import getpass
import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

from chassis.projection import Projection
from chassis.replay import Archives, Comparison, Generations, Progress, Replay, ReplayFailed, ReplayRefused, Topics
from chassis.replay import switch_back as switch_generation_back
from chassis.service import Service
from cli.output import console
from cli.running import require_running, superuser_url
from cli.services import Services
from deploy.local.environment import Addresses, service_environment
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.options import SERVICES, from_environment
from deploy.local.stack import provision_databases

ARCHIVE_PAGE = 500


class Origin(StrEnum):
    """Where the events come from."""

    TOPIC = "topic"
    ARCHIVES = "archives"


def replay(
    service: Annotated[str, typer.Argument(help="The service whose projection is built again, for example console.")],
    origin: Annotated[
        Origin, typer.Option("--from", help="Read the topics, or the publishers' archives when the topics are gone.")
    ] = Origin.TOPIC,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Switch although the totals differ, after asking.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Return to the generation before the last switch.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Build a service's projection again beside the live one, prove it equal, and switch; nobody is told anything.

    The service goes on meanwhile. Repeat it after an interruption: what was half-made is dropped. With
    OWNER_DATABASE_URL set, the service's own settings are read from the environment.
    """
    if service not in SERVICES:
        raise StackError(f"No such service: {service}. Services: {', '.join(SERVICES)}.")
    owner_url, made = _service(service)
    if made.projection is None:
        raise StackError(f"{service} has no declared projection: its tables are its state, and are never replayed.")
    actor = f"operator:{getpass.getuser()}"
    try:
        if back:
            asyncio.run(_back(owner_url, made, made.projection, actor))
            console.print(f"{made.projection.name}: the generation before is live again.")
        elif not asyncio.run(_replay(owner_url, made, made.projection, origin, actor, accept_differences, yes)):
            raise typer.Exit(1)
    except (ReplayRefused, ReplayFailed) as error:
        raise StackError(f"{error}. The live generation is as it was.") from error


async def _replay(
    owner_url: str, service: Service, projection: Projection, origin: Origin, actor: str, accept: bool, yes: bool
) -> bool:
    async with Generations.opened(owner_url, service.name, projection) as generations:
        with _Bar() as show:
            rebuilding = Replay(service, generations, _source(service, origin), show)
            try:
                await rebuilding.rebuild()
                comparison = await rebuilding.switch(actor=actor)
                return await _conclude(rebuilding, comparison, actor, accept, yes, show.stop)
            finally:
                await rebuilding.close()


async def _conclude(
    rebuilding: Replay, comparison: Comparison, actor: str, accept: bool, yes: bool, stop_bar: Callable[[], None]
) -> bool:
    stop_bar()
    console.print(_table(comparison))
    if comparison.equal:
        console.print("Equal. The rebuilt generation is live; the one before is kept until the next switch.")
        return True
    if not accept:
        console.print(
            "They differ: nothing was switched. The rebuilt one is kept to be looked at until the next replay."
        )
        return False
    if not yes:
        await asyncio.to_thread(typer.confirm, "Switch to the rebuilt one although it differs?", abort=True)
    await rebuilding.switch(actor=actor, accept_differences=True)
    console.print("Switched with differences; `--back` returns to the generation before.")
    return True


async def _back(owner_url: str, service: Service, projection: Projection, actor: str) -> None:
    async with Generations.opened(owner_url, service.name, projection) as generations:
        await switch_generation_back(generations, actor=actor)


def _source(service: Service, origin: Origin) -> Topics | Archives:
    entries = [service.catalogue[kind] for kind in service.consumers.kinds]
    if origin is Origin.TOPIC:
        topics = sorted({entry.topic.name for entry in entries})
        return Topics(service.settings.kafka_bootstrap_servers, topics, service.settings.consumer_batch_size)
    if outside := sorted({entry.type for entry in entries if entry.owner not in SERVICES}):
        raise StackError(f"{', '.join(outside)}: told by outside parties and in no archive. Replay from the topic.")
    publishers = sorted({entry.owner for entry in entries})

    async def fetch(publisher: str, after: int) -> Mapping[str, Any]:
        return await asyncio.to_thread(_archive_page, publisher, after, service.consumers.kinds)

    return Archives(publishers, fetch)


def _archive_page(publisher: str, after: int, kinds: Sequence[str]) -> Mapping[str, Any]:
    own = [kind for kind in kinds if kind.startswith(f"{publisher}.")]
    # A token of its own for each page: the embedded issuer's live for a minute, a replay may take longer.
    page: Mapping[str, Any] = Services().get(publisher, "/admin/archive", after=after, limit=ARCHIVE_PAGE, type=own)
    return page


def _service(name: str) -> tuple[str, Service]:
    """The owner's address of the service's database, and the service put together as its process would."""
    settings = importlib.import_module(f"services.{name}.settings").Settings
    create = importlib.import_module(f"services.{name}.main").create_service
    if external := os.environ.get("OWNER_DATABASE_URL"):
        return external, create(settings())
    home, options = default_home(), from_environment()
    state = require_running(home)
    with superuser_url(home) as url:
        urls = provision_databases(home, url, [name])[name]
    parts = {one: part["url"] for one, part in (state["services"] | state["simulators"]).items()}
    addresses = Addresses(state["kafka_bootstrap_servers"], state["zipkin_url"], parts)
    environment = service_environment(home, options, name, urls, addresses)
    return urls.owner, create(settings(**{key.lower(): value for key, value in environment.items()}))


class _Bar:
    """Events read of how many, with their rate and the time that is left; called with each progress."""

    def __enter__(self) -> "_Bar":
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(),
                   TextColumn("{task.fields[rate]}/s"), TimeRemainingColumn())  # fmt: skip
        self._bar = ProgressBar(*columns, console=console)
        self._task = self._bar.add_task("Events", total=None, rate="-")
        self._bar.start()
        return self

    def __call__(self, progress: Progress) -> None:
        speed = self._bar.tasks[0].speed
        rate = f"{speed:,.0f}" if speed else "-"
        self._bar.update(self._task, completed=progress.read, total=progress.total, rate=rate)

    def stop(self) -> None:
        """Leave the line as it is, so that other lines follow."""
        self._bar.stop()

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _table(comparison: Comparison) -> Table:
    table = Table("", "live", "rebuilt", "", box=None, title="Totals: rows and hash", title_justify="left")
    for line in comparison.lines:
        live, rebuilt = (f"{one.rows:,}  {one.hash & 0xFFFFFFFFFFFF:012x}" for one in (line.live, line.rebuilt))
        table.add_row(line.what, live, rebuilt, "equal" if line.equal else "[red]different[/red]")
    return table
