"""Dinas Sosial opens the programme with its budget; training hears of it and offers the courses."""

from datetime import date
from typing import Final

from demo import programme
from demo.calendar import COURSE_NAMES, COURSES, LPK_ELITE, PUCUK_DAUN
from demo.errors import DemoError
from demo.regions import REGENCY_CODE
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Programme opened, courses offered"

_OPENED_ON: Final = date(2023, 9, 1)
_SESSIONS: Final = dict(zip(COURSES, (4, 15, 1), strict=True))
_SHARE_PERCENT: Final = 75
"""Illustrative: 3 of 4, 12 of 15, 1 of 1."""
_LEVELS: Final = {
    "program": {"code": "1.06.04", "name": "Rehabilitasi sosial dan pemberdayaan (ilustratif)"},
    "activity": {"code": "1.06.04.2.02", "name": "Pemberdayaan ekonomi keluarga (ilustratif)"},
    "sub_activity": {
        "code": "1.06.04.2.02.0007",
        "name": "Fasilitasi Bantuan Pengembangan Ekonomi Masyarakat",
    },
}
_PROVIDERS: Final = {LPK_ELITE: "LPK Elite Slawi", PUCUK_DAUN: "PT Pucuk Daun Lestari, Penusupan"}


async def play(world: World, show: Show) -> None:
    """Open the programme; register providers and courses once training knows the programme."""
    petugas = world.staff.petugas
    world.programme_id = await petugas.post(
        "disbursement",
        "/programmes",
        {
            "code": programme.CODE,
            "region_code": REGENCY_CODE,
            "fiscal_year": programme.FISCAL_YEAR,
            **_LEVELS,
            "budget_rupiah": programme.BUDGET_RUPIAH,
            "highest_decile": programme.HIGHEST_DECILE,
            "packages": programme.packages(),
            **on(_OPENED_ON),
        },
    )
    show(1, 3)
    for code, name in _PROVIDERS.items():
        await petugas.post("training", "/providers", {"code": code, "name": name, "region_code": REGENCY_CODE})
    for code, name in COURSE_NAMES.items():
        rule = {"sessions": _SESSIONS[code], "share_percent": _SHARE_PERCENT}
        await petugas.post("training", "/courses", {"code": code, "name": name, "region_code": REGENCY_CODE, **rule})
    show(2, 3)
    known = await until(lambda: _known(world), bool, what="training hears of the programme")
    show(3, 3)
    world.figures.compare(TITLE, "courses of the programme known in training", known, sorted(COURSES))


async def _known(world: World) -> list[str]:
    try:
        found = await world.staff.petugas.get("training", f"/programmes/{world.programme_id}")
    except DemoError:
        return []
    return sorted(found["course_codes"])
