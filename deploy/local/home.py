"""Where the embedded stack keeps its data (one folder per checkout) and its downloads (one cache per user)."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Home:
    """The folder of one stack: its data, logs, process records and secrets."""

    root: Path

    @property
    def run(self) -> Path:
        """Records of running processes, one JSON file each."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        """Addresses, ports and pids of the running stack."""
        return self.root / "stack.json"

    def create(self) -> None:
        """Make the folder and its parts, readable by their owner only where they hold secrets."""
        for folder in (self.root, self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True)

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """The secret of this name, made and kept at its first use."""
        path = self.root / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, make())
        return path.read_text(encoding="utf-8")


def default_home() -> Home:
    """`SINERGI_HOME`, or `.local` in the checkout."""
    return Home(Path(os.environ.get("SINERGI_HOME") or CHECKOUT / ".local").expanduser().resolve())


def user_cache() -> Path:
    """`SINERGI_CACHE`, or `sinergi` in the user's cache folder."""
    if explicit := os.environ.get("SINERGI_CACHE"):
        return Path(explicit).expanduser().resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sinergi"


def write_private(path: Path, content: str) -> None:
    """Write a file at once and readable by its owner only: a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    temporary.replace(path)


def write_json(path: Path, value: Any) -> None:
    """`write_private` for a JSON value."""
    write_private(path, json.dumps(value, indent=2) + "\n")
