"""What the scenario tells at its end: tables on the screen, the same as JSON in a file."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from demo.calendar import COURSE_NAMES, COURSES
from demo.people import Person, people
from demo.regions import kecamatan_names
from demo.world import World

VERSION: Final = 1


def make_report(world: World, stages: list[dict[str, Any]]) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "version": VERSION,
        "scenario": "Tegal 2023 (all people are made up)",
        "programme_id": str(world.programme_id),
        "finished": True,
        "right": not world.figures.wrong,
        "seconds": round(sum(stage["seconds"] for stage in stages), 1),
        "stages": stages,
        "figures": world.figures.as_json(),
        "by_course": _rows(world, {code: COURSE_NAMES[code] for code in COURSES}, lambda one: one.course_code),
        "by_kecamatan": _rows(world, kecamatan_names(), lambda one: one.village.kecamatan_code),
        "apis": dict(world.installation.urls),
        **{name: world.notes[name] for name in ("messages", "ledger", "case")},
    }


def _rows(world: World, names: dict[str, str], group: Any) -> list[dict[str, Any]]:
    """Per group what the services told, by the state of each person's grant."""
    states: dict[str, str] = world.notes["grant_states"]
    counted: dict[str, Counter[str]] = {code: Counter() for code in names}
    for person in people():
        if person.class_code is not None:
            counted[group(person)].update(_reached(world, person, states))
    steps = ("enrolled", "completed", "handed_over", "graduated")
    return [
        {"code": code, "name": name, **{step: counted[code][step] for step in steps}} for code, name in names.items()
    ]


def _reached(world: World, person: Person, states: dict[str, str]) -> list[str]:
    person_id = str(world.id_of(person))
    steps = {
        "completed": person_id in world.notes["completed_ids"],
        "handed_over": states.get(person_id) == "handed_over",
        "graduated": person_id in world.notes["graduated_ids"],
    }
    return ["enrolled", *(step for step, reached in steps.items() if reached)]


def write_report(report: dict[str, Any], path: Path) -> None:
    """Write the JSON file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_report(path: Path) -> dict[str, Any] | None:
    """The report of an earlier run, if it is there and readable."""
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return report if report.get("version") == VERSION else None


def print_report(report: dict[str, Any], console: Console) -> None:
    """All tables."""
    for title, key in (("By course", "by_course"), ("By kecamatan", "by_kecamatan")):
        console.print(_people_table(title, report[key]))
    console.print(_table("Ledger (rupiah)", ("account", "balance"), _ledger_rows(report["ledger"])))
    messages = [(one["template"], one["state"], str(one["count"])) for one in report["messages"]]
    console.print(_table("Messages by delivery state", ("message", "state", "count"), messages))
    console.print("Addresses")
    for what, address in _addresses(report):
        # Not in a table: a wrapped address can be neither clicked nor copied.
        console.print(f"  {what:<14} {address}", soft_wrap=True, highlight=False, markup=False)
    wrong = print_wrong(report["figures"], console)
    verdict = f"{wrong} figures are off" if wrong else f"all {len(report['figures'])} figures are right"
    console.print(f"Tegal 2023 played in {report['seconds']} s: {verdict}.", style="red" if wrong else "green")


def print_wrong(figures: list[dict[str, Any]], console: Console) -> int:
    """The figures that are off, and how many they are."""
    wrong = [one for one in figures if not one["right"]]
    for figure in wrong:
        told = f"{figure['stage']} / {figure['figure']}: expected {figure['expected']}, is {figure['actual']}"
        console.print(f"WRONG {told}", style="red", markup=False)
    return len(wrong)


def _people_table(title: str, rows: list[dict[str, Any]]) -> Table:
    steps = ("enrolled", "completed", "handed_over", "graduated")
    lines = [(row["name"], *(str(row[step]) for step in steps)) for row in rows]
    total = ("total", *(str(sum(row[step] for row in rows)) for step in steps))
    return _table(title, ("", "enrolled", "completed", "handed over", "graduated"), [*lines, total])


def _ledger_rows(balances: dict[str, int]) -> list[tuple[str, ...]]:
    rows = [(account, f"{amount:,}") for account, amount in balances.items()]
    return [*rows, ("sum", f"{sum(balances.values()):,}")]


def _addresses(report: dict[str, Any]) -> list[tuple[str, ...]]:
    case = report["case"]
    services = [(name, f"{url}/openapi.json") for name, url in report["apis"].items()]
    return [*services, ("a case's page", case["page"]), ("its trace", case["trace"]), ("its BAST", case["bast"])]


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(
            column, justify="left" if place == 0 or not _numbers(rows, place) else "right", overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    return table


def _numbers(rows: Sequence[tuple[str, ...]], place: int) -> bool:
    return all(row[place].lstrip("-").replace(",", "").isdigit() for row in rows)
