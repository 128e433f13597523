"""What was ever promised: every schema that was committed, from a chosen point of the history on.

A commit binds. CI sees a change only after it was committed, so comparing with git's HEAD would compare the change
with itself.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from contracts.tooling import CONTRACTS
from contracts.tooling.baseline import git, has_commits, schemas_at

BASELINE: Final = "baseline"
"""File beside the schemas; history counts from the commit that changed it last. Without it, all of it counts.

Its first word is a date, the rest says why. So a reset is one visible line of the very commit that needs it, and
outlives rebasing.
"""

_RAW: Final = re.compile(r":\d+ \d+ [0-9a-f]+ (?P<blob>[0-9a-f]+) [AM]\t(?P<path>.*\.json)")


@dataclass(frozen=True, slots=True)
class Promise:
    """One schema as one commit had it."""

    since: str
    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """All promises, oldest first; `note`: what could not be looked at; `problem`: what is wrong with the baseline."""

    promises: tuple[Promise, ...] = ()
    note: str = ""
    problem: str = ""


def read_history(folder: Path = CONTRACTS) -> History:
    """Every version of every schema that was committed. Without git nothing is known, and the note says so."""
    if not has_commits(folder):
        return History(note="No git history here: there was nothing earlier to compare with but the files on disk.")
    file = folder / "schemas" / BASELINE
    start = None
    if file.exists():
        words = file.read_text("utf-8").split()
        if not words or not _is_date(words[0]):
            return History(problem=f"schemas/{BASELINE}: does not begin with a date.")
        if words != (git(folder, "show", f"HEAD:./schemas/{BASELINE}") or b"").decode().split():
            return History(note=f"schemas/{BASELINE} is not committed yet: history will count from its commit on.")
        start = _text(folder, "log", "-1", "--format=%H", "--", f"schemas/{BASELINE}")
    return History((*_at(start, folder), *_since(start, folder)), note=_note(folder))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _note(folder: Path) -> str:
    if _text(folder, "rev-parse", "--is-shallow-repository") != "true":
        return ""
    if _text(folder, "rev-list", "--count", "HEAD") == "1":
        return "A shallow clone of one commit: there was no history to compare with. Fetch it all to compare."
    return "A shallow clone: contracts were compared with the fetched part of the history only."


def _at(start: str | None, folder: Path) -> list[Promise]:
    if start is None:
        return []
    return [Promise(start[:10], name, schema) for name, schema in schemas_at(start, folder).items()]


def _since(start: str | None, folder: Path) -> list[Promise]:
    revisions = f"{start}..HEAD" if start else "HEAD"
    # Merges are shown too (-m), and no branch is left out (--full-history): what lay on one was promised there.
    shown = ("--reverse", "--topo-order", "--full-history", "-m", "--no-renames", "--raw", "--no-abbrev", "--format=%h")
    commit, seen, found = "", set[tuple[str, str]](), []
    for line in _text(folder, "log", *shown, revisions, "--", "schemas/").splitlines():
        change = _RAW.fullmatch(line)
        if change is None:
            commit = line.strip() or commit
            continue
        name, blob = Path(change["path"]).stem, change["blob"]
        if (name, blob) not in seen:
            seen.add((name, blob))
            found += _promise(commit, name, blob, folder)
    return found


def _promise(commit: str, name: str, blob: str, folder: Path) -> list[Promise]:
    content = git(folder, "cat-file", "blob", blob)
    try:
        return [Promise(commit, name, json.loads(content or b""))]
    except ValueError:
        return []  # no reader could ever use it: it promised nothing


def _text(folder: Path, *arguments: str) -> str:
    return (git(folder, *arguments) or b"").decode().strip()
