"""The figures of the scenario: what each must be, what it is."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, compared."""

    stage: str
    name: str
    expected: Any
    actual: Any

    @property
    def right(self) -> bool:
        """Whether it is as it must be."""
        return bool(self.expected == self.actual)


@dataclass(slots=True)
class Figures:
    """All figures compared so far."""

    items: list[Figure] = field(default_factory=list)

    def compare(self, stage: str, name: str, actual: Any, expected: Any) -> None:
        """Note a figure; the scenario goes on, the end tells."""
        self.items.append(Figure(stage, name, expected, actual))

    @property
    def wrong(self) -> list[Figure]:
        """Those that are off."""
        return [figure for figure in self.items if not figure.right]

    def as_json(self) -> list[dict[str, Any]]:
        """For the report."""
        return [
            {"stage": one.stage, "figure": one.name, "expected": one.expected, "actual": one.actual, "right": one.right}
            for one in self.items
        ]
