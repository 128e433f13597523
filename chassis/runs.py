"""A batch cut into lists of one kind, as few as the order of each key allows."""

from collections.abc import Iterable
from typing import Any

from chassis.events import Delivered


def cut_into_runs(events: Iterable[Delivered[Any]]) -> list[list[Delivered[Any]]]:
    """Group events of one type; run after run in order, no event overtakes an earlier one of its topic and key."""
    runs: list[list[Delivered[Any]]] = []
    newest_of_type: dict[str, int] = {}
    newest_with_key: dict[tuple[str, str], int] = {}
    for event in events:
        place = newest_of_type.get(event.type, -1)
        key = (event.topic, event.key)
        if place < 0 or place < newest_with_key.get(key, -1):
            place = len(runs)
            runs.append([])
            newest_of_type[event.type] = place
        runs[place].append(event)
        newest_with_key[key] = place
    return runs
