"""Reading lists as offices really save them."""

from collections.abc import Callable
from datetime import date

import pytest

from chassis.errors import Refusal
from services.registry.domain.findings import Column
from services.registry.list_file import (
    ColumnsMissing,
    ColumnTwice,
    ListEmpty,
    read_list,
)
from services.registry.workbook import FileUnreadable, TooManyRows
from tests.registry.builders import cells, csv_list, xlsx_list

MINIMUM = "nik;no_kk;nama;tanggal_lahir;kode_desa;desil\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_of_every_common_kind(delimiter: str, encoding: str) -> None:
    text = csv_list(cells(1, nama="Ibu Sintetis"), delimiter=delimiter).decode("utf-8-sig")
    (row,) = read_list(text.encode(encoding), 10)
    assert row.number == 2
    assert row.cells[Column.NAME] == "Ibu Sintetis"


def test_headers_may_be_written_as_people_write_them() -> None:
    text = "NIK,No. KK,Nama Lengkap,Tgl Lahir,L/P,Kode Desa/Kelurahan,No. HP,Desil,BPNT,Catatan\n1,2,A,3,P,4,5,6,ya,x\n"
    (row,) = read_list(text.encode(), 10)
    assert set(row.cells) == {
        Column.NIK, Column.FAMILY_CARD, Column.NAME, Column.BIRTH_DATE, Column.SEX, Column.VILLAGE, Column.PHONE,
        Column.DECILE, Column.SEMBAKO,
    }  # fmt: skip


@pytest.mark.parametrize("header", ["surel", "Email", "E-mail", "Alamat Surel"])
def test_the_column_of_e_mail_addresses_has_four_names(header: str) -> None:
    text = MINIMUM.replace("desil", f"desil;{header}") + "1;2;A;3;4;5;siti@example.org\n"
    (row,) = read_list(text.encode(), 10)
    assert row.cells[Column.EMAIL] == "siti@example.org"


def test_blank_rows_are_skipped_and_keep_their_number() -> None:
    rows = read_list((MINIMUM + ";;;;;\n1;2;A;3;4;5\n\n1;2;B;3;4;5\n").encode(), 10)
    assert [(row.number, row.cells[Column.NAME]) for row in rows] == [(3, "A"), (5, "B")]


def test_xlsx_keeps_text_dates_and_small_numbers() -> None:
    workbook = xlsx_list(cells(1) | {"tanggal_lahir": date(1990, 1, 31), "desil": 3, "pkh": True})
    (row,) = read_list(workbook, 10)
    assert row.cells[Column.NIK] == cells(1)["nik"]
    assert row.cells[Column.BIRTH_DATE] == "1990-01-31"
    assert row.cells[Column.DECILE] == "3"
    assert row.cells[Column.PKH] == "ya"


def test_a_nik_kept_as_a_number_is_shown_as_the_loss_it_is() -> None:
    (row,) = read_list(xlsx_list(cells(1) | {"nik": int(cells(1)["nik"])}), 10)
    assert row.cells[Column.NIK] == "3.32900E+15"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", ListEmpty),
        (MINIMUM.encode(), ListEmpty),
        (b"nama;desil\nA;1\n", ColumnsMissing),
        (b"nik;NIK;no_kk;nama;tanggal_lahir;kode_desa;desil\n1;1;1;1;1;1;1\n", ColumnTwice),
        (b"%PDF-1.7\0\1\2", FileUnreadable),
        (b"PK\x03\x04 not really a workbook", FileUnreadable),
        ((MINIMUM + "1;2;A;3;4;5\n" * 11).encode(), TooManyRows),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as refused:
        read_list(content, 10)
    assert refused.value.status == 422


def test_a_file_without_header_names_nobody_in_its_refusal() -> None:
    with pytest.raises(ColumnsMissing) as refused:
        read_list(b"3328997101900001;Siti Aminah;1990\n", 10)
    assert "Siti" not in str(refused.value.facts)
    assert "332899" not in str(refused.value.facts)


def test_blank_rows_at_the_end_are_no_rows_too_many() -> None:
    """As spreadsheets save what once had more rows."""
    (row,) = read_list((MINIMUM + "1;2;A;3;4;5\n" + ";;;;;\n" * 50).encode(), 10)
    assert row.number == 2


@pytest.mark.parametrize("rows_count", [10, 11])
@pytest.mark.parametrize("listed", [csv_list, xlsx_list])
def test_as_many_rows_as_the_limit_says(listed: Callable[..., bytes], rows_count: int) -> None:
    content = listed(*(cells(serial) for serial in range(rows_count)))
    if rows_count == 10:
        assert len(read_list(content, 10)) == 10
        return
    with pytest.raises(TooManyRows) as refused:
        read_list(content, 10)
    assert refused.value.facts == {"limit_rows": 10}
