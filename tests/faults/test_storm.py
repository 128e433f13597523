"""The dice choose alike for the same seed, and a storm meets every place."""

import random
from collections import Counter

from tests.faults.injectors import ANYWHERE, FREEZE, KILL, PLACES, VICTIMS
from tests.faults.storm import LONGEST_FREEZE_SECONDS, server_plan, services_plan

COUNT = 500


def test_a_seed_repeats_its_faults() -> None:
    first, again, other = (services_plan(random.Random(seed), COUNT, 1.0) for seed in (7, 7, 8))
    assert first == again != other
    assert server_plan(random.Random(7), "postgres", 4, 1.0) == server_plan(random.Random(7), "postgres", 4, 1.0)


def test_a_short_storm_kills_at_every_place_and_a_long_one_does_everything_everywhere() -> None:
    plan = services_plan(random.Random(7), COUNT, 1.0)
    assert {planned.place for planned in plan[:8]} == {*PLACES, ANYWHERE}
    assert {planned.action for planned in plan[:8]} == {KILL}
    met = Counter((planned.place, planned.action, planned.victims[0]) for planned in plan)
    assert set(met) == {
        (place, action, name) for place in VICTIMS for action in (KILL, FREEZE) for name in VICTIMS[place]
    }
    assert all(planned.frozen_seconds <= LONGEST_FREEZE_SECONDS for planned in plan)
