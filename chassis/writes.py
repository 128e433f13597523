"""Several writes that go to the database as one statement: one way there and back instead of one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text

MARK = "@"


@dataclass(frozen=True, slots=True)
class Write:
    """One of several writes. In `sql` a parameter is named `:@name`; empty: nothing is written."""

    sql: str
    values: Mapping[str, Any]


def one_statement(
    writes: Sequence[Write], *, more: str = "", last: str = "SELECT 1"
) -> tuple[TextClause, dict[str, Any]]:
    """The writes as one statement with its values; `more` are further parts of its WITH, `last` is what it answers.

    None sees what another writes, and no two may write one row; foreign keys among the tables are checked at the end.
    """
    some = [each for each in writes if each.sql]
    values = {_name(place, key): value for place, each in enumerate(some) for key, value in each.values.items()}
    return _joined(tuple(each.sql for each in some), more, last), values


@lru_cache(maxsize=256)
def _joined(statements: tuple[str, ...], more: str, last: str) -> TextClause:
    named = (sql.replace(f":{MARK}", f":{_name(place)}") for place, sql in enumerate(statements))
    parts = [f"write_{place} AS ({sql})" for place, sql in enumerate(named)] + ([more] if more else [])
    return text(f"WITH {', '.join(parts)} {last}" if parts else last)


def _name(place: int, key: str = "") -> str:
    return f"of_{place}_{key}"
