"""What consumers, timers and workers ask has a plan that is made once: it must find a few rows among a million too."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from chassis.ids import new_id
from chassis.transaction import Transaction
from services.disbursement.domain.handover import AppointmentState
from services.disbursement.store.handovers import settle_appointments
from services.followup.store.corrections import has_open_correction
from services.followup.store.empowerments import load_current_empowerment
from services.followup.store.graduations import load_live_graduation
from services.notifications.store.messages import take_due
from services.registry.domain.correction import PersonField
from services.registry.store.corrections import open_correction
from tests.architecture.house import ROOT
from tests.support.service import ServiceFactory

NOW = datetime.now(UTC)
_SCANS = text("SELECT pg_stat_get_xact_numscans(CAST(:index AS regclass))")
_COMPARED = re.compile(r"[<>]=?\s*\(?clock_timestamp\(\)|clock_timestamp\(\)\s*[<>]|BETWEEN[^\n]*clock_timestamp\(\)")
Ask = Callable[[Transaction], Awaitable[Any]]


@pytest.mark.parametrize(
    ("service", "index", "ask"),
    [
        ("notifications", "message_due", lambda tx: take_due(tx, NOW, 10)),
        ("followup", "empowerment_current", lambda tx: load_current_empowerment(tx, new_id())),
        ("followup", "graduation_live", lambda tx: load_live_graduation(tx, new_id())),
        ("followup", "visit_correction_open", lambda tx: has_open_correction(tx, new_id())),
        ("registry", "correction_one_open", lambda tx: open_correction(tx, new_id(), PersonField.NAME)),
        ("disbursement", "uq_appointment_expected",
         lambda tx: settle_appointments(tx, [new_id()], AppointmentState.SERVED)),
    ],
)  # fmt: skip
async def test_a_partial_index_is_used_though_the_values_are_not_known(
    start_service: ServiceFactory, service: str, index: str, ask: Ask
) -> None:
    """Where the state is a parameter, the plan must be right for every state, and the index holds one only."""
    under_test = await start_service(service)
    async with under_test.service.database.transaction(planned_once=True) as tx:
        await ask(tx)
        assert await tx.scalar(_SCANS, {"index": index}) == 1


def test_nothing_is_compared_with_a_moment_that_differs_from_row_to_row() -> None:
    """No index serves a comparison with `clock_timestamp()`; the time of the statement says the same.

    Finds the forms in which comparisons are written here.
    """
    sources = [path for folder in ("chassis", "services", "cli") for path in (ROOT / folder).rglob("*")
               if path.suffix in {".py", ".sql"}]  # fmt: skip
    compared = [path.name for path in sources if _COMPARED.search(path.read_text("utf-8"))]
    assert len(sources) > 100
    assert compared == []
