"""`sinergi status`."""

from typing import Annotated, Any

import psutil
import typer
from rich.table import Table

from cli.output import console
from cli.running import require_running
from deploy.local.home import default_home
from deploy.local.loopback import is_healthy
from deploy.local.ports import accepts_connections

MEGABYTE = 1_000_000


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the stack's addresses as JSON.")] = False,
) -> None:
    """Show what runs, where, whether it is ready, and how much memory it takes. Exit code 1 if a part is not ready."""
    state = require_running(default_home())
    if as_json:
        console.print_json(data=state)
        return
    table = Table("part", "state", "address", "pid", "version", "MB", box=None)
    rows = [*(_server(name, part) for name, part in state["servers"].items()),
            *(_service(name, part) for name, part in (state["services"] | state["simulators"]).items())]  # fmt: skip
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)
    supervisor_mb = _own_memory(psutil.Process(state["pid"])) // MEGABYTE
    console.print(f"supervisor {supervisor_mb} MB, together {supervisor_mb + sum(row[-1] for row in rows)} MB")
    if any(row[1] != "ready" for row in rows):
        raise typer.Exit(1)


def _server(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    ready = "ready" if accepts_connections(part["port"]) else "not ready"
    return name, ready, f"127.0.0.1:{part['port']}", part["pid"], part["version"], _memory_mb(part["pid"])


def _service(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    ready = "ready" if is_healthy(part["ready_url"]) else "not ready"
    return name, ready, part["url"], part["pid"], "", _memory_mb(part["pid"])


def _memory_mb(pid: int | None) -> int:
    """Proportional memory of a process and its children: shared pages are counted once."""
    try:
        parent = psutil.Process(pid) if pid else None
        family = [parent, *parent.children(recursive=True)] if parent else []
        return sum(_own_memory(process) for process in family) // MEGABYTE
    except psutil.Error:
        return 0


def _own_memory(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", memory.uss))
