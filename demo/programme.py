"""The programme of the scenario: budget, packages and their items. Everything about money here is illustrative."""

from typing import Any, Final

from demo.calendar import COOKERY, GOATS, SEWING

CODE: Final = "tegal-uep-2023"
FISCAL_YEAR: Final = 2023
BUDGET_RUPIAH: Final = 1_250_000_000
HIGHEST_DECILE: Final = 3
DECREE_NUMBER: Final = "460/1123/XI/2023"
"""Illustrative."""

RECIPIENTS: Final = {COOKERY: 128, SEWING: 42, GOATS: 128}
"""S4: who was trained; that all of them received is illustrative."""

PACKAGE_CODES: Final = {COOKERY: "paket-tata-boga", SEWING: "paket-menjahit", GOATS: "paket-kambing"}

_ITEMS: Final[dict[str, tuple[tuple[str, str, int, int], ...]]] = {
    COOKERY: (
        ("kompor-gas", "Kompor gas dua tungku", 1, 450_000),
        ("tabung-gas", "Tabung gas 3 kg", 1, 250_000),
        ("wajan", "Wajan besar", 2, 175_000),
        ("panci-kukus", "Panci kukus", 1, 350_000),
        ("mixer", "Mixer", 1, 600_000),
        ("bahan-kue", "Bahan kue awal", 1, 1_000_000),
    ),
    SEWING: (
        ("mesin-jahit", "Mesin jahit portabel", 1, 3_200_000),
        ("kain", "Kain (rol)", 2, 450_000),
        ("alat-jahit", "Perlengkapan jahit", 1, 400_000),
    ),
    GOATS: (
        ("kambing-betina", "Kambing betina", 2, 1_600_000),
        ("pakan", "Pakan konsentrat 50 kg", 1, 450_000),
        ("obat-ternak", "Obat dan vitamin", 1, 350_000),
    ),
}
_NAMES: Final = {COOKERY: "Paket usaha tata boga", SEWING: "Paket usaha menjahit", GOATS: "Paket ternak kambing"}


def price_rupiah(course: str) -> int:
    """Price of a course's package."""
    return sum(quantity * price for _, _, quantity, price in _ITEMS[course])


def items(course: str) -> list[dict[str, Any]]:
    """Lines of a course's package."""
    return [
        {"item_code": code, "name": name, "quantity": quantity, "unit_price_rupiah": price}
        for code, name, quantity, price in _ITEMS[course]
    ]


def packages() -> list[dict[str, Any]]:
    """All packages as a programme is opened with."""
    return [
        {
            "code": PACKAGE_CODES[course],
            "name": _NAMES[course],
            "course_code": course,
            "unit_price_rupiah": price_rupiah(course),
            "planned_count": count,
            "items": items(course),
        }
        for course, count in RECIPIENTS.items()
    ]


def total_rupiah() -> int:
    """What the 298 packages cost."""
    return sum(count * price_rupiah(course) for course, count in RECIPIENTS.items())
