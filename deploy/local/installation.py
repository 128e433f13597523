"""Whether this installation plays (demo) or works with real people's data (live). Once live, it stays live."""

import json
from enum import StrEnum

from deploy.local.errors import StackError
from deploy.local.home import Home, write_json


class Mode(StrEnum):
    """What an installation is for."""

    DEMO = "demo"
    LIVE = "live"


def mode_of(home: Home) -> Mode:
    """The mode in `installation.json`; demo where there is none."""
    path = home.root / "installation.json"
    if not path.exists():
        return Mode.DEMO
    try:
        return Mode(json.loads(path.read_text(encoding="utf-8"))["mode"])
    except (ValueError, KeyError) as error:
        raise StackError(f"{path} cannot be read: restore it before anything else.") from error


def mark(home: Home, mode: Mode) -> None:
    """Set the mode. Raises StackError for the way back from live to demo."""
    if mode is Mode.DEMO and mode_of(home) is Mode.LIVE:
        raise StackError("A live installation cannot become a demo: use another folder (SINERGI_HOME).")
    home.create()
    write_json(home.root / "installation.json", {"mode": mode.value})


def require_demo(home: Home, what: str) -> None:
    """Raise StackError on a live installation."""
    if mode_of(home) is Mode.LIVE:
        raise StackError(f"{what} is refused: this installation is live. Use another folder (SINERGI_HOME) to play.")
