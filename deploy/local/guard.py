"""The guard: a small process that ends the servers when the one that started them dies without doing so.

It reads its standard input, a pipe from its parent. The pipe closes when the parent ends, even by `kill -9`; then
every process that is still recorded in the parent's folder is ended. (Services also watch such a pipe themselves;
PostgreSQL and Java programs cannot.)
"""

import signal
import sys
from pathlib import Path

from deploy.local import records
from deploy.local.home import CHECKOUT, Home
from deploy.local.process import Child, Command


def guard_of(home: Home) -> Child:
    """The guard of this folder, to be started before the first server and stopped after the last."""
    argv = [sys.executable, "-m", "deploy.local.guard", str(home.root)]
    return Child(Command("guard", argv, {"PYTHONPATH": str(CHECKOUT)}, CHECKOUT), home)


def main() -> None:
    """Wait for the end of the pipe, then end what is left."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    home = Home(Path(sys.argv[1]))
    sys.stdin.buffer.read()
    records.end_leftovers(home, spare="guard")
    records.forget(home, "guard")


if __name__ == "__main__":
    main()
