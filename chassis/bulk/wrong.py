"""What of an order is wrong, told to who sent it, and what may have been meant.

A wrong name is the sender's own text. It is repeated where it has the form of a name in the API description; of what
has not, and so may be a NIK or a person's name, `?` stands in its place.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

NEAREST_LIMIT = 3
UNTOLD = "?"

_NAME = re.compile(r"(?!.*[0-9]{4})[a-z_][a-zA-Z0-9_]{0,47}(\.[a-z_][a-zA-Z0-9_]{0,47}){0,4}")
_PATH_PART = re.compile(r"|[a-z][a-z_-]{0,47}|\{[a-z_]{1,48}\}")


def told(names: Iterable[str]) -> list[str]:
    """Names of fields or filters, as they may be repeated."""
    return [name if _NAME.fullmatch(name) else UNTOLD for name in names]


def told_path(path: str) -> str:
    """A route's path, as it may be repeated: not the id, or whatever it is, in place of a name in braces."""
    return "/".join(part if _PATH_PART.fullmatch(part) else UNTOLD for part in path.split("/"))


def nearest(path: str, known: Iterable[str]) -> list[str]:
    """The most similar of the known paths, best first; none where none is similar."""
    return get_close_matches(told_path(path), sorted(known), NEAREST_LIMIT)
