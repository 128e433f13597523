"""Twenty people from the list to the handover and the visits; two of them on to graduation."""

import asyncio
import csv
import io
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from demo import programme
from demo.calendar import GOATS
from demo.errors import DemoError
from demo.listfile import COLUMNS, LIST_DATED_ON, LIST_SOURCE, LIST_VERSION, rows
from demo.officers import Office, Officer, all_of
from demo.people import Person, people
from demo.regions import REGENCY_CODE
from demo.waiting import until
from demo.world import LATE, on

Ask = Callable[[], Awaitable[Any]]
Trouble = Callable[[int], Coroutine[Any, Any, None]]

PEOPLE_COUNT, GRADUATES_COUNT, VISITS_COUNT = 20, 2, 6
PACKAGE = programme.PACKAGE_CODES[GOATS]
PRICE_RUPIAH = programme.price_rupiah(GOATS)
WAIT_SECONDS = 120
LISTED_ON, TAUGHT_ON = date(2023, 10, 3), date(2023, 11, 13)
DECIDED_ON, HANDED_ON = date(2023, 11, 20), date(2023, 11, 22)


def travellers(skip: int = 0) -> list[Person]:
    """Twenty goat keepers of the synthetic list, all with a working phone."""
    keepers = [person for person in people() if person.course_code == GOATS and person.reachable and person.class_code]
    return keepers[skip : skip + PEOPLE_COUNT]


