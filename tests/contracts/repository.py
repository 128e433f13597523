"""A copy of the committed contracts in a git repository of the test's own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from contracts.tooling import CONTRACTS


def copy_schemas(folder: Path) -> None:
    """This repository's own baseline is not copied: each test has a history of its own."""
    shutil.copytree(
        CONTRACTS / "schemas", folder / "schemas", dirs_exist_ok=True, ignore=shutil.ignore_patterns("baseline")
    )


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True, env=quiet)


def commit(folder: Path, *tags: str) -> None:
    if not (folder.parent / ".git").exists():
        git(folder.parent, "init", "-q")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-q", "-m", "Contracts", "--allow-empty", "--no-verify")
    for tag in tags:
        git(folder.parent, "tag", tag)


def lower_the_maximum(folder: Path) -> None:
    """What was promised earlier was narrower than what the models say."""
    path = folder / "schemas" / "registry.list_imported.v1.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["rows_count"]["maximum"] = 10
    path.write_text(json.dumps(schema), "utf-8")


def restored(folder: Path) -> None:
    """The files are again what the models say."""
    shutil.rmtree(folder / "schemas")
    copy_schemas(folder)


def head(folder: Path) -> str:
    found = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return found.stdout.strip()
