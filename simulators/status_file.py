"""What the gateway took, kept over its own restart: a real one does not forget messages when it is started again."""

import json
from pathlib import Path


class StatusFile:
    """Statuses by reference, one JSON line for each change; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, str]:
        """The newest status of each reference, oldest reference first; a line cut off by a kill is passed over."""
        found: dict[str, str] = {}
        if self._path is None or not self._path.exists():
            return found
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                reference, status = json.loads(line)
            except ValueError:
                continue
            found[reference] = status
        return found

    def add(self, reference: str, status: str) -> None:
        """Keep a change, on a line of its own whatever a kill left of the last one."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps([reference, status]))