@dataclass
class Journey:
    """One run. Every step may be repeated; `name` keeps runs on one stack apart."""

    office: Office
    name: str
    people: Sequence[Person]
    first_party: str = "Pejabat Contoh"
    witness: str = "Saksi Contoh"
    programme_id: UUID = field(default=UUID(int=0), init=False)
    person_ids: list[UUID] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.petugas = self._officer("petugas", "petugas")
        self.verifikator = self._officer("verifikator", "verifikator")
        self.penetap = self._officer("penetap", "penetap")
        self.mentor = self._officer("pendamping", "pendamping")
        self.owner = self._officer("bansos", "petugas")
        self.owner_checker = self._officer("bansos-verifikator", "verifikator")

    def _officer(self, subject: str, role: str) -> Officer:
        return self.office.officer(f"{subject}.{self.name}", role)

    async def run(self, trouble: Trouble | None = None) -> None:
        """The whole way; `trouble` is called beside each step, with its number, and over before the next begins."""
        first = (self.open_programme, self.register, self.train, self.decide)
        for number, step in enumerate((*first, self.hand_over, self.mentor_families, self.graduate)):
            async with asyncio.TaskGroup() as beside:
                if trouble is not None:
                    beside.create_task(trouble(number))
                await step()

    async def open_programme(self) -> None:
        """A programme of its own, known in training."""
        levels = {name: {"code": "1.06", "name": "Contoh"} for name in ("program", "activity", "sub_activity")}
        package = next(each for each in programme.packages() if each["code"] == PACKAGE)
        body = {
            "code": f"perjalanan-{self.name}",
            "region_code": REGENCY_CODE,
            "fiscal_year": 2023,
            "budget_rupiah": PEOPLE_COUNT * PRICE_RUPIAH,
            "highest_decile": 3,
            "packages": [package | {"planned_count": PEOPLE_COUNT}],
            **levels,
            **on(LISTED_ON),
        }
        self.programme_id = await self.petugas.post("disbursement", "/programmes", body)
        provider = {"code": f"lpk-{self.name}", "name": "LPK Contoh", "region_code": REGENCY_CODE}
        await self.petugas.post("training", "/providers", provider)
        course = {"code": GOATS, "name": "Ternak kambing", "sessions": 1, "share_percent": 75}
        known = await self.petugas.get_all("training", "/courses")
        if GOATS not in {each["code"] for each in known}:
            await self.petugas.post("training", "/courses", course | {"region_code": REGENCY_CODE})
        await self._until(self._programme_is_known, bool, "training knows the programme")

    async def _programme_is_known(self) -> bool:
        try:
            return bool(await self.petugas.get("training", f"/programmes/{self.programme_id}"))
        except DemoError:
            return False

    async def register(self) -> None:
        """Import the list, let a second officer approve it, find everybody's id."""
        about = {"filename": f"{self.name}.csv", "list_source": LIST_SOURCE, "list_version": LIST_VERSION}
        dated = {"list_dated_on": LIST_DATED_ON.isoformat()}
        import_id = await self.petugas.post("registry", "/imports", self.listed(), **about, **dated)
        found = await self.verifikator.get("registry", f"/imports/{import_id}")
        approval = {"version": found["version"], **on(LISTED_ON)}
        await self.verifikator.post("registry", f"/imports/{import_id}/approve", approval)
        await self._until(
            lambda: self.petugas.get("registry", f"/imports/{import_id}"), lambda i: i["state"] == "applied", "applied"
        )
        niks = [person.nik for person in self.people]
        resolved = await self.petugas.ask("registry", "/people/resolve", {"purpose": "enrolment", "niks": niks})
        self.person_ids = [UUID(item["person_id"]) for item in resolved["items"]]

    def listed(self) -> bytes:
        """The targeting list as the file that is uploaded."""
        wanted = {person.nik: number for number, person in enumerate(self.people)}
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        for row in rows():
            if row["nik"] in wanted:
                writer.writerow(row | {"pkh": "ya" if wanted[row["nik"]] < GRADUATES_COUNT else "tidak"})
        return text.getvalue().encode()

    async def train(self) -> None:
        """One class, one session, all present, verified by a second officer."""
        body = {
            "programme_id": str(self.programme_id),
            "course_code": GOATS,
            "provider_code": f"lpk-{self.name}",
            "place_region_code": self.people[0].village.code,
            "capacity": len(self.people),
            "session_dates": [TAUGHT_ON.isoformat()],
            **on(LISTED_ON),
        }
        class_id = await self.petugas.post("training", "/classes", body)
        enrolled = await self._until(
            lambda: self._enrol(class_id), lambda found: len(found) == len(self.people), "all enrolled"
        )
        planned = await self.petugas.get("training", f"/classes/{class_id}")
        sheet = {
            "class_id": str(class_id),
            "session_id": planned["sessions"][0]["id"],
            "entries": [{"enrolment_id": each["id"], "attendance": "present"} for each in enrolled],
            **on(TAUGHT_ON),
        }
        sheet_id = await self.petugas.post("training", "/sheets", sheet)
        seen = await self.verifikator.get("training", f"/sheets/{sheet_id}")
        verified = {"version": seen["version"], **on(TAUGHT_ON)}
        await self.verifikator.post("training", f"/sheets/{sheet_id}/verify", verified)

    async def _enrol(self, class_id: UUID) -> list[dict[str, Any]]:
        holding = await self.petugas.get_all("training", f"/classes/{class_id}/enrolments")
        missing = sorted({str(one) for one in self.person_ids} - {each["person_id"] for each in holding})
        if missing:
            body = {"person_ids": missing, **on(LISTED_ON)}
            await self.petugas.post("training", f"/classes/{class_id}/enrolment-lists", body, mark=uuid.uuid4().hex)
        return holding

    async def all_eligible(self, person_ids: Sequence[UUID]) -> None:
        """Wait until disbursement finds every criterion met for all of them."""
        for person_id in person_ids:
            query = {"programme_id": str(self.programme_id), "person_id": str(person_id)}
            await self._until(
                lambda query=query: self.petugas.get("disbursement", "/eligibility", **query),  # type: ignore[misc]
                lambda found: {each["verdict"] for each in found["criteria"]} == {"met"},
                "eligible",
            )

    async def allocated(self, count: int) -> list[dict[str, Any]]:
        """Allocate until so many grants are confirmed; all grants."""
        found: list[dict[str, Any]] = await self._until(
            lambda: self._allocate(count), lambda found: self._count(found, "confirmed") == count, "confirmed"
        )
        return found

    async def decide(self) -> None:
        """Allocate until all are confirmed, then propose, check and sign."""
        await self.allocated(len(self.people))
        proposed = {"programme_id": str(self.programme_id), **on(DECIDED_ON)}
        proposal_id = await self.petugas.post("disbursement", "/proposals", proposed)
        path = f"/proposals/{proposal_id}"
        found = await self._until(
            lambda: self.verifikator.get("disbursement", path), lambda p: p["state"] == "submitted", "submitted"
        )
        checked = {"version": found["version"], **on(DECIDED_ON)}
        await self.verifikator.post("disbursement", f"{path}/check", checked)
        found = await self.penetap.get("disbursement", path)
        decree = {"proposal_id": str(proposal_id), "version": found["version"], "annex_reference": "Lampiran I"}
        number = {"number": f"460/{self.name.upper()}/2023"}
        await self.penetap.post("disbursement", "/decrees", decree | number | on(DECIDED_ON))
        await self._until(self.grants, lambda found: self._count(found, "decided") == len(self.people), "decided")

    async def _allocate(self, count: int) -> list[dict[str, Any]]:
        path = f"/programmes/{self.programme_id}/allocations"
        found = await self.grants()
        if len(found) < count:
            await self.petugas.post("disbursement", path, on(DECIDED_ON), mark=uuid.uuid4().hex)
        return found

    async def grants(self) -> list[dict[str, Any]]:
        """The grants of this journey."""
        return await self.petugas.get_all("disbursement", "/grants", programme_id=str(self.programme_id))

    @staticmethod
    def _count(found: list[dict[str, Any]], state: str) -> int:
        return sum(each["state"] == state for each in found)

    async def hand_over(self) -> None:
        """Goods bought, one session, everybody invited and served."""
        goods = {"package_code": PACKAGE, "count": len(self.people), "unit_price_rupiah": PRICE_RUPIAH}
        bought = {"document_number": f"027/{self.name.upper()}/2023", **goods, **on(DECIDED_ON)}
        await self.petugas.post("disbursement", "/purchases", {"programme_id": str(self.programme_id), **bought})
        planned = {
            "programme_id": str(self.programme_id),
            "held_on": HANDED_ON.isoformat(),
            "place_code": f"balai-{self.name}",
            "place_name": "Balai Contoh",
            "region_code": self.people[0].village.code,
            **on(DECIDED_ON),
        }
        session_id = await self.petugas.post("disbursement", "/handover-sessions", planned)
        grant_ids = sorted(each["id"] for each in await self.grants())
        path = f"/handover-sessions/{session_id}/recipients"
        await self.petugas.post("disbursement", path, {"grant_ids": grant_ids, **on(DECIDED_ON)})
        receipts = [{"grant_id": grant_id} for grant_id in grant_ids]
        positions = {"first_party_position": "Kepala Dinas", "witness_position": "Kepala Desa"}
        signing = {"first_party_name": self.first_party, "witness_name": self.witness, **positions}
        served = {"session_id": str(session_id), "receipts": receipts, "signing": signing, **on(HANDED_ON)}
        await self.petugas.post("disbursement", "/handover-lists", served)
        served_all = len(self.people)
        await self._until(self.grants, lambda found: self._count(found, "handed_over") == served_all, "handed over")

    async def plans(self) -> list[dict[str, Any]]:
        """The mentoring plans of this journey."""
        return await self.petugas.get_all("followup", "/plans", programme_id=str(self.programme_id))

    async def mentor_families(self) -> None:
        """Six visits to each of the families that do well; the others wait for their mentor."""
        plans = await self._until(self.plans, lambda found: len(found) == len(self.people), "all planned")
        doing_well = {str(person_id) for person_id in self.person_ids[:GRADUATES_COUNT]}
        mine = [plan for plan in plans if plan["person_id"] in doing_well]
        for number in range(1, VISITS_COUNT + 1):
            await all_of(mine, lambda plan, number=number: self._visit(plan, number))  # type: ignore[misc]

    async def _visit(self, plan: dict[str, Any], number: int) -> None:
        due_on = plan["visits"][number - 1]["due_on"]
        outcome = {
            "plan_id": plan["plan_id"],
            "visit_number": number,
            "monthly_turnover_rupiah": 2_000_000 + 400_000 * number,
            "monthly_income_rupiah": 1_200_000 + 600_000 * number,
            "family_working_hours": 40,
            "asset_state": "grown",
            **({"baseline_income_rupiah": 1_000_000} if number == 1 else {}),
        }
        dated = {"occurred_on": due_on, "late_entry_reason": LATE}
        await self.mentor.post("followup", "/visits", outcome | dated)

    async def graduate(self) -> None:
        """Confirmed, proposed, and the assistance ended by its owner with a second officer."""
        query = {"programme_id": str(self.programme_id), "state": "candidate"}
        found = await self._until(
            lambda: self.verifikator.get_all("followup", "/empowerments", **query),
            lambda items: len(items) == GRADUATES_COUNT,
            "candidates",
        )
        for each in found:
            body = {"version": each["version"], **on(date(2024, 6, 10))}
            await self.verifikator.post("followup", f"/empowerments/{each['empowerment_id']}/confirm", body)
            await self.petugas.post("followup", "/graduations", {"plan_id": each["plan_id"], **on(date(2024, 6, 12))})
        requests = await self._until(self._requests, lambda items: len(items) == GRADUATES_COUNT, "asked its owner")
        for request in requests:
            path = f"/assistance/requests/{request['graduation_id']}"
            answer = {"answer": "end", "ended_on": "2024-07-01", **on(date(2024, 6, 20))}
            await self.owner.post("registry", f"{path}/answer", answer)
            version = next(
                each["version"] for each in await self._requests() if each["graduation_id"] == request["graduation_id"]
            )
            await self.owner_checker.post("registry", f"{path}/approve", {"version": version})
        await self._until(
            self.graduations, lambda items: self._count(items, "graduated") == GRADUATES_COUNT, "graduated"
        )

    async def _requests(self) -> list[dict[str, Any]]:
        found = await self.owner.get_all("registry", "/assistance/requests", state="open")
        return [request for request in found if request["programme_id"] == str(self.programme_id)]

    async def graduations(self) -> list[dict[str, Any]]:
        """The graduations of this journey."""
        return await self.petugas.get_all("followup", "/graduations", programme_id=str(self.programme_id))

    async def messages(self) -> list[dict[str, Any]]:
        """The messages of this journey."""
        return await self.petugas.get_all("notifications", "/messages", programme_id=str(self.programme_id))

    async def _until(self, ask: Ask, good: Callable[[Any], bool], what: str) -> Any:
        return await until(ask, good, what=f"{self.name}: {what}", timeout_seconds=WAIT_SECONDS)
