"""Small files that ask for very much: refused in words that name the limit, in bounded memory and time."""

import io
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from services.registry.list_file import read_list
from tests.registry.builders import HEADER, cells, csv_list, xlsx_list

LIMIT_SECONDS = 60
MEMORY_BYTES = 1_000_000_000
READ = """
import sys
from chassis.errors import Refusal
from services.registry.list_file import read_list
try:
    print(len(read_list(sys.stdin.buffer.read(), 20_000)), "rows")
except Refusal as refusal:
    print(refusal.code, refusal.facts)
"""


def read_in_bounds(content: bytes) -> str:
    """What came of reading the file in a process of its own: what a failed allocation ends is not the test run."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    ended = subprocess.run(
        [sys.executable, "-c", READ],
        input=content,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
        preexec_fn=bounded,
    )
    return ended.stdout.decode().strip() or f"ended with {ended.returncode}: {ended.stderr[:200]!r}"


def sheet_with(*far: tuple[int, int]) -> bytes:
    """A list of one row, and further cells anywhere."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, [str(cells(1)[name]) for name in HEADER])
        for row, column in far:
            sheet.write(row, column, "x")
    return out.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in given.namelist():
            changed.writestr(name, change(given.read(name)) if name == part else given.read(name))
    return out.getvalue()


def without_places(content: bytes) -> bytes:
    """Many cells in one row that do not say where they are: each is right of the last one."""
    cells = b"<c><v>1</v></c>" * 200
    return changed(
        content,
        "xl/worksheets/sheet1.xml",
        lambda sheet: sheet.replace(b"</sheetData>", b"<row>%b</row></sheetData>" % cells),
    )


def with_one_text_everywhere() -> bytes:
    """A long text kept once and shown by a hundred thousand cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for row in range(2000):
            sheet.write_row(row, 0, ["x" * 30_000] * 50)
    return out.getvalue()


def deep(part: str, levels: int = 1_000_000) -> bytes:
    return changed(sheet_with(), part, lambda _: b"<a>" * levels + b"</a>" * levels)


def bomb() -> bytes:
    return changed(sheet_with(), "xl/worksheets/sheet1.xml", lambda _: b" " * 64_000_001)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "far corner": (lambda: sheet_with((1_048_575, 16_383)), "too-many-rows {'limit_rows': 20000}"),
    "far row": (lambda: sheet_with((20_001, 0)), "too-many-rows {'limit_rows': 20000}"),
    "far column": (lambda: sheet_with((1, 100)), "too-many-columns {'limit_columns': 100}"),
    "near enough": (lambda: sheet_with((20_000, 99)), "2 rows"),
    "cells without places": (lambda: without_places(sheet_with()), "too-many-columns {'limit_columns': 100}"),
    "one text everywhere": (with_one_text_everywhere, "unpacks-too-large {'limit_bytes': 64000000}"),
    "deep sheet": (lambda: deep("xl/worksheets/sheet1.xml"), "file-unreadable {}"),
    "deep elsewhere": (lambda: deep("docProps/app.xml"), "1 rows"),
    "bomb": (bomb, "unpacks-too-large {'limit_bytes': 64000000}"),
    "newlines": (lambda: csv_list(cells(1)) + b"\n" * 8_000_000, "1 rows"),
    "newlines and a row": (
        lambda: csv_list(cells(1)) + b"\n" * 8_000_000 + b"x",
        "too-many-rows {'limit_rows': 20000}",
    ),
    "delimiters": (lambda: b";" * 8_000_000, "list-empty {}"),
    "wide row": (lambda: csv_list() + b"x;" * 4_000_000, "too-many-columns {'limit_columns': 100}"),
    "open quotation": (lambda: csv_list() + b'"' + b"x" * 8_000_000, "cell-too-long {'limit_characters': 131072}"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_file_asks_for_no_more_than_the_limits_allow(name: str) -> None:
    make, told = HOSTILE[name]
    content = make()
    assert len(content) < 8_100_000
    assert read_in_bounds(content) == told


def test_another_sheet_may_be_larger_than_a_list() -> None:
    """Villages of the whole country behind the list."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        first, second = workbook.add_worksheet(), workbook.add_worksheet()
        first.write_row(0, 0, HEADER)
        first.write_row(1, 0, [str(cells(1)[name]) for name in HEADER])
        second.write(1_000, 1_000, "x")
    assert len(read_list(out.getvalue(), 10)) == 1


@pytest.mark.parametrize("part", ['<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"), b"not XML"])
def test_a_part_that_is_no_sheet_may_be_written_otherwise(part: bytes) -> None:
    """By a program that writes an older encoding, or anything."""
    assert len(read_list(changed(sheet_with(), "docProps/app.xml", lambda _: part), 10)) == 1


def test_cells_that_only_have_a_format_take_no_room() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet, as_text = workbook.add_worksheet(), workbook.add_format({"num_format": "@"})
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, [str(cells(1)[name]) for name in HEADER])
        sheet.write_blank(5_000, 500, None, as_text)
    assert len(read_list(out.getvalue(), 10)) == 1


def test_what_spreadsheets_save_is_read_the_same_without_places() -> None:
    """Cells may leave out where they are."""
    rows: list[dict[str, Any]] = [cells(serial, surel="a@example.org") for serial in range(3)]
    content = xlsx_list(*rows)
    bare = changed(content, "xl/worksheets/sheet1.xml", _without_references)
    assert read_list(bare, 10) == read_list(content, 10)


def _without_references(sheet: bytes) -> bytes:
    return re.sub(rb' r="[A-Z]*[0-9]+"', b"", sheet)
