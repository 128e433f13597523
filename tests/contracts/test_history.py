"""What was committed binds: from the first commit, or from the baseline on."""

import json
import shutil
from pathlib import Path

from contracts.tooling.cli import check, export, not_compared
from tests.contracts.repository import commit, copy_schemas, git, head, lower_the_maximum, restored

LISTED = "notifications.message_listed.v1"


def test_what_was_promised_still_counts_when_the_file_was_replaced(folder: Path) -> None:
    lower_the_maximum(folder)
    commit(folder)
    restored(folder)
    found = check(folder=folder)
    assert found
    promised = head(folder)[:7]
    assert all(problem.startswith(f"since {promised}") and "rows_count: " in problem for problem in found)


def test_what_was_first_committed_still_counts_after_the_change_is_committed(folder: Path) -> None:
    lower_the_maximum(folder)
    commit(folder)
    promised = head(folder)[:7]
    (folder / "schemas" / "registry.list_imported.v1.json").unlink()
    commit(folder)
    restored(folder)
    commit(folder)
    found = check(folder=folder)
    assert found
    assert all(problem.startswith(f"since {promised}") for problem in found)


def test_a_field_that_came_later_binds_from_then_on(folder: Path) -> None:
    commit(folder)
    path = folder / "schemas" / f"{LISTED}.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["added_code"] = {"type": "string"}
    path.write_text(json.dumps(schema), "utf-8")
    commit(folder)
    restored(folder)
    commit(folder)
    assert any("$.added_code: removed" in problem for problem in check(folder=folder))


def test_a_version_that_was_committed_may_not_disappear_unseen(folder: Path) -> None:
    shutil.copy(folder / "schemas" / f"{LISTED}.json", folder / "schemas" / "notifications.gone.v1.json")
    commit(folder)
    restored(folder)
    commit(folder)
    assert any("notifications.gone.v1 $: this version was published" in problem for problem in check(folder=folder))


def test_the_baseline_says_from_where_history_counts(folder: Path) -> None:
    lower_the_maximum(folder)
    commit(folder)
    restored(folder)
    (folder / "schemas" / "baseline").write_text("2026-01-01 before the first release\n", "utf-8")
    assert check(folder=folder) == []
    assert "is not committed yet" in not_compared(folder)
    commit(folder)
    assert check(folder=folder) == []
    assert not_compared(folder) == ""


def test_what_comes_after_the_baseline_binds_again(folder: Path) -> None:
    lower_the_maximum(folder)
    (folder / "schemas" / "baseline").write_text("2026-01-01 before the first release\n", "utf-8")
    commit(folder)
    copy_schemas(folder)
    commit(folder)
    assert any("rows_count" in problem for problem in check(folder=folder))


def test_a_baseline_without_a_date_is_said(folder: Path) -> None:
    commit(folder)
    (folder / "schemas" / "baseline").write_text("someday", "utf-8")
    assert check(folder=folder) == ["schemas/baseline: does not begin with a date."]


def test_without_history_it_says_so_and_does_not_fail(folder: Path) -> None:
    assert "there was nothing earlier to compare with" in not_compared(folder)
    lower_the_maximum(folder)
    commit(folder)
    restored(folder)
    commit(folder)
    assert not_compared(folder) == ""
    shallow = folder.parent.parent / f"{folder.parent.name}-shallow"
    git(folder, "clone", "-q", "--depth", "1", f"file://{folder.parent}", str(shallow))
    assert "there was no history to compare with" in not_compared(shallow / "contracts")
    assert check(folder=shallow / "contracts") == []


def test_what_was_released_still_counts_whatever_the_baseline_says(folder: Path) -> None:
    lower_the_maximum(folder)
    commit(folder, "v0.1.0")
    restored(folder)
    commit(folder)
    (folder / "schemas" / "baseline").write_text("2026-01-01", "utf-8")
    commit(folder)
    found = check(folder=folder)
    assert found
    assert all(problem.startswith("since v0.1.0: ") for problem in found)


def test_a_proposed_change_is_judged_against_the_branch_it_goes_to(folder: Path) -> None:
    commit(folder)
    start = head(folder)
    lower_the_maximum(folder)
    commit(folder, "target")
    git(folder, "checkout", "-q", "--detach", start)
    assert check(folder=folder) == []
    assert any(problem.startswith("since target: ") for problem in check("target", folder))


def test_an_unknown_revision_is_said_and_not_passed_over(folder: Path) -> None:
    commit(folder)
    assert check("no-such-branch", folder) == ["git knows no revision no-such-branch."]


def test_a_revision_before_the_first_schema_promised_nothing(folder: Path) -> None:
    shutil.rmtree(folder / "schemas")
    commit(folder, "start")
    export(folder)
    assert check("start", folder) == []
