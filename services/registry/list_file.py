"""Reads an uploaded targeting list, CSV or XLSX, into rows of known columns.

A list is recognised by its content, never by its name. Unknown columns are not kept (UU 27/2022: the minimum),
and never named in an error: a file without a header row would name people.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from chassis.errors import Unprocessable
from services.registry.domain.findings import Column
from services.registry.domain.list_row import RawRow

_XLSX_MAGIC = b"PK\x03\x04"
_UNPACKED_LIMIT_BYTES = 200_000_000
_DIGITS_A_SPREADSHEET_KEEPS = 10**15
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


class FileUnreadable(Unprocessable):
    """Neither CSV text nor an XLSX workbook, or damaged, or protected by a password."""

    title = "The file cannot be read as CSV or XLSX"


class ColumnsMissing(Unprocessable):
    """The first row must name the columns."""

    title = "Required columns are missing from the first row"


class ColumnTwice(Unprocessable):
    """Two headers mean the same column."""

    title = "A column is named twice in the first row"


class ListEmpty(Unprocessable):
    """A header row alone is no list."""

    title = "The list has no rows"


class TooManyRows(Unprocessable):
    """Split longer lists."""

    title = "The list has more rows than one import may have"


def read_list(content: bytes, limit_rows: int) -> list[RawRow]:
    """Rows below the header, numbered as the spreadsheet numbers them; blank rows are skipped, not renumbered.

    Raises `FileUnreadable`, `ColumnsMissing`, `ColumnTwice`, `ListEmpty`, `TooManyRows`.
    """
    records = _xlsx(content) if content.startswith(_XLSX_MAGIC) else _csv(content)
    numbered = [(number, record) for number, record in enumerate(records, start=1) if any(record)]
    if not numbered:
        raise ListEmpty
    columns = _columns(numbered[0][1])
    rows = [
        RawRow(number, {column: record[at] for at, column in columns.items() if at < len(record) and record[at]})
        for number, record in numbered[1:]
    ]
    if not rows:
        raise ListEmpty
    if len(rows) > limit_rows:
        raise TooManyRows(rows_count=len(rows), limit_rows=limit_rows)
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


def _csv(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(";,\t", key=first_line.count)
    try:
        return [[cell.strip() for cell in record] for record in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        raise FileUnreadable from None


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


def _xlsx(content: bytes) -> Iterable[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _UNPACKED_LIMIT_BYTES:
            raise FileUnreadable(unpacked_bytes=unpacked)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        return [[_cell(value) for value in record] for record in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError):
        raise FileUnreadable from None


def _cell(value: object) -> str:
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
