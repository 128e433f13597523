"""Reads an uploaded targeting list, CSV or XLSX, into rows of known columns.

A list is recognised by its content, never by its name. Unknown columns are not kept (UU 27/2022: the minimum),
and never named in an error: a file without a header row would name people.
"""

import csv
import io
import re
import string
from collections.abc import Iterator, Sequence
from itertools import islice

from chassis.errors import Unprocessable
from services.registry.domain.findings import Column
from services.registry.domain.list_row import RawRow
from services.registry.workbook import (
    LIMIT_COLUMNS,
    MAGIC,
    FileUnreadable,
    TooManyColumns,
    TooManyRows,
    read_workbook,
)

_ALIASES: dict[str, Column] = {
    "nik": Column.NIK,
    "nomor_induk_kependudukan": Column.NIK,
    "no_kk": Column.FAMILY_CARD,
    "nokk": Column.FAMILY_CARD,
    "nomor_kk": Column.FAMILY_CARD,
    "kk": Column.FAMILY_CARD,
    "nomor_kartu_keluarga": Column.FAMILY_CARD,
    "nama": Column.NAME,
    "nama_lengkap": Column.NAME,
    "tanggal_lahir": Column.BIRTH_DATE,
    "tgl_lahir": Column.BIRTH_DATE,
    "jenis_kelamin": Column.SEX,
    "jk": Column.SEX,
    "l_p": Column.SEX,
    "status_kawin": Column.MARITAL_STATUS,
    "status_perkawinan": Column.MARITAL_STATUS,
    "alamat": Column.ADDRESS,
    "kode_desa": Column.VILLAGE,
    "kode_desa_kelurahan": Column.VILLAGE,
    "kode_kelurahan": Column.VILLAGE,
    "kode_wilayah": Column.VILLAGE,
    "no_hp": Column.PHONE,
    "nohp": Column.PHONE,
    "no_telepon": Column.PHONE,
    "telepon": Column.PHONE,
    "hp": Column.PHONE,
    "surel": Column.EMAIL,
    "email": Column.EMAIL,
    "e_mail": Column.EMAIL,
    "alamat_surel": Column.EMAIL,
    "desil": Column.DECILE,
    "desil_kesejahteraan": Column.DECILE,
    "pkh": Column.PKH,
    "penerima_pkh": Column.PKH,
    "sembako": Column.SEMBAKO,
    "bpnt": Column.SEMBAKO,
    "penerima_sembako": Column.SEMBAKO,
    "padan_dukcapil": Column.POPULATION_MATCH,
}
REQUIRED = (
    Column.NIK,
    Column.FAMILY_CARD,
    Column.NAME,
    Column.BIRTH_DATE,
    Column.VILLAGE,
    Column.DECILE,
)
"""Columns without which a list cannot be checked; the others may be left out."""


class ColumnsMissing(Unprocessable):
    """The first row must name the columns."""

    title = "Required columns are missing from the first row"


class ColumnTwice(Unprocessable):
    """Two headers mean the same column."""

    title = "A column is named twice in the first row"


class ListEmpty(Unprocessable):
    """A header row alone is no list."""

    title = "The list has no rows"


class CellTooLong(Unprocessable):
    """Mostly a quotation mark that nothing closes: all that follows is one cell."""

    title = "A cell holds more text than a cell may have"
    detail = "At most {limit_characters} characters; look for a quotation mark that is not closed"


def read_list(content: bytes, limit_rows: int) -> list[RawRow]:
    """Rows below the header, numbered as the spreadsheet numbers them; blank rows are skipped, not renumbered.

    Nothing may stand further down than `limit_rows` below the first row. Raises `FileUnreadable`, `ColumnsMissing`,
    `ColumnTwice`, `ListEmpty`, `TooManyRows`, `TooManyColumns`, `CellTooLong`, `UnpacksTooLarge`.
    """
    records = read_workbook(content, limit_rows) if content.startswith(MAGIC) else _csv(content, limit_rows)
    filled = ((number, record) for number, record in enumerate(records, start=1) if any(record))
    columns: dict[int, Column] | None = None
    rows: list[RawRow] = []
    for number, record in filled:
        if columns is None:
            columns = _columns(record)
            continue
        cells = {column: record[at] for at, column in columns.items() if at < len(record) and record[at]}
        rows.append(RawRow(number, cells))
    if not rows:
        raise ListEmpty
    return rows


def _columns(header: Sequence[str]) -> dict[int, Column]:
    columns: dict[int, Column] = {}
    for at, name in enumerate(header):
        column = _ALIASES.get(re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"))
        if column is None:
            continue
        if column in columns.values():
            raise ColumnTwice(column=column.value)
        columns[at] = column
    missing = [column.value for column in REQUIRED if column not in columns.values()]
    if missing:
        raise ColumnsMissing(columns=missing)
    return columns


def _csv(content: bytes, limit_rows: int) -> Iterator[list[str]]:
    text = _decoded(content)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(";,\t", key=first_line.count)
    lines = io.StringIO(text)
    try:
        for record in islice(csv.reader(lines, delimiter=delimiter), limit_rows + 1):
            if any(map(str.strip, islice(record, LIMIT_COLUMNS, None))):
                raise TooManyColumns(limit_columns=LIMIT_COLUMNS)
            yield [cell.strip() for cell in record[:LIMIT_COLUMNS]]
    except csv.Error as error:
        if "field limit" in str(error):
            raise CellTooLong(limit_characters=csv.field_size_limit()) from None
        raise FileUnreadable from None
    # Spreadsheets save blank rows below the list, and those are none too many.
    if lines.read().strip(string.whitespace + '";,'):
        raise TooManyRows(limit_rows=limit_rows)


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, UTF-16 with one, else what Windows spreadsheets save as "ANSI"."""
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileUnreadable
