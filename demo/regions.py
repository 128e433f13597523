"""The five kecamatan of the scenario and the five villages chosen in each.

The kecamatan are those of Dinas Sosial Kabupaten Tegal's report of November 2023 (S4); which five villages of each
were meant is not published, so the choice here is illustrative.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

REGENCY_CODE: Final = "33.28"
BALAPULANG_CODE: Final = "33.28.04"
_FILE: Final = Path(__file__).parent / "data" / "kab-tegal-5-kecamatan.csv"
_CHOSEN_SUFFIXES: Final = ("2001", "2004", "2007", "2010", "2013")
"""Illustrative: one rule for all five kecamatan, so that the choice is seen to be one."""


@dataclass(frozen=True, slots=True)
class Village:
    """A desa with its Kemendagri code and its kecamatan's name."""

    code: str
    name: str
    kecamatan: str

    @property
    def kecamatan_code(self) -> str:
        """Kemendagri code of the kecamatan."""
        return self.code.rsplit(".", 1)[0]


@cache
def villages() -> tuple[Village, ...]:
    """The 25 villages of the scenario, five in each kecamatan, in the order of their codes."""
    return tuple(
        Village(row["code"], row["name"], row["kecamatan"])
        for row in _rows()
        if row["level"] == "desa" and row["code"].endswith(_CHOSEN_SUFFIXES)
    )


@cache
def kecamatan_names() -> dict[str, str]:
    """Names of the five kecamatan by code."""
    return {row["code"]: row["name"] for row in _rows() if row["level"] == "kecamatan"}


def _rows() -> list[dict[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
