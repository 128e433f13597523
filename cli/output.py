"""What all commands print with, and how a user's mistake is shown: one line, no traceback."""

import errno
from typing import Any

import httpx
import typer
from rich.console import Console
from typer.core import TyperGroup

from deploy.local.errors import StackError

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class ExplainingGroup(TyperGroup):
    """Turns what a user can mend into one line and exit code 1; everything else stays a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except StackError as error:
            explain(str(error), error.detail)
        except httpx.TransportError as error:
            explain(f"A service does not answer: {error}. See `sinergi status`.")
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
                raise
            explain(f"{error.strerror}: {error.filename}. Free space or make it writable, then try again.")
        raise typer.Exit(1)


def explain(message: str, detail: str = "") -> None:
    """Print an error, and below it the end of the log that belongs to it."""
    if detail:
        errors.print(detail, style="dim", markup=False)
    errors.print(f"error: {message}", style="red", markup=False, soft_wrap=True)


def report(part: str, what: str) -> None:
    """One step of a long work."""
    console.print(f"[bold]{part:<14}[/bold] {what}")
