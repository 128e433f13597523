"""Length of a short message as networks count and bill it (3GPP TS 23.038)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """Alphabet of a short message; one character outside GSM-7 makes the whole message UCS-2."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class SmsSize:
    """Size of one text: `units` are septets in GSM-7 and 16-bit units in UCS-2."""

    encoding: Encoding
    units: int
    segments: int


def measure(text: str) -> SmsSize:
    """Count units and segments: 160 (then 153 each) in GSM-7, 70 (then 67 each) in UCS-2."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        units = sum(2 if char in _EXTENDED else 1 for char in text)
        return SmsSize(Encoding.GSM7, units, _segments(units, single=160, joined=153))
    units = len(text.encode("utf-16-be")) // 2
    return SmsSize(Encoding.UCS2, units, _segments(units, single=70, joined=67))


def _segments(units: int, *, single: int, joined: int) -> int:
    return 1 if units <= single else -(-units // joined)
