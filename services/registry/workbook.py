"""Reads the first sheet of an XLSX workbook, whatever it holds, in bounded memory.

The library that reads sheets makes the whole area between the first and the last filled cell at once, and a copy of its
text for each cell: a small file can ask it for half a terabyte, which ends the process. So a workbook is unpacked and
measured first, and the library gets what was measured and nothing else, packed anew.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from chassis.errors import Unprocessable

MAGIC = b"PK\x03\x04"
LIMIT_UNPACKED_BYTES = 64_000_000
LIMIT_COLUMNS = 100
_LIMIT_DEPTH = 50
_LIMIT_DIGITS = 20
_PARTS_READ = (".xml", ".rels")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PLACE = re.compile(r"([A-Za-z]{0,3})([0-9]{1,7})")
_DIGITS_A_SPREADSHEET_KEEPS = 10**15


class FileUnreadable(Unprocessable):
    """Neither CSV text nor an XLSX workbook, or damaged, or protected by a password."""

    title = "The file cannot be read as CSV or XLSX"


class UnpacksTooLarge(Unprocessable):
    """A workbook is small only as long as it is packed; a text counts for each cell that shows it."""

    title = "The workbook is too large when unpacked"
    detail = "At most {limit_bytes} bytes unpacked: delete columns and sheets that are not needed, or split the list"


class TooManyRows(Unprocessable):
    """Split longer lists."""

    title = "The list has more rows than one import may have"
    detail = "At most {limit_rows} rows below the first, blank ones in between counted: split the list"


class TooManyColumns(Unprocessable):
    """Something stands far to the right of any list."""

    title = "The list has more columns than one import may have"
    detail = "At most {limit_columns} columns: delete those that are not needed"


def read_workbook(content: bytes, limit_rows: int) -> Iterator[list[str]]:
    """Cells of the first sheet's rows, from row 1 on; nothing stands further down than `limit_rows` below row 1.

    Raises `FileUnreadable`, `UnpacksTooLarge`, `TooManyRows`, `TooManyColumns` before the first row.
    """
    left_out: list[Unprocessable] = []
    try:
        measured = _measured(content, limit_rows, left_out)
        sheet = CalamineWorkbook.from_filelike(measured).get_sheet_by_index(0)
    except (CalamineError, expat.ExpatError, zipfile.BadZipFile, zlib.error, IndexError, OSError, RuntimeError):
        raise next(iter(left_out), FileUnreadable()) from None
    return ([_text(value) for value in row] for row in sheet.iter_rows())


def _measured(content: bytes, limit_rows: int, left_out: list[Unprocessable]) -> io.BytesIO:
    """The workbook without parts that are too large or unreadable: only the first sheet has to be there.

    What is too large, and what is built to be, is told in `left_out`.
    """
    result, measure = io.BytesIO(), _Measure(limit_rows)
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as checked:
        # Without the others no other kind of workbook is recognised, and those have other ways to be large.
        parts = {part.filename: part for part in given.infolist() if part.filename.lower().endswith(_PARTS_READ)}
        _require_small(sum(part.file_size for part in parts.values()))
        for name, part in parts.items():
            if part.compress_type not in _METHODS:
                raise FileUnreadable
            unpacked = given.read(part)
            try:
                measure.take(unpacked)
            except (TooManyRows, TooManyColumns, FileUnreadable) as error:
                left_out.append(error)
            except expat.ExpatError:
                # A part that is no sheet may be written in any way: what is not there is not read.
                continue
            else:
                checked.writestr(name, unpacked)
    _require_small(measure.text_length)
    result.seek(0)
    return result


def _require_small(size_bytes: int) -> None:
    if size_bytes > LIMIT_UNPACKED_BYTES:
        raise UnpacksTooLarge(limit_bytes=LIMIT_UNPACKED_BYTES)


class _Measure:
    """Goes through parts of a workbook as the library does, in any order: each may be a sheet or the shared texts."""

    def __init__(self, limit_rows: int) -> None:
        self._limit_rows = limit_rows
        self._lengths: list[int] = []
        self._shown: Counter[int] = Counter()

    def take(self, part: bytes) -> None:
        """Raises `TooManyRows`, `TooManyColumns`, `FileUnreadable`, ExpatError."""
        self._row = self._column = self._depth = 0
        self._at = (0, 0)
        self._within = self._kind = self._number = ""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._read
        parser.StartDoctypeDeclHandler = self._refuse_declarations
        self._texts = 0
        parser.Parse(part, True)

    @property
    def text_length(self) -> int:
        """Characters of the shared texts, each as often as a cell shows it."""
        return sum(
            count * self._lengths[number] for number, count in self._shown.items() if number < len(self._lengths)
        )

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _LIMIT_DEPTH:
            raise FileUnreadable
        local = name.rpartition(":")[2]
        if self._within == "c":
            # Only now: a cell that has a format and holds nothing takes no room.
            self._require_near()
            self._number = ""
        elif local == "row" and "r" in attributes:
            self._row = _place(attributes["r"])[0]
        elif local == "c":
            self._within, self._kind = "c", attributes.get("t", "")
            if "r" in attributes:
                self._at = _place(attributes["r"])
                self._column = self._at[1]
            else:
                self._at = (self._row, self._column)
        elif local == "si":
            self._within, self._texts = "si", self._texts + 1
            if len(self._lengths) < self._texts:
                self._lengths.append(0)

    def _end(self, name: str) -> None:
        self._depth -= 1
        local = name.rpartition(":")[2]
        if local == "row":
            self._row, self._column = self._row + 1, 0
        elif local == "v" and self._within == "c" and self._kind == "s":
            self._count_shown()
        elif local == self._within:
            self._within = ""
            self._column += local == "c"

    def _read(self, text: str) -> None:
        if self._within == "si":
            self._lengths[self._texts - 1] += len(text)
        elif self._within == "c" and self._kind == "s":
            self._number = (self._number + text)[:_LIMIT_DIGITS]

    def _count_shown(self) -> None:
        try:
            self._shown[int(self._number)] += 1
        except ValueError:
            raise FileUnreadable from None

    def _require_near(self) -> None:
        row, column = self._at
        if row > self._limit_rows:
            raise TooManyRows(limit_rows=self._limit_rows)
        if column >= LIMIT_COLUMNS:
            raise TooManyColumns(limit_columns=LIMIT_COLUMNS)

    def _refuse_declarations(self, *_: object) -> None:
        raise FileUnreadable


def _place(reference: str) -> tuple[int, int]:
    """Row and column of such as "B7" or "7", counted from zero."""
    found = _PLACE.fullmatch(reference)
    if found is None:
        raise FileUnreadable
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, float) and value.is_integer():
        # A spreadsheet keeps fifteen digits of a number, so the sixteenth of a NIK is gone: show it as what it is.
        return f"{value:.5E}" if value >= _DIGITS_A_SPREADSHEET_KEEPS else str(int(value))
    return str(value).strip()
