"""Named places at which a fault test may kill or freeze this process; in production nothing is ever armed.

`failpoints_folder` holds one file per service, `<service>.json`, that says what is armed: a JSON object
`{"<point>": "kill" | "freeze"}`. Reaching an armed point takes it out of the file, so that it strikes once, and sends
this process the signal.
"""

import os
import signal
from pathlib import Path
from typing import Final

import orjson

BEFORE_COMMIT: Final = "before_commit"
"""Everything of the transaction is written, nothing is committed."""
AFTER_COMMIT: Final = "after_commit"
"""Committed, not yet published by the relay, not yet answered or acknowledged."""
AFTER_ACK: Final = "after_ack"
"""The broker acknowledged; the relay has not marked the rows."""
AFTER_HANDLER: Final = "after_handler"
"""The handlers ran; the stored offsets are not written."""

POINTS: Final = (BEFORE_COMMIT, AFTER_COMMIT, AFTER_ACK, AFTER_HANDLER)
_SIGNALS: Final = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}

_file: Path | None = None


def arm_from(folder: Path | None, service: str) -> None:
    """Look for the service's armed points in this folder from now on; None, the default, arms nothing."""
    global _file
    _file = folder and folder / f"{service}.json"


def reach(point: str) -> None:
    """Die or freeze here if the point is armed."""
    if _file is None or not _file.exists():
        return
    armed = orjson.loads(_file.read_bytes() or b"{}")
    action = armed.pop(point, None)
    if action is None:
        return
    _file.write_bytes(orjson.dumps(armed))
    os.kill(os.getpid(), _SIGNALS[action])
