"""`make bench`: the figures of docs/performance.md, measured side by side in one run."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.parts import PARTS, QUICK, TARGETS, Row
from deploy.local.home import CHECKOUT, default_home, write_json

console = Console()


def main(
    full: Annotated[bool, typer.Option(help="More people and rounds; draws the pictures of docs/performance.")] = False,
    part: Annotated[str, typer.Option(help=f"One part only: {', '.join(PARTS)}.")] = "",
) -> None:
    """Measure, print the table, and keep its rows in `.local/bench.json`.

    Each row is kept as soon as it is measured, beside those measured before, and in the place of the same figure of as
    many people in the same form. A part that fails does not stop the others. Targets that were never measured are
    named. Ends with 1 when a part failed or a gate is missed.
    """
    if part and part not in PARTS:
        raise typer.BadParameter(f"no such part: {part}; parts: {', '.join(PARTS)}")
    path = default_home().root / "bench.json"
    about = {
        "full": full,
        "commit": _commit(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    rows: list[Row] = []
    failed: list[str] = []
    for name in [part] if part else [name for name in PARTS if full or name in QUICK]:
        try:
            for row in PARTS[name](full):
                measured_at = datetime.now(UTC).isoformat(timespec="seconds")
                rows.append({"part": name, "measured_at": measured_at} | about | row)
                _keep(path, rows[-1])
        except Exception:
            # Whatever it is: hours of the others are not lost for it.
            console.print_exception()
            failed.append(name)
    _show(rows, path)
    for missing in _not_measured(_kept(path)):
        console.print(f"not measured yet: {missing}", soft_wrap=True)
    if failed:
        console.print(f"failed, only what the table has of it is kept: {', '.join(failed)}", soft_wrap=True)
    if failed or any(row["verdict"] == "missed" for row in rows):
        raise typer.Exit(1)


def _kept(path: Path) -> list[Row]:
    """Rows of runs before; those that do not say of how many people they tell are of none."""
    kept = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    return [{"people_count": 0} | row for row in kept if row.get("part") in PARTS]


def _keep(path: Path, measured: Row) -> None:
    """Put the row in the place of the same figure, as measured before with as many people; all others stay."""
    rows = {(row["part"], row["figure"], row["people_count"], row["full"]): row for row in [*_kept(path), measured]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"rows": list(rows.values())})


def _not_measured(kept: Sequence[Row]) -> list[str]:
    """Targets that no row tells of, at least not with as many people as they are promised for."""
    return [
        f"{part}: {target.figure}" + (f" ({target.people_count:,} people)" if target.people_count else "")
        for part, targets in TARGETS.items()
        for target in targets
        if not any(
            (row["part"], row["figure"]) == (part, target.figure) and row["people_count"] >= target.people_count
            for row in kept
        )
    ]


def _commit() -> str:
    """The commit that is measured, `-dirty` with changes beside it; empty where there is no git or no history."""
    describe = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--exclude=*"]
    if shutil.which("git") is None:
        return ""
    return subprocess.run(describe, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603 - no input


def _show(rows: list[Row], path: Path) -> None:
    table = Table("figure", "people", "measured", "gate", "goal", "")
    for row in rows:
        sign = "≤ " if row["at_most"] else "≥ "
        table.add_row(
            str(row["figure"]),
            f"{row['people_count']:,}",
            str(row["measured"]),
            f"{sign}{row['gate']}",
            f"{sign}{row['goal']}",
            str(row["verdict"]),
        )
    console.print(table)
    loads = {(row["part"], side): load for row in rows for side, load in row.get("load_average", {}).items()}
    for (part, side), load in loads.items():
        console.print(f"most load average: {part}, {side}: {load:.1f}", soft_wrap=True)
    console.print(f"rounds: {path}")


if __name__ == "__main__":
    typer.run(main)
