"""Proof, for CI, that the last run of the stack had the real servers: what each reported about itself."""

import json
import sys

from deploy.local import kafka, postgres, zipkin
from deploy.local.errors import StackError
from deploy.local.home import Home, default_home, write_json

FILE = "servers.json"


def record(home: Home, versions: dict[str, str]) -> None:
    """Keep what the running servers reported."""
    write_json(home.root / FILE, versions)


def check(home: Home) -> dict[str, str]:
    """What the servers of the last run reported. Raises StackError unless all three were the real ones."""
    try:
        reported = json.loads((home.root / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StackError(f"No stack has run in {home.root}: nothing proves which servers it had.") from None
    wanted = {"kafka": kafka.VERSION, "zipkin": zipkin.VERSION, "postgres": f"{postgres.MAJOR_VERSION}."}
    for name, version in wanted.items():
        if not str(reported.get(name, "")).startswith(version):
            raise StackError(f"{name} reported version {reported.get(name)!r}, not {version}")
    return dict(reported)


if __name__ == "__main__":
    try:
        for server, reported_version in check(default_home()).items():
            print(f"{server} {reported_version}")
    except StackError as error:
        sys.exit(f"error: {error}")
