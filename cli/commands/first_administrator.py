"""`sinergi first-administrator`."""

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import console
from deploy.local.errors import StackError
from deploy.local.home import default_home, write_json


def first_administrator(
    issuer: Annotated[str, typer.Option(help="The OIDC issuer, exactly as in its tokens.")],
    subject: Annotated[str, typer.Option(help="The person's subject (sub) at that issuer.")],
) -> None:
    """Name the first administrator of a live installation.

    Everybody else's roles come from the issuer; this one need not wait for the issuer to know the role. Whoever can
    write the installation's folder can do it once; the services read the file when they start.
    """
    home = default_home()
    home.create()
    path = home.root / "administrators.json"
    if path.exists():
        named = json.loads(path.read_text(encoding="utf-8"))[0]["named_at"]
        raise StackError(f"A first administrator was named on {named[:10]}. Further ones get the role from the issuer.")
    entry = {
        "issuer": issuer,
        "subject": subject,
        "named_at": datetime.now(UTC).isoformat(),
        "named_by": getpass.getuser(),
    }
    write_json(path, [entry])
    console.print("Named. Restart the services to make it effective.")
