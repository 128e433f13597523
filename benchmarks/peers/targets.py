"""What is promised of the chain beside the peers."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.targets import Target, ratio, target_rows

CHASSIS: Final = "chassis, telemetry on"
CHASSIS_PEOPLE: Final = 50_000
"""As many as the fastest peer's: over fewer a rate holds more of how a round begins and ends."""
TARGETS: Final = {
    "DBOS, per person": Target("chassis chain / DBOS, a workflow per person, people/s", 50, 150),
    "Celery, per person": Target("chassis chain / Celery, four tasks per person, people/s", 50, 150),
    "DBOS, per 500": Target("chassis chain / DBOS, a workflow per 500 people, people/s", 0.7, 1.2),
    "Django, per 1,000": Target("chassis chain / Django bulk_create, 1,000 at a time, people/s", 1.5, 3),
}
"""By the side that the chassis is compared with."""


def peer_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table's rows of the peers: ratios of medians, and the rounds they come from."""
    measured = {target: ratio(found, "people_per_second", CHASSIS, side) for side, target in TARGETS.items()}
    return target_rows(found, measured, CHASSIS_PEOPLE)
