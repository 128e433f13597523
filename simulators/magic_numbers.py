"""How the simulated gateway treats a number: by its last five digits, like the magic recipients of real gateways.

Every other number is treated by a seeded rule on the client reference, so that a run can be repeated exactly.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Reaction(StrEnum):
    """What the gateway answers to the request itself."""

    ACCEPT = "accept"
    DEAD_NUMBER = "dead_number"
    REFUSE = "refuse"
    THROTTLE_TWICE = "throttle_twice"
    UNAVAILABLE_TWICE = "unavailable_twice"
    ACCEPT_BUT_FAIL = "accept_but_fail"
    """The message is taken, the answer is a 500: the sender cannot know."""
    ACCEPT_BUT_HANG = "accept_but_hang"
    """The message is taken, the answer comes after every sensible time-out."""


class Receipts(StrEnum):
    """How receipts reach the callback."""

    ONCE = "once"
    LATE = "late"
    REPEATED = "repeated"
    LOST = "lost"
    OUT_OF_ORDER = "out_of_order"
    """`delivered` first, the `accepted` that precedes it afterwards."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """Everything that happens to one message; `final` None: it never ends."""

    reaction: Reaction = Reaction.ACCEPT
    receipts: Receipts = Receipts.ONCE
    final: str | None = "delivered"


_PLAIN: Final = Treatment()
MAGIC_ENDINGS: Final[dict[str, Treatment]] = {
    "99000": _PLAIN,
    "99001": replace(_PLAIN, reaction=Reaction.DEAD_NUMBER),
    "99002": replace(_PLAIN, final="undeliverable"),
    "99003": replace(_PLAIN, receipts=Receipts.LOST),
    "99004": replace(_PLAIN, receipts=Receipts.LATE),
    "99005": replace(_PLAIN, receipts=Receipts.REPEATED),
    "99006": replace(_PLAIN, reaction=Reaction.THROTTLE_TWICE),
    "99007": replace(_PLAIN, reaction=Reaction.UNAVAILABLE_TWICE),
    "99008": replace(_PLAIN, reaction=Reaction.ACCEPT_BUT_HANG),
    "99009": replace(_PLAIN, reaction=Reaction.ACCEPT_BUT_FAIL),
    "99010": replace(_PLAIN, receipts=Receipts.OUT_OF_ORDER),
    "99011": replace(_PLAIN, receipts=Receipts.LOST, final=None),
    "99012": replace(_PLAIN, reaction=Reaction.REFUSE),
    "99013": replace(_PLAIN, receipts=Receipts.LOST, final="undeliverable"),
}


@dataclass(frozen=True, slots=True)
class Shares:
    """How many of a thousand ordinary messages have late, repeated, lost, or failing receipts."""

    late_per_mille: int = 50
    repeated_per_mille: int = 30
    lost_per_mille: int = 20
    failed_per_mille: int = 0


def treatment(to: str, reference: str, seed: str, shares: Shares) -> Treatment:
    """How this message is treated: the number's magic ending, else the seeded lot of its reference."""
    magic = MAGIC_ENDINGS.get(to[-5:])
    if magic is not None:
        return magic
    lot = int.from_bytes(hashlib.sha256(f"{seed}/{reference}".encode()).digest()[:4], "big") % 1000
    for share, special in (
        (shares.failed_per_mille, replace(_PLAIN, final="undeliverable")),
        (shares.lost_per_mille, replace(_PLAIN, receipts=Receipts.LOST)),
        (shares.late_per_mille, replace(_PLAIN, receipts=Receipts.LATE)),
        (shares.repeated_per_mille, replace(_PLAIN, receipts=Receipts.REPEATED)),
    ):
        if lot < share:
            return special
        lot -= share
    return _PLAIN
