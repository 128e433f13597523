"""`sinergi token`."""

import os
import re
from typing import Annotated

import typer

from chassis.auth import Role
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.installation import require_demo
from deploy.local.issuer import ISSUER, Issuer

LONGEST_MINUTES = 24 * 60
_REGION = re.compile(r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?")


def token(
    subject: Annotated[str, typer.Option(help="Who acts, for example siti.")],
    role: Annotated[list[Role], typer.Option(help="A role; may be given several times.")],
    agency: Annotated[str, typer.Option(help="Agency, for example dinsos; * is every agency.")],
    region: Annotated[
        str, typer.Option(help="Kemendagri code or its beginning, for example 33.28; empty is everywhere.")
    ] = "",
    minutes: Annotated[int, typer.Option(min=1, max=LONGEST_MINUTES, help="How long it is valid.")] = 60,
) -> None:
    """Print a bearer token of the embedded issuer."""
    home = default_home()
    require_demo(home, "A token of the embedded issuer")
    if os.environ.get("AUTH_ISSUER", ISSUER) != ISSUER:
        raise StackError(f"AUTH_ISSUER is {os.environ['AUTH_ISSUER']}: ask that issuer for a token.")
    if subject.startswith("service:") or Role.SERVICE in role:
        raise StackError("Service identities are the services' own: choose a person's subject and role.")
    if region and not _REGION.fullmatch(region):
        raise StackError(f"{region} is not a region code: write 33, 33.28, 33.28.04 or 33.28.04.2018.")
    typer.echo(Issuer(home).mint(subject, [str(one) for one in role], agency, region, minutes * 60))
