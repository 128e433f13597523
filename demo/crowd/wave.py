"""A programme and its people from the list to the decree, through the public APIs, in lists where there are lists.

Wherever facts must travel between services first, the officer waits for what the next step needs to see; what was
refused because a fact had not arrived is asked for again, as people do.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from demo import programme
from demo.calendar import GOATS
from demo.crowd.acts import batches
from demo.crowd.clerk import Clerk
from demo.crowd.people import Somebody, Way, as_list
from demo.listfile import LIST_DATED_ON, LIST_SOURCE, LIST_VERSION
from demo.officers import all_of
from demo.regions import REGENCY_CODE

ItemT = TypeVar("ItemT")

LATE: Final = "historical_data"
STEP_SECONDS: Final = 420
"""The longest wait for facts to travel; only a lost fact takes so long, also in the middle of a storm."""
CLASS_SIZE: Final = 250
RESOLVE_LIMIT: Final = 500
PACKAGE: Final = programme.PACKAGE_CODES[GOATS]
PRICE_RUPIAH: Final = programme.price_rupiah(GOATS)


@dataclass(slots=True)
class Calendar:
    """The days of a wave: the first visit has fallen due since the handover, the second has not."""

    today: date

    def on(self, days_ago: int) -> dict[str, str]:
        """Date and lateness of an act."""
        return {"occurred_on": self.day(days_ago), "late_entry_reason": LATE}

    def day(self, days_ago: int) -> str:
        """That day as text."""
        return (self.today - timedelta(days=days_ago)).isoformat()


LISTED, TAUGHT, DECIDED, HANDED = 100, 60, 50, 40
"""Days ago."""


@dataclass
class Wave:
    """One programme with its people. `name` keeps waves on one stack apart."""

    clerk: Clerk
    name: str
    people: Sequence[Somebody]
    today: date
    programme_id: str = ""
    ids: dict[Somebody, str] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    """By person's id."""
    step: str = ""

    def __post_init__(self) -> None:
        self.calendar = Calendar(self.today)
        roles = ("petugas", "verifikator", "penetap", "pendamping")
        self.petugas, self.verifikator, self.penetap, self.mentor = ((f"{role}.{self.name}", role) for role in roles)

    def of(self, *ways: Way) -> list[str]:
        """Ids of the people who go these ways."""
        return [self.ids[somebody] for somebody in self.people if somebody.way in ways]

    @property
    def course_code(self) -> str:
        """A course of its own: waves begin at the same time, and a code is taken once."""
        return f"{GOATS}-{self.name}"

    @property
    def recipients(self) -> list[str]:
        """Ids of those who complete the course."""
        return self.of(*(set(Way) - {Way.ABSENT}))

    async def prepare(self) -> None:
        """Everything up to the decree."""
        for step in (self.open, self.register, self.enrol, self.allocate, self.attend, self.decide):
            self.step = step.__name__
            await step()

    async def open(self) -> None:
        """A programme of its own, known in training."""
        levels = {name: {"code": "1.06", "name": "Contoh"} for name in ("program", "activity", "sub_activity")}
        package = next(each for each in programme.packages() if each["code"] == PACKAGE)
        body = {
            "code": f"uji-{self.name}",
            "region_code": REGENCY_CODE,
            "fiscal_year": self.today.year,
            "budget_rupiah": len(self.people) * PRICE_RUPIAH,
            "highest_decile": 3,
            "packages": [package | {"planned_count": len(self.people), "course_code": self.course_code}],
            **levels,
            **self.calendar.on(LISTED),
        }
        amounts = {"budget_rupiah": body["budget_rupiah"], "price_rupiah": PRICE_RUPIAH}
        self.programme_id = await self.act("opened", self.petugas, "disbursement", "/programmes", body, **amounts)
        provider = {"code": f"lpk-{self.name}", "name": "LPK Contoh", "region_code": REGENCY_CODE}
        await self.act("provider", self.petugas, "training", "/providers", provider)
        course = {"code": self.course_code, "name": "Ternak kambing", "sessions": 1, "share_percent": 75}
        await self.act("course", self.petugas, "training", "/courses", course | {"region_code": REGENCY_CODE})

    async def register(self) -> None:
        """Import the list and find everybody's id."""
        await self.import_list()
        for some in batches(self.people, RESOLVE_LIMIT):
            asked = {"purpose": "enrolment", "niks": [somebody.nik for somebody in some]}
            found = await self.clerk.look_up(self.petugas, "registry", "/people/resolve", asked)
            self.ids |= {some[item["position"]]: item["person_id"] for item in found["items"]}

    async def import_list(self) -> None:
        """Import the list and let a second officer approve it."""
        about = {"filename": f"{self.name}.csv", "list_source": LIST_SOURCE, "list_version": LIST_VERSION}
        query = about | {"list_dated_on": LIST_DATED_ON.isoformat()}
        # A long list takes a second to write: nobody else here waits for it.
        content = await asyncio.to_thread(as_list, self.people)
        import_id = await self.act("uploaded", self.petugas, "registry", "/imports", content, query=query)
        path = f"/imports/{import_id}"
        found = await self.clerk.get(self.verifikator, "registry", path)
        approval = {"version": found["version"], **self.calendar.on(LISTED)}
        await self.act("import_approved", self.verifikator, "registry", f"{path}/approve", approval)
        await self.until(
            lambda: self.clerk.get(self.petugas, "registry", path), lambda found: found["state"] == "applied", "applied"
        )

    async def enrol(self) -> None:
        """Classes of 250; whom training has not heard of yet is listed again."""
        self.classes: dict[str, Sequence[Somebody]] = {}
        for some in batches(self.people, CLASS_SIZE):
            body = {
                "programme_id": self.programme_id,
                "course_code": self.course_code,
                "provider_code": f"lpk-{self.name}",
                "place_region_code": some[0].village_code,
                "capacity": len(some),
                "session_dates": [self.calendar.day(TAUGHT)],
                **self.calendar.on(LISTED),
            }
            await self.until(self._programme_is_known, bool, "training knows the programme")
            class_id = await self.act("scheduled", self.petugas, "training", "/classes", body)
            self.classes[class_id] = some
        await self.each(self.classes.items(), lambda item: self._enrol(*item))

    async def _programme_is_known(self) -> bool:
        found = await self.clerk.get_or_none(self.petugas, "training", f"/programmes/{self.programme_id}")
        return found is not None

    async def _enrol(self, class_id: str, people: Sequence[Somebody]) -> None:
        missing = [self.ids[somebody] for somebody in people]

        async def again() -> list[str]:
            body = {"person_ids": missing, **self.calendar.on(LISTED)}
            path = f"/classes/{class_id}/enrolment-lists"
            list_id = await self.act("enrolled", self.petugas, "training", path, body, people=missing)
            rows = (await self.clerk.get(self.petugas, "training", f"/enrolment-lists/{list_id}"))["rows"]
            missing[:] = [row["person_id"] for row in rows if row["refusal"]]
            return missing

        await self.until(again, lambda left: not left, "all enrolled", pause_seconds=2)

    async def allocate(self) -> None:
        """Packages set aside for everybody, on condition that they complete."""
        path = f"/programmes/{self.programme_id}/allocations"

        async def again() -> int:
            if sum((await self.grant_counts()).values()) < len(self.people) and not await self._job_is_open():
                people = list(self.ids.values())
                body = self.calendar.on(DECIDED)
                self._job = await self.act("allocated", self.petugas, "disbursement", path, body, people=people)
            return sum((await self.grant_counts()).values())

        self._job = ""
        await self.until(again, lambda count: count == len(self.people), "packages set aside", pause_seconds=2)
        found = await self.clerk.get_all(self.petugas, "disbursement", "/grants", programme_id=self.programme_id)
        self.grants = {grant["person_id"]: grant["id"] for grant in found}

    async def _job_is_open(self) -> bool:
        if not self._job:
            return False
        job = await self.clerk.get(self.petugas, "disbursement", f"/jobs/{self._job}")
        return job["state"] in ("queued", "running")

    async def attend(self) -> None:
        """A sheet for every class, verified by a second officer: confirmed or released."""
        await self.each(self.classes.items(), lambda item: self._attend(*item))
        recipients, others = len(self.recipients), len(self.people) - len(self.recipients)
        await self.counted("confirmed and released", confirmed=recipients, released=others)

    async def _attend(self, class_id: str, people: Sequence[Somebody]) -> None:
        enrolments = await self.clerk.get_all(self.petugas, "training", f"/classes/{class_id}/enrolments")
        absent = set(self.of(Way.ABSENT))
        planned = await self.clerk.get(self.petugas, "training", f"/classes/{class_id}")
        entries = [
            {"enrolment_id": each["id"], "attendance": "absent" if each["person_id"] in absent else "present"}
            for each in enrolments
        ]
        sheet = {"class_id": class_id, "session_id": planned["sessions"][0]["id"], "entries": entries}
        present = [self.ids[somebody] for somebody in people if somebody.way is not Way.ABSENT]
        missing = [self.ids[somebody] for somebody in people if somebody.way is Way.ABSENT]
        sheet_id = await self.act("attended", self.petugas, "training", "/sheets", sheet | self.calendar.on(TAUGHT))
        seen = await self.clerk.get(self.verifikator, "training", f"/sheets/{sheet_id}")
        body = {"version": seen["version"], **self.calendar.on(TAUGHT)}
        path = f"/sheets/{sheet_id}/verify"
        await self.act("attendance_verified", self.verifikator, "training", path, body, people=present, absent=missing)

    async def decide(self) -> None:
        """Proposed by one officer, checked by a second, signed by a third."""
        recipients, on = self.recipients, self.calendar.on(DECIDED)
        body = {"programme_id": self.programme_id, **on}
        proposal_id = await self.act("proposed", self.petugas, "disbursement", "/proposals", body, people=recipients)
        path = f"/proposals/{proposal_id}"
        found = await self.until(
            lambda: self.clerk.get(self.verifikator, "disbursement", path),
            lambda found: found["state"] == "submitted",
            "submitted",
        )
        checked = {"version": found["version"], **on}
        await self.act("checked", self.verifikator, "disbursement", f"{path}/check", checked)
        found = await self.clerk.get(self.penetap, "disbursement", path)
        decree = {"proposal_id": proposal_id, "version": found["version"], "annex_reference": "Lampiran I", **on}
        number = {"number": f"460/{self.name.upper()}/2026"}
        await self.act("decreed", self.penetap, "disbursement", "/decrees", decree | number, people=recipients)
        await self.counted("decided", decided=len(recipients))

    async def act(self, kind: str, officer: tuple[str, str], service: str, path: str, body: Any, **more: Any) -> str:
        """Do something in this programme; the id answered."""
        return await self.clerk.act(kind, officer, service, path, body, programme_id=self.programme_id, **more)

    async def grant_counts(self) -> Counter[str]:
        """Grants by state."""
        found = await self.clerk.get(self.petugas, "disbursement", f"/programmes/{self.programme_id}")
        counted: Counter[str] = Counter()
        for each in found["grants"]:
            counted[each["state"]] += each["grants_count"]
        return counted

    async def counted(self, what: str, **wanted: int) -> None:
        """Wait until so many grants are in these states."""
        await self.until(
            self.grant_counts, lambda found: all(found[state] == count for state, count in wanted.items()), what
        )

    async def each(self, items: Iterable[ItemT], act: Callable[[ItemT], Awaitable[Any]]) -> None:
        """Do the same for many, some at a time."""
        await all_of(items, act)

    async def until(
        self, ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool], what: str, pause_seconds: float = 1.0
    ) -> Any:
        """Ask until the answer is good. Raises TimeoutError with the last answer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STEP_SECONDS
        while not good(answer := await ask()):
            if loop.time() > deadline:
                raise TimeoutError(f"{self.name}, {self.step}: {what} not there in time; last: {answer!r:.300}")
            await asyncio.sleep(pause_seconds)
        return answer
