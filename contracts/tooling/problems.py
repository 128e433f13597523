"""How every contract check says what it found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where, as a JSON path into the message (`$.items[].quantity`), and why, in one sentence."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    def of(self, contract: str) -> str:
        """The finding with the name of the contract it was made in."""
        return f"{contract} {self}"
