"""Where many come together, more are waited for; what comes alone is not held up."""

import pytest

from chassis import workers
from chassis.workers import GATHERING_FROM, more_gather


@pytest.mark.parametrize(
    ("count", "waits"),
    [(0, False), (1, False), (GATHERING_FROM - 1, False), (GATHERING_FROM, True), (499, True), (500, False)],
)
async def test_only_what_is_neither_few_nor_full_waits(
    count: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "GATHERING_SECONDS", 0)
    assert await more_gather(count, 500) is waits
