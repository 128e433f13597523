"""A batch cut into lists of one kind, as few as the order of each key allows."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from chassis.events import Delivered

EventT = TypeVar("EventT", bound=Delivered[Any])


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


def in_turn(events: Iterable[EventT], concerned: Callable[[EventT], Iterable[Hashable]]) -> list[list[EventT]]:
    """Cut a run so that no list concerns anything twice; what concerns the same stays in order.

    For handlers that weigh a state of several events at once: which of them cause what must not depend on how the log
    was cut into batches, or the same log heard again would tell something else.
    """
    turns: list[list[EventT]] = []
    latest: dict[Hashable, int] = {}
    for event in events:
        names = list(concerned(event))
        turn = 1 + max((latest.get(name, -1) for name in names), default=-1)
        latest.update(dict.fromkeys(names, turn))
        if turn == len(turns):
            turns.append([])
        turns[turn].append(event)
    return turns
