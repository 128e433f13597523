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

from benchmarks.chain_rounds import chain
from benchmarks.plot import spread_svg
from benchmarks.servers import started_servers
from benchmarks.sink import span_sink
from benchmarks.targets import chain_rows
from deploy.local.home import CHECKOUT, default_home

QUICK_PEOPLE, FULL_PEOPLE = 10_000, 50_000
QUICK_ROUNDS, FULL_ROUNDS = 3, 5
PICTURES = CHECKOUT / "docs" / "performance"

console = Console()


def main(
    full: Annotated[bool, typer.Option(help="More people and rounds; draws the pictures of docs/performance.")] = False,
) -> None:
    """Measure, print the table, and write `.local/bench.json`. Ends with 1 when a gate is missed."""
    people, rounds = (FULL_PEOPLE, FULL_ROUNDS) if full else (QUICK_PEOPLE, QUICK_ROUNDS)
    with started_servers() as servers, span_sink() as endpoint:
        found = chain(servers, people, rounds, endpoint)
    rows = chain_rows(found)
    path = default_home().root / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "people": people,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    path.write_text(json.dumps(about | {"rows": rows}, indent=1), encoding="utf-8")
    if full:
        _draw(PICTURES, {side: summary["people_per_second"] for side, summary in found.items()}, people)
    _show(rows, path)
    if any(row["verdict"] == "missed" for row in rows):
        raise typer.Exit(1)


def _draw(folder: Path, spreads: dict[str, dict[str, float]], people: int) -> None:
    folder.mkdir(exist_ok=True)
    picture = spread_svg(f"Chain of {people:,} people", "people/s", spreads)
    (folder / "chain.svg").write_text(picture, encoding="utf-8")


def _show(rows: list[dict[str, object]], path: Path) -> None:
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
