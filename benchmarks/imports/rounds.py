"""The import by the registry beside the script, in interleaved rounds."""

from typing import Any, Final

from benchmarks.comparing import Proof, compare
from benchmarks.imports.lists import make_lists
from benchmarks.imports.sides import RegistrySide, ScriptSide
from benchmarks.servers import Servers
from benchmarks.sink import span_sink
from benchmarks.targets import Target, ratio, target_rows

QUICK_ROWS, FULL_ROWS = 10_000, 100_000
SCRIPT, REGISTRY = "script", "registry"
IMPORT_SPEED: Final = Target("import / hand-written script, rows/s", 0.4, 0.7)
IMPORT_CPU: Final = Target("hand-written script / import, CPU ms per row", 0.4, 0.7)
TARGETS: Final = (IMPORT_SPEED, IMPORT_CPU)
_PROOF: Final = Proof(REGISTRY, SCRIPT, 4_000, "SELECT count(*) FROM person")


def imports(servers: Servers, people_count: int, rounds_count: int) -> dict[str, Any]:
    """Rounds of both sides, interleaved, by side. Raises WrongEnd unless both wrote the same.

    5 % of the rows repeat an earlier one. Telemetry is on: metrics, and traces at the default sampling, exported.
    """
    folder = servers.home.root
    with span_sink() as endpoint:
        return compare(
            {
                SCRIPT: lambda rows: ScriptSide(servers, lists=make_lists(folder, rows)),
                REGISTRY: lambda rows: RegistrySide(servers, lists=make_lists(folder, rows), traces_endpoint=endpoint),
            },
            people_count,
            rounds_count,
            _PROOF,
        )


def import_rows(found: dict[str, Any], people_count: int) -> list[dict[str, Any]]:
    """The table's rows: ratios of medians, and the rounds they come from."""
    measured = {
        IMPORT_SPEED: ratio(found, "people_per_second", REGISTRY, SCRIPT),
        IMPORT_CPU: ratio(found, "cpu_ms_per_person", SCRIPT, REGISTRY),
    }
    return target_rows(found, measured, people_count)
