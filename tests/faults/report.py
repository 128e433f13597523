"""What a run tells: a JSON file and a table for people."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.injectors import Struck
from tests.faults.judging import Verdict

SHOWN = 20
"""Differences shown of each kind; all of them stand in the JSON file."""


@dataclass(slots=True)
class Report:
    """The figures of one run."""

    row: str
    seed: int
    people_count: int = 0
    duration_seconds: float = 0
    backlog_seconds: float = 0
    """From the end of the last fault until what was under way then was done, while people went on working."""
    served_after_seconds: float = 0
    """From the end of the last fault to the acknowledgement of the last request."""
    drained_seconds: float = 0
    """From then (there is no fault and no request any more) until nothing was under way."""
    undrained: list[str] = field(default_factory=list)
    """What was left of either when its time was over."""
    broken_off: list[str] = field(default_factory=list)
    """Why the run did not come to its end; nothing was compared then."""
    lacking: list[str] = field(default_factory=list)
    """What the run should have shown and did not: a place never met, a fault that never struck."""
    struck: Sequence[Struck] = ()
    repeated_requests: dict[str, int] = field(default_factory=dict)
    ledger_checks_count: int = 0
    acts_count: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def kept(self) -> bool:
        """Whether all of it ran to its end in time, and nothing was lost, doubled, inverted or out of balance."""
        return self.verdict.kept and not (self.undrained or self.broken_off or self.lacking)

    def write(self, folder: Path) -> Path:
        """Write `faults-<row>-<seed>.json` and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"faults-{self.row}-{self.seed}.json"
        content = asdict(self) | {"kept": self.kept, "faults": self._counted()}
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    def text(self) -> str:
        """The table."""
        verdict = self.verdict
        rows: list[tuple[str, object]] = [
            ("seed", self.seed),
            ("people served", self.people_count),
            ("acknowledged requests", self.acts_count),
            ("events", verdict.events_count),
            ("faults", len(self.struck)),
            *((f"  {kind}", count) for kind, count in self._counted().items()),
            ("requests repeated", sum(self.repeated_requests.values())),
            *((f"  for {reason}", count) for reason, count in sorted(self.repeated_requests.items())),
            ("records repeated in topics", verdict.repeated_count),
            ("duration, s", round(self.duration_seconds)),
            ("backlog done after last fault, s", round(self.backlog_seconds, 1)),
            ("last request after last fault, s", round(self.served_after_seconds, 1)),
            ("drained after that, s", round(self.drained_seconds, 1)),
            ("ledger checks while running", self.ledger_checks_count),
            ("lost", len(verdict.lost)),
            ("twice", len(verdict.twice)),
            ("ledger violations", len(verdict.ledger)),
            ("inversions per subject", len(verdict.inversions)),
            ("other differences", len(verdict.others)),
        ]
        lines = [f"faults: {self.row}", *(f"  {name:<46} {value:>12}" for name, value in rows)]
        lines += [f"  broken off: {reason}" for reason in self.broken_off]
        lines += [f"  lacking: {what}" for what in self.lacking]
        lines += [f"  not drained in time: {what}" for what in self.undrained]
        for what in ("lost", "twice", "ledger", "inversions", "others"):
            lines += [f"  {what}: {difference}" for difference in getattr(verdict, what)[:SHOWN]]
        return "\n".join(lines)

    def _counted(self) -> dict[str, int]:
        counted = Counter(f"{struck.kind}, {struck.place}" for struck in self.struck)
        return dict(sorted(counted.items()))
