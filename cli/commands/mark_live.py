"""`sinergi mark-live`."""

import typer

from cli.output import console
from deploy.local.home import default_home
from deploy.local.installation import Mode, mark


def mark_live() -> None:
    """Mark this installation as working with real people's data: no demo, no embedded tokens, no `make clean`."""
    home = default_home()
    typer.confirm(f"Mark {home.root} as live? There is no way back.", abort=True)
    mark(home, Mode.LIVE)
    console.print("Marked live.")
