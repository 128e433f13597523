"""The script beside the registry checks rows as the registry does: else it would be faster for the wrong reason."""

import random
from pathlib import Path

from benchmarks.imports.checks import check
from benchmarks.imports.lists import LIST_DATED_ON, make_lists
from services.registry.domain.findings import Column
from services.registry.domain.list_row import CheckContext, RawRow, check_row, check_rows
from services.registry.list_file import read_list

VILLAGES = frozenset(f"33.28.02.20{number:02d}" for number in range(1, 19)) | {"33.29.01.2001"}
CONTEXT = CheckContext(VILLAGES, "33.28", LIST_DATED_ON)
ODD = (
    "", "-", "3,32899E+15", "081", "x" * 300, "99.99", "33.29.01.2001", "3328022001", "2023-09-02", "31-02-1990",
    "31.01.1990", "1990-1-5", "1899-12-31", "a@b", "a@b.id", "tidak", "Y", "11", "0", "\u0663", "cerai mati",
    "3328994502900103", "3328999999990103", "3328990000000001",
)  # fmt: skip


def test_the_script_finds_what_the_registry_finds(tmp_path: Path) -> None:
    dice = random.Random(1)
    rows = [row for file in make_lists(tmp_path, 600).files for row in read_list(file.read_bytes(), 1000)]
    for row in rows:
        changed = {column: dice.choice(ODD) for column in dice.sample(list(Column), dice.randrange(4))}
        cells = {column: text for column, text in {**row.cells, **changed}.items() if text}
        twice = dice.random() < 0.3
        registry = check_row(RawRow(row.number, cells), CONTEXT, 5 if twice else None)
        plain = {column.value: text for column, text in cells.items()}
        found, person = check(plain, VILLAGES, "33.28", LIST_DATED_ON, twice)
        assert sorted(found) == sorted((each.column.value, each.code.value) for each in registry.findings), plain
        assert (person is None) == (registry.candidate is None)
        if person is not None and registry.candidate is not None:
            known = registry.candidate
            assert tuple(person.values()) == (
                known.nik, known.family_card, known.name, known.birth_date, known.female, known.married,
                known.address, known.village_code, known.decile, [each.value for each in known.schemes],
                known.population_match.value, known.phone, known.email,
            )  # fmt: skip


def test_lists_hold_what_they_promise(tmp_path: Path) -> None:
    lists = make_lists(tmp_path, 1600)
    checked = [check_rows(read_list(file.read_bytes(), 1000), CONTEXT) for file in lists.files]
    assert sum(len(rows) for rows in checked) == lists.rows_count == 1600
    kept = sum(row.candidate is not None for rows in checked for row in rows)
    in_other_family = sum(1 for row in checked[1] if row.row.cells.get(Column.FAMILY_CARD, "").startswith("33289999"))
    assert kept == lists.registered_count + lists.known_count + in_other_family
    assert lists.known_count + lists.registered_count + lists.refused_count == lists.rows_count
    repeated = lists.known_count + in_other_family
    repeated += sum(each.code == "nik_twice_in_list" for rows in checked for row in rows for each in row.findings)
    assert repeated / lists.rows_count >= 0.05
