"""`make clean`: end what is left of the embedded stack in this checkout and remove its data."""

import shutil
import sys

from deploy.local import records
from deploy.local.errors import StackError
from deploy.local.home import Home, default_home
from deploy.local.installation import Mode, mode_of
from deploy.local.postgres import Postgres
from deploy.local.stack import take_lock


def clean(home: Home) -> None:
    """Remove the stack's folder. Raises StackError if it runs, or if this installation is marked live."""
    if mode_of(home) is Mode.LIVE:
        raise StackError(f"This installation is live: its data in {home.root} is not removed by `make clean`.")
    if not home.root.exists():
        return
    # A running stack would go on without its data and programs: it must be stopped first.
    with take_lock(home):
        records.end_leftovers(home)
        cluster = Postgres(home, 0).folder
        shutil.rmtree(cluster, ignore_errors=True)
        shutil.rmtree(home.root, ignore_errors=True)


if __name__ == "__main__":
    try:
        clean(default_home())
    except StackError as error:
        sys.exit(f"error: {error}")
