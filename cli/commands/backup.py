"""`sinergi backup`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import console, report
from cli.running import superuser_url
from deploy.local.backup import dump, write_manifest
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.options import SERVICES


def backup(folder: Annotated[Path, typer.Argument(help="A new folder for the backup.")]) -> None:
    """Dump every service's database into a folder; the stack may run meanwhile."""
    if folder.exists() and any(folder.iterdir()):
        raise StackError(f"{folder} is not empty: give a new folder.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = default_home()
    with superuser_url(home) as url:
        for service in SERVICES:
            dump(url, service, folder)
            report(service, "dumped")
    write_manifest(folder, SERVICES)
    console.print(
        f"Done. The keys of encrypted columns are not in it: keep {home.root / 'secrets'} apart and as safely.",
        soft_wrap=True,
    )
