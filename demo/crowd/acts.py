"""What users did: every request that was acknowledged, with what they meant by it. The oracle knows nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """One acknowledged request. Ids are texts; `people` are the registry's ids of whom it concerns."""

    kind: str
    """The user's word for it, such as `handed_over`; the oracle's model knows these words."""
    people: tuple[str, ...]
    details: Mapping[str, Any]
    service: str
    path: str
    key: str
    """Its Idempotency-Key."""
    answer: str
    """The id that the service answered."""


@dataclass(slots=True)
class Journal:
    """The acknowledged acts of a run, in the order of their acknowledgement."""

    acts: list[Act] = field(default_factory=list)

    def add(self, act: Act) -> None:
        """Remember an acknowledged act."""
        self.acts.append(act)

    def of(self, *kinds: str) -> Iterator[Act]:
        """The acts of these kinds."""
        return (act for act in self.acts if act.kind in kinds)

    def known_keys(self) -> set[str]:
        """Event keys that these acts may have caused: people and every id answered."""
        return {act.answer for act in self.acts} | {person for act in self.acts for person in act.people}


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in lists of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
