"""Synthetic targeting lists with the faults that real ones have, and what must become of their rows.

NIKs use the kecamatan code 332899, which does not exist: nobody has them.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

LIST_ROWS: Final = 20_000
"""The most that the registry takes in one list."""
LIST_SOURCE, LIST_VERSION, LIST_DATED_ON = "p3ke", "2022-tahap-2", date(2023, 9, 1)
ACT: Final = {"occurred_on": "2023-10-02", "late_entry_reason": "historical_data"}
HEADER: Final = (
    "nik", "no_kk", "nama", "tanggal_lahir", "jenis_kelamin", "status_kawin", "alamat", "kode_desa", "no_hp",
    "surel", "desil", "pkh", "sembako", "padan_dukcapil",
)  # fmt: skip
_FIRST_DAY, _DAYS = date(1960, 1, 1), 14_000
_VILLAGES: Final = tuple(f"33.28.02.20{number:02d}" for number in range(1, 19))
_REFUSED: Final = (
    {"nik": ""}, {"nik": "12345"}, {"nik": "3,32899E+15"}, {"no_kk": "12"}, {"nama": ""},
    {"tanggal_lahir": "tidak tahu"}, {"tanggal_lahir": "2010-01-31", "status_kawin": "Belum kawin"},
    {"kode_desa": "99.99.99.9999"}, {"desil": ""}, {"desil": "11"},
)  # fmt: skip
_WARNED: Final = ({"no_hp": "0812"}, {"surel": "tanpa-domain"}, {"jenis_kelamin": "X"}, {"tanggal_lahir": "1961-05-17"})


@dataclass(frozen=True, slots=True)
class Lists:
    """Files to import one after the other, and how many of their rows shall end how."""

    files: tuple[Path, ...]
    rows_count: int
    registered_count: int
    known_count: int
    refused_count: int


def make_lists(folder: Path, rows_count: int) -> Lists:
    """Write the lists, two or more. 5 % of the rows repeat one of their own list, some more one of the list before."""
    files_count = max(2, -(-rows_count // LIST_ROWS))
    size = rows_count // files_count
    files, outcomes = [], {"registered": 0, "known": 0, "refused": 0}
    before: list[dict[str, str]] = []
    for number in range(files_count):
        rows, good = [], []
        for row, outcome in _rows(number * size, size, before):
            rows.append(row)
            outcomes[outcome] += 1
            if outcome == "registered":
                good.append(row)
        files.append(folder / f"list-{rows_count}-{number}.csv")
        files[-1].write_bytes(_csv(rows))
        before = good
    return Lists(tuple(files), size * files_count, outcomes["registered"], outcomes["known"], outcomes["refused"])


def _rows(first: int, size: int, before: list[dict[str, str]]) -> Iterator[tuple[dict[str, str], str]]:
    earlier: dict[str, str] = {}
    for place in range(size):
        row = _row(first + place)
        if place % 20 == 9:
            yield earlier, "refused"
        elif place % 40 == 19 and before:
            other_family = place % 80 == 19
            changed = {"no_kk": _sixteen(first + place, 99)} if other_family else {}
            yield before[place // 40] | changed, "refused" if other_family else "known"
        elif place % 50 == 7:
            yield row | _REFUSED[place // 50 % len(_REFUSED)], "refused"
        else:
            earlier = row | (_WARNED[place // 33 % len(_WARNED)] if place % 33 == 5 else {})
            yield earlier, "registered"


def _row(serial: int) -> dict[str, str]:
    born_on = _FIRST_DAY + timedelta(days=serial % _DAYS)
    female = serial % 3 > 0
    day = born_on.day + (40 if female else 0)
    family = serial - serial % 10 if serial % 10 < 2 else serial
    return {
        "nik": f"332899{day:02d}{born_on:%m%y}{serial // _DAYS:04d}",
        "no_kk": _sixteen(family, 1),
        "nama": f"Warga Sintetis {serial}",
        "tanggal_lahir": f"{born_on:%d-%m-%Y}" if serial % 2 else born_on.isoformat(),
        "jenis_kelamin": "P" if female else "L",
        "status_kawin": "Kawin" if serial % 4 else "Belum kawin",
        "alamat": f"RT {serial % 10} RW {serial % 7}",
        "kode_desa": _VILLAGES[family % len(_VILLAGES)],
        "no_hp": f"0812{serial:08d}" if serial % 5 else "",
        "surel": f"warga{serial}@contoh.id" if serial % 20 == 0 else "",
        "desil": str(1 + serial % 4),
        "pkh": "ya" if family % 3 == 0 else "tidak",
        "sembako": "ya" if family % 2 == 0 else "tidak",
        "padan_dukcapil": "sesuai" if serial % 6 else "",
    }


def _sixteen(serial: int, group: int) -> str:
    return f"332899{group:02d}{serial:08d}"


def _csv(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
