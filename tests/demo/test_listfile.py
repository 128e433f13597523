"""The uploaded list has 320 rows, and CSV and XLSX say the same."""

import csv
import io
import time

from python_calamine import CalamineWorkbook

from demo.listfile import COLUMNS, as_csv, as_xlsx, refused_rows, rows
from demo.people import people


def test_three_hundred_and_twenty_rows_twelve_of_them_wrong() -> None:
    assert len(rows()) == 320
    assert len(refused_rows()) == 12
    right = {person.nik for person in people()}
    assert sum(row["nik"] in right for row in rows()) == 309, "308 right rows and one that repeats a NIK"


def test_csv_reads_back() -> None:
    read = list(csv.DictReader(io.StringIO(as_csv().decode())))
    assert read == list(rows())


def test_the_file_is_the_same_at_every_run() -> None:
    first = as_xlsx()
    time.sleep(1.1)
    assert as_xlsx() == first


def test_xlsx_keeps_every_digit() -> None:
    read = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx())).get_sheet_by_index(0).to_python()
    assert read[0] == list(COLUMNS)
    assert [[str(cell) for cell in line] for line in read[1:]] == [[row[name] for name in COLUMNS] for row in rows()]
