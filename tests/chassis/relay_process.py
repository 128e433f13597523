"""A relay in a process of its own, to be killed and frozen: worker URL, bootstrap servers, folder of failpoints."""

import asyncio
import sys
from pathlib import Path

from chassis import failpoints
from chassis.relay import Relay

BATCH_SIZE = 20


def main(worker_url: str, bootstrap_servers: str, folder: str) -> None:
    """Run until killed."""
    failpoints.arm_from(Path(folder), "relay")
    asyncio.run(Relay(worker_url, bootstrap_servers, "sample", BATCH_SIZE).run(asyncio.Event()))


if __name__ == "__main__":
    main(*sys.argv[1:])
