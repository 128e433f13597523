"""`make bench`: the figures of docs/performance.md, measured side by side in one run."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.parts import PARTS, QUICK, Row
from deploy.local.home import default_home

console = Console()


def main(
    full: Annotated[bool, typer.Option(help="More people and rounds; draws the pictures of docs/performance.")] = False,
    part: Annotated[str, typer.Option(help=f"One part only: {', '.join(PARTS)}.")] = "",
) -> None:
    """Measure, print the table, and write `.local/bench.json`. Ends with 1 when a gate is missed."""
    if part and part not in PARTS:
        raise typer.BadParameter(f"no such part: {part}; parts: {', '.join(PARTS)}")
    rows: list[Row] = []
    for name in [part] if part else [name for name in PARTS if full or name in QUICK]:
        rows += PARTS[name](full)
    path = default_home().root / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "full": full,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    path.write_text(json.dumps(about | {"rows": rows}, indent=1), encoding="utf-8")
    _show(rows, path)
    if any(row["verdict"] == "missed" for row in rows):
        raise typer.Exit(1)


def _show(rows: list[Row], path: Path) -> None:
    table = Table("figure", "measured", "gate", "goal", "")
    for row in rows:
        sign = "≤ " if row["at_most"] else "≥ "
        table.add_row(
            str(row["figure"]),
            str(row["measured"]),
            f"{sign}{row['gate']}",
            f"{sign}{row['goal']}",
            str(row["verdict"]),
        )
    console.print(table)
    console.print(f"rounds: {path}")


if __name__ == "__main__":
    typer.run(main)
