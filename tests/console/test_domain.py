"""Words and masks of the page."""

import pytest

from contracts.catalogue import CATALOGUE, heard_by
from services.console.domain.masking import masked_name
from services.console.domain.wording import EVENTS, SERVICES, event_words


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Siti Aminah", "S*** A*****"), ("Slamet", "S*****"), ("  Tri   W ", "T** W"), ("", "")],
)
def test_a_name_shows_the_first_letter_of_each_part(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_there_are_words_for_every_event_and_for_no_other() -> None:
    """The operators' page shows also what the console does not hear."""
    assert set(EVENTS) == set(CATALOGUE)
    heard = {entry.type for entry in heard_by("console")}
    assert {kind.split(".", 1)[0] for kind in heard} | {"console"} == set(SERVICES)


def test_an_unknown_kind_is_shown_under_its_own_name() -> None:
    assert event_words("registry.unheard_of.v9").indonesian == "registry.unheard_of.v9"
