"""Bringing all databases to the newest schema, in a process that ends: the supervisor stays small."""

import json
import subprocess
import sys
from collections.abc import Mapping

from deploy.local.errors import StackError
from deploy.local.home import CHECKOUT, Home


def migrate(home: Home, owner_urls: Mapping[str, str]) -> None:
    """Migrate each service's database. Raises StackError with the end of the log."""
    log = home.logs / "migrate.log"
    with log.open("wb") as file:
        result = subprocess.run(
            [sys.executable, "-m", "deploy.local.migrate"],
            input=json.dumps(dict(owner_urls)).encode(),
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            check=False,
        )
    if result.returncode != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise StackError("The databases could not be migrated", tail)


def main() -> None:
    """Read {service: owner address} from standard input and migrate one after the other."""
    from chassis.migrations import upgrade

    for service, url in json.load(sys.stdin).items():
        upgrade(service, url)
        print(f"{service}: up to date")


if __name__ == "__main__":
    main()
