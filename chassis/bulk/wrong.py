"""What of an order is wrong, told to who sent it, and what may have been meant.

A wrong name is the sender's own text: it is repeated where it comes near one that there is, as a slip of the finger
does. For what does not, and so may be a NIK or a person's name, `?` stands.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

NEAREST_LIMIT = 3
UNTOLD = "?"


def told(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Names, as they may be repeated to who took them for some of the known ones."""
    return [name if get_close_matches(name, known, 1) else UNTOLD for name in names]


def told_path(path: str, known: Iterable[str]) -> str:
    """A path, as it may be repeated to who took it for one of the known ones: part by part."""
    return "/".join(told(path.split("/"), {part for each in known for part in each.split("/")}))


def nearest(path: str, known: Collection[str]) -> list[str]:
    """The most similar of the known paths, best first; none where none is similar."""
    return get_close_matches(told_path(path, known), sorted(known), NEAREST_LIMIT)
