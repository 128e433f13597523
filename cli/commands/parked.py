"""`sinergi parked`."""

import os
from typing import Any

import httpx
from rich.table import Table

from cli.output import console
from cli.running import require_running
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.installation import require_demo
from deploy.local.issuer import ISSUER, Issuer


def parked() -> None:
    """List the messages that services have set aside, with reason and origin, but without their content."""
    home = default_home()
    state = require_running(home)
    headers = {"Authorization": f"Bearer {_token(state)}"}
    found = 0
    for name, service in state["services"].items():
        answer = httpx.get(f"{service['url']}/admin/parked", headers=headers, timeout=30, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            raise StackError(f"{name} refused the list (status {answer.status_code}).")
        messages: list[dict[str, Any]] = answer.json()
        found += len(messages)
        if messages:
            console.print(_table(name, messages))
    console.print(f"{found} parked" if found else "Nothing is parked.")


def _token(state: dict[str, Any]) -> str:
    if given := os.environ.get("SINERGI_TOKEN"):
        return given
    if state["issuer"] != ISSUER:
        raise StackError("This stack has an external issuer: put an operator's token of it into SINERGI_TOKEN.")
    home = default_home()
    require_demo(home, "A token of the embedded issuer")
    return Issuer(home).mint("sinergi-cli", ["operator"], "*", "", lifetime_seconds=60)


def _table(name: str, messages: list[dict[str, Any]]) -> Table:
    columns = list(messages[0])
    table = Table(*columns, title=name, box=None, title_justify="left")
    for message in messages:
        table.add_row(*(str(message.get(column, "")) for column in columns))
    return table
