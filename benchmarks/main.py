"""`make bench`: the figures of docs/performance.md, measured side by side in one run."""

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.parts import PARTS, QUICK, Row
from deploy.local.home import CHECKOUT, default_home, write_json

console = Console()


def main(
    full: Annotated[bool, typer.Option(help="More people and rounds; draws the pictures of docs/performance.")] = False,
    part: Annotated[str, typer.Option(help=f"One part only: {', '.join(PARTS)}.")] = "",
) -> None:
    """Measure, print the table, and keep its rows in `.local/bench.json`.

    Each part's rows are kept as soon as it is measured, beside those of parts measured before. A part that fails does
    not stop the others. Ends with 1 when one failed or a gate is missed.
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
            found = PARTS[name](full)
        except Exception:
            # Whatever it is: hours of the others are not lost for it.
            console.print_exception()
            failed.append(name)
            continue
        measured_at = datetime.now(UTC).isoformat(timespec="seconds")
        measured = [{"part": name, "measured_at": measured_at} | about | row for row in found]
        _keep(path, measured)
        rows += measured
    _show(rows, path)
    if failed:
        console.print(f"failed, nothing of it is kept: {', '.join(failed)}")
    if failed or any(row["verdict"] == "missed" for row in rows):
        raise typer.Exit(1)


def _keep(path: Path, measured: list[Row]) -> None:
    """Put these rows in the place of the same figures of the same part; all others stay as they are."""
    kept = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    there = [row for row in kept if row.get("part") in PARTS]
    rows = {(row["part"], row["figure"]): row for row in [*there, *measured]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"rows": list(rows.values())})


def _commit() -> str:
    """The commit that is measured, `-dirty` with changes beside it; empty where there is no git or no history."""
    describe = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--exclude=*"]
    if shutil.which("git") is None:
        return ""
    return subprocess.run(describe, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603 - no input


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
