"""Allocation and approval beside one SQL statement for each act, in interleaved rounds."""

from typing import Any, Final

from benchmarks.allocation.sides import DisbursementSide, StatementSide
from benchmarks.comparing import Proof, compare
from benchmarks.servers import Servers
from benchmarks.sink import span_sink
from benchmarks.targets import Target, ratio, target_rows

QUICK_PEOPLE, FULL_PEOPLE = 10_000, 100_000
STATEMENTS, DISBURSEMENT = "statements", "disbursement"
ALLOCATION_SPEED: Final = Target("allocation + approval / one SQL statement per act, people/s", 0.7, 0.9)
ALLOCATION_CPU: Final = Target("one SQL statement per act / allocation + approval, CPU ms per person", 0.7, 0.9)
TARGETS: Final = (ALLOCATION_SPEED, ALLOCATION_CPU)
_PROOF: Final = Proof(
    DISBURSEMENT, STATEMENTS, 4_000, "SELECT count(*) FROM aid_grant WHERE state IN ('proposed', 'decided')"
)


def allocation(servers: Servers, people_count: int, rounds_count: int) -> dict[str, Any]:
    """Rounds of both sides, interleaved, by side. Raises WrongEnd unless both wrote the same.

    Telemetry is on: metrics, and traces at the default sampling, exported.
    """
    with span_sink() as endpoint:
        return compare(
            {
                STATEMENTS: lambda people: StatementSide(servers, eligible_count=people),
                DISBURSEMENT: lambda people: DisbursementSide(servers, eligible_count=people, traces_endpoint=endpoint),
            },
            people_count,
            rounds_count,
            _PROOF,
        )


def allocation_rows(found: dict[str, Any], people_count: int) -> list[dict[str, Any]]:
    """The table's rows: ratios of medians, and the rounds they come from."""
    measured = {
        ALLOCATION_SPEED: ratio(found, "people_per_second", DISBURSEMENT, STATEMENTS),
        ALLOCATION_CPU: ratio(found, "cpu_ms_per_person", STATEMENTS, DISBURSEMENT),
    }
    return target_rows(found, measured, people_count)
