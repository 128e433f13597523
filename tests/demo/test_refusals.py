"""The registry refuses the twelve wrong rows, each for its own reason, and none of the others."""

import pytest

from demo.listfile import LIST_DATED_ON, as_csv, as_xlsx, refused_rows
from demo.regions import REGENCY_CODE, villages
from services.registry.domain.findings import Severity
from services.registry.domain.list_row import CheckContext, check_rows
from services.registry.list_file import read_list


@pytest.mark.parametrize("content", [as_csv(), as_xlsx()], ids=["csv", "xlsx"])
def test_twelve_rows_are_refused_for_twelve_reasons(content: bytes) -> None:
    context = CheckContext(frozenset(village.code for village in villages()), REGENCY_CODE, LIST_DATED_ON)
    checked = check_rows(read_list(content, 1000), context)
    assert len(checked) == 320
    refused = [row for row in checked if row.candidate is None]
    codes = [finding.code.value for row in refused for finding in row.findings]
    assert sorted(codes) == sorted(refused_rows())
    assert {finding.severity for row in refused for finding in row.findings} == {Severity.REFUSAL}
    assert [row.findings for row in checked if row.candidate and row.findings] == [], "the others raise no warning"
