"""The spread of each side's rounds as a picture."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

LEFT, RIGHT, LINE_HEIGHT, TOP = 220, 700, 34, 40
COLOURS: Final = {"floor": "#6b7280", "chassis": "#0f766e"}


def spread_svg(title: str, unit: str, found: Mapping[str, Mapping[str, float]]) -> str:
    """Minimum, median and maximum of each side as a bar with a tick, on one scale from zero."""
    most = max(spread["max"] for spread in found.values())
    height = TOP + LINE_HEIGHT * len(found) + 10

    def at(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * value / most, 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{RIGHT + 120}" height="{height}" font-family="sans-serif" '
        'font-size="13">',
        f'<text x="10" y="22" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (side, spread) in enumerate(found.items()):
        y = TOP + LINE_HEIGHT * place
        colour = COLOURS.get(side.split(",")[0], "#334155")
        low, middle, high = at(spread["min"]), at(spread["median"]), at(spread["max"])
        lines += [
            f'<text x="10" y="{y + 16}">{escape(side)}</text>',
            f'<rect x="{LEFT}" y="{y + 4}" width="{low - LEFT:.1f}" height="16" fill="{colour}" opacity="0.35"/>',
            f'<rect x="{low}" y="{y + 4}" width="{max(high - low, 1):.1f}" height="16" fill="{colour}" opacity="0.7"/>',
            f'<line x1="{middle}" y1="{y}" x2="{middle}" y2="{y + 24}" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{high + 6}" y="{y + 16}">{spread["median"]:.4g} {escape(unit)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
