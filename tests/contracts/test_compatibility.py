"""What may change inside an event version: the two tables, played."""

import jsonschema_rs
import pytest

from contracts.tooling.compatibility import compare, compare_all
from tests.contracts.changes import ALLOWED, MESSAGE, OLD, Tree, amount, changed
from tests.contracts.forbidden_changes import FORBIDDEN


def accepts(schema: Tree, instance: Tree) -> bool:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(instance)


def test_the_base_schema_accepts_the_base_message() -> None:
    assert accepts(OLD, MESSAGE)


def test_the_table_is_long_enough() -> None:
    assert len(ALLOWED) + len(FORBIDDEN) >= 30


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_inside_a_version(name: str) -> None:
    new = changed(ALLOWED[name])
    assert compare(OLD, new) == []
    assert accepts(new, MESSAGE)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_inside_a_version(name: str) -> None:
    row = FORBIDDEN[name]
    found = compare(OLD, changed(row.change))
    assert any(problem.path == row.path and row.reason in problem.reason for problem in found), found


WITNESSED = [name for name, row in FORBIDDEN.items() if row.witness is not None]


@pytest.mark.parametrize("name", WITNESSED)
def test_a_forbidden_change_has_a_message_that_only_one_side_reads(name: str) -> None:
    row = FORBIDDEN[name]
    assert row.witness is not None
    assert accepts(OLD, row.witness) != accepts(changed(row.change), row.witness)


@pytest.mark.parametrize("name", WITNESSED)
def test_what_one_side_refuses_is_forbidden_in_both_directions(name: str) -> None:
    assert compare(changed(FORBIDDEN[name].change), OLD)


def test_each_reason_is_one_sentence() -> None:
    for row in FORBIDDEN.values():
        for problem in compare(OLD, changed(row.change)):
            assert problem.reason.endswith(".")
            assert "\n" not in problem.reason


def test_a_published_version_may_not_disappear() -> None:
    found = compare_all({"training.enrolled.v1": OLD, "training.enrolled.v2": OLD}, {"training.enrolled.v2": OLD})
    assert len(found) == 1
    assert found[0].startswith("training.enrolled.v1 $: ")
    assert "may never disappear" in found[0]


def test_a_new_version_may_be_anything() -> None:
    assert compare_all({"training.enrolled.v1": OLD}, {"training.enrolled.v1": OLD, "training.enrolled.v2": {}}) == []


def test_every_contract_is_compared() -> None:
    worse = changed(amount(maximum=1))
    found = compare_all({"a.b.v1": OLD, "a.c.v1": OLD}, {"a.b.v1": worse, "a.c.v1": worse})
    assert [line.split(" ")[0] for line in found] == ["a.b.v1", "a.c.v1"]
