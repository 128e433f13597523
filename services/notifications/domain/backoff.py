"""How long to wait before a channel is tried again."""

from datetime import timedelta
from typing import Final

_FIRST_WAIT_SECONDS: Final = 2.0
_LONGEST_WAIT_SECONDS: Final = 3600.0


def wait_seconds(tries: int) -> float:
    """Backoff before the next try: doubles from two seconds up to an hour."""
    return float(min(_FIRST_WAIT_SECONDS * 2 ** max(tries - 1, 0), _LONGEST_WAIT_SECONDS))


def wait_after(tries: int, at_least_seconds: float = 0.0) -> timedelta:
    """The backoff as a time span, never shorter than the gateway asked for."""
    return timedelta(seconds=max(wait_seconds(tries), at_least_seconds))
