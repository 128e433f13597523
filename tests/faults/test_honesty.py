"""Each guard taken out turns its test red; with all in place the same tests are green."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.extent import FULL
from tests.faults.honesty import Mutation, copy_of_the_checkout, outcomes, take_out
from tests.faults.honesty_table import QUICK, REST

MUTATIONS = QUICK + REST if FULL else QUICK


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which guards may be taken out."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("mutated"))


@pytest.fixture
def mutated(checkout: Path, request: pytest.FixtureRequest) -> Iterator[Mutation]:
    """The mutation, applied while the test runs."""
    mutation: Mutation = request.param
    text = take_out(mutation, checkout)
    yield mutation
    (checkout / mutation.file).write_text(text, encoding="utf-8")


def test_with_every_guard_in_place_the_tests_are_green(checkout: Path) -> None:
    tests = tuple(sorted({name for mutation in MUTATIONS for name in mutation.tests}))
    assert {name: outcome.told for name, outcome in outcomes(checkout, tests).items() if outcome.kind != "passed"} == {}


@pytest.mark.parametrize("mutated", MUTATIONS, indirect=True, ids=lambda mutation: mutation.name)
def test_a_guard_taken_out_turns_its_test_red(mutated: Mutation, checkout: Path) -> None:
    for name, outcome in outcomes(checkout, mutated.tests).items():
        assert outcome.kind == "failed", f"{name}: {outcome.kind}: {outcome.told}"
        assert mutated.is_shown_in(outcome.told), f"{name} is red for another reason: {outcome.told}"
