"""`sinergi parked`."""

from typing import Any

from rich.table import Table

from cli.output import console
from cli.services import Services


def parked() -> None:
    """List the messages that services have set aside, with reason and origin, but without their content."""
    services = Services()
    found = 0
    for name in services.urls:
        messages: list[dict[str, Any]] = services.get(name, "/admin/parked")
        found += len(messages)
        if messages:
            console.print(_table(name, messages))
    console.print(f"{found} parked" if found else "Nothing is parked.")


def _table(name: str, messages: list[dict[str, Any]]) -> Table:
    columns = list(messages[0])
    table = Table(*columns, title=name, box=None, title_justify="left")
    for message in messages:
        table.add_row(*(str(message.get(column, "")) for column in columns))
    return table
