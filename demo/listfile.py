"""The P3KE list of the scenario as the file an officer uploads: 320 rows, twelve of them wrong in twelve ways."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Final

import xlsxwriter

from demo.calendar import COOKERY
from demo.people import NO_SUCH_KECAMATAN, Part, Person, nik, people
from demo.regions import villages

LIST_SOURCE: Final = "p3ke"
LIST_VERSION: Final = "2023-tahap-1"
"""Illustrative."""
LIST_DATED_ON: Final = date(2023, 9, 29)

COLUMNS: Final = (
    *("nik", "no_kk", "nama", "tanggal_lahir", "jenis_kelamin", "status_kawin", "alamat", "kode_desa", "no_hp"),
    *("desil", "pkh", "sembako", "padan_dukcapil"),
)

Row = dict[str, str]

_WRONG_EVERY_ROWS: Final = 26


def _row(person: Person) -> Row:
    return {
        "nik": person.nik,
        "no_kk": person.family_card,
        "nama": person.name,
        "tanggal_lahir": person.birth_date.strftime("%d-%m-%Y"),
        "jenis_kelamin": "P" if person.woman else "L",
        "status_kawin": "kawin",
        "alamat": person.address,
        "kode_desa": person.village.code,
        "no_hp": person.phone or "",
        "desil": str(person.decile),
        "pkh": _yes(person.pkh),
        "sembako": _yes(person.sembako),
        "padan_dukcapil": "padan",
    }


def _yes(value: bool) -> str:
    return "ya" if value else "tidak"


def _extra(number: int, birth_date: date = date(1988, 8, 17)) -> Person:
    return Person(
        nik=nik(birth_date, woman=True, serial=9000 + number),
        family_card=f"{NO_SUCH_KECAMATAN}170815{9000 + number:04d}",
        name=f"Baris Salah {number}",
        woman=True,
        birth_date=birth_date,
        village=villages()[number % len(villages())],
        address="RT 001 RW 001",
        phone=None,
        decile=1,
        pkh=False,
        sembako=False,
        part=Part.RESERVE,
        course_code=COOKERY,
        class_code=None,
    )


@cache
def refused_rows() -> dict[str, Row]:
    """Twelve rows that the registry refuses, by its code of the reason; each is wrong in one way only."""
    child = _extra(10, date(2009, 3, 2))
    changes: dict[str, Row] = {
        "nik_missing": {"nik": ""},
        "nik_not_16_digits": {"nik": _extra(2).nik[:-1]},
        "number_lost_its_last_digit": {"nik": "3,32899E+15"},
        "nik_birth_part_impossible": {"nik": f"{NO_SUCH_KECAMATAN}3213889004"},
        "nik_twice_in_list": _same_birth(people()[0]),
        "family_card_missing": {"no_kk": ""},
        "family_card_not_16_digits": {"no_kk": _extra(7).family_card + "1"},
        "name_empty": {"nama": ""},
        "birth_date_invalid": {"tanggal_lahir": "31-02-1988"},
        "not_adult": {**_row(child), "status_kawin": "belum kawin"},
        "village_unknown": {"kode_desa": "33.28.99.2001"},
        "decile_out_of_range": {"desil": "11"},
    }
    return {code: _row(_extra(number)) | change for number, (code, change) in enumerate(changes.items(), start=1)}


def _same_birth(person: Person) -> Row:
    return {key: _row(person)[key] for key in ("nik", "tanggal_lahir", "jenis_kelamin")}


@cache
def rows() -> tuple[Row, ...]:
    """All 320 rows: a wrong one after every 26 right ones."""
    return tuple(_mixed())


def _mixed() -> Iterator[Row]:
    wrong = iter(refused_rows().values())
    for number, person in enumerate(people(), start=1):
        yield _row(person)
        if number % _WRONG_EVERY_ROWS == 0:
            yield from (row for row in (next(wrong, None),) if row)
    yield from wrong


def as_csv() -> bytes:
    """The list as CSV, UTF-8, separated by commas."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows())
    return text.getvalue().encode()


def as_xlsx() -> bytes:
    """The list as a spreadsheet with every cell formatted as text, so that no NIK loses a digit."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False}) as book:
        # Without a date of its own the file would differ from run to run, and count as another list.
        book.set_properties({"created": datetime.combine(LIST_DATED_ON, time())})
        sheet = book.add_worksheet("P3KE")
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(COLUMNS) - 1, 20, text)
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows(), start=1):
            for place, column in enumerate(COLUMNS):
                sheet.write_string(number, place, row[column], text)
    return content.getvalue()
