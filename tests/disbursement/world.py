"""A small world for the tests of disbursement: one programme, three officers, some people."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from chassis.auth import Role
from chassis.ids import new_id
from contracts.training import CourseCompletedV1, CourseNotCompletedV1, EnrolledV1, NotCompletedReason
from tests.disbursement.builders import (
    DECREE_ON,
    HANDED_ON,
    PRICE_RUPIAH,
    SIGNING,
    ok,
    on,
    people,
    programme,
    registered,
)
from tests.support.service import OfficerClient, ServiceUnderTest


@dataclass
class World:
    """A programme in the service under test and the officers who work on it."""

    service: ServiceUnderTest
    petugas: OfficerClient
    verifikator: OfficerClient
    penetap: OfficerClient
    programme_id: UUID
    enrolments: dict[UUID, UUID] = field(default_factory=dict)

    @classmethod
    async def make(cls, service: ServiceUnderTest, **changed: Any) -> "World":
        """Open the programme."""
        petugas = service.as_(Role.PETUGAS, subject="petugas-1")
        created = ok(await petugas.post("/programmes", json=programme(**changed)))
        verifikator = service.as_(Role.VERIFIKATOR, subject="verifikator-1")
        penetap = service.as_(Role.PENETAP, subject="penetap-1")
        return cls(service, petugas, verifikator, penetap, UUID(created["id"]))

    def _enrolment(self, person_id: UUID, course: str) -> dict[str, Any]:
        return {
            "agency": "dinsos",
            "enrolment_id": self.enrolments.setdefault(person_id, new_id()),
            "person_id": person_id,
            "programme_id": self.programme_id,
            "course_code": course,
            "class_id": new_id(),
        }

    def enrolled(self, person_id: UUID, course: str = "tata-boga") -> EnrolledV1:
        """Training enrols a person."""
        return EnrolledV1(
            **self._enrolment(person_id, course),
            occurred_on=date(2023, 10, 1),
            place_region_code="33.28.04",
            session_dates=(date(2023, 10, 25),),
        )

    def completed(self, person_id: UUID, course: str = "tata-boga") -> CourseCompletedV1:
        """Training says that a person completed the course."""
        return CourseCompletedV1(
            **self._enrolment(person_id, course),
            occurred_on=date(2023, 11, 8),
            sessions_attended=4,
            sessions_required=3,
            completed_on=date(2023, 11, 8),
        )

    def not_completed(self, person_id: UUID, course: str = "tata-boga") -> CourseNotCompletedV1:
        """Training says that a person did not complete the course."""
        return CourseNotCompletedV1(
            **self._enrolment(person_id, course),
            occurred_on=date(2023, 11, 8),
            sessions_attended=1,
            sessions_required=3,
            reason=NotCompletedReason.ATTENDANCE_SHORT,
        )

    async def known(self, *people: UUID) -> None:
        """The people are registered and enrolled."""
        await self.service.deliver(*(registered(person_id) for person_id in people))
        await self.service.deliver(*(self.enrolled(person_id) for person_id in people))

    async def allocate(self) -> None:
        """Allocate to all eligible."""
        ok(await self.petugas.post(f"/programmes/{self.programme_id}/allocations", json=on("2023-10-20")))
        await self.service.run_jobs()

    async def reserve(self, *people: UUID, package_code: str = "paket-tata-boga") -> None:
        """Put people on the reserve list."""
        candidates = [{"person_id": str(each), "package_code": package_code} for each in people]
        path = f"/programmes/{self.programme_id}/reserve-candidates"
        ok(await self.petugas.post(path, json=on("2023-10-20", candidates=candidates)))

    async def propose(self) -> dict[str, Any]:
        """Propose all confirmed grants; the submitted proposal."""
        body = on("2023-11-14", programme_id=str(self.programme_id))
        created = ok(await self.petugas.post("/proposals", json=body))
        await self.service.run_jobs()
        return await self.proposal(created["id"])

    async def begin_proposing(self) -> dict[str, Any]:
        """A proposal of which one chunk is collected."""
        created = ok(await self.petugas.post("/proposals", json=on("2023-11-14", programme_id=str(self.programme_id))))
        await self.run_chunk()
        return await self.proposal(created["id"])

    async def run_chunk(self) -> None:
        """One chunk of the job whose turn it is."""
        await self.service.service.jobs.run_next(self.service.service.database, 1000)

    async def proposal(self, proposal_id: str) -> dict[str, Any]:
        """A proposal as it stands."""
        found: dict[str, Any] = ok(await self.petugas.get(f"/proposals/{proposal_id}"))
        return found

    async def check(self, proposal: dict[str, Any], day: str = "2023-11-15") -> dict[str, Any]:
        """The verifier checks; the proposal afterwards."""
        body = on(day, version=proposal["version"])
        ok(await self.verifikator.post(f"/proposals/{proposal['id']}/check", json=body))
        return await self.proposal(proposal["id"])

    async def sign(self, proposal: dict[str, Any], number: str = "460/2023", day: str = DECREE_ON) -> UUID:
        """The deciding official signs; the decree's id."""
        body = on(
            day,
            proposal_id=proposal["id"],
            version=proposal["version"],
            number=number,
            annex_reference="Lampiran I",
        )
        created = ok(await self.penetap.post("/decrees", json=body))
        await self.service.run_jobs()
        return UUID(created["id"])

    async def confirmed(self, count: int) -> list[str]:
        """People whose grants are confirmed; their ids."""
        ids = people(count)
        await self.known(*ids)
        await self.allocate()
        await self.service.deliver(*(self.completed(each) for each in ids), sequence=2)
        return [str(each) for each in ids]

    async def decided(self, *people: UUID) -> UUID:
        """People who are known, trained and named by a decree; the decree's id."""
        await self.known(*people)
        await self.allocate()
        await self.service.deliver(*(self.completed(each) for each in people), sequence=2)
        return await self.sign(await self.check(await self.propose()))

    async def buy(self, count: int = 5, price_rupiah: int = PRICE_RUPIAH) -> None:
        """Fill the stock."""
        body = on(
            "2023-11-16",
            programme_id=str(self.programme_id),
            package_code="paket-tata-boga",
            count=count,
            unit_price_rupiah=price_rupiah,
            document_number="KONTRAK/1/2023",
        )
        ok(await self.petugas.post("/purchases", json=body))

    async def session(self, held_on: str = HANDED_ON, **changed: Any) -> str:
        """Plan a handover session; its id."""
        body = on(
            "2023-11-18",
            programme_id=str(self.programme_id),
            held_on=held_on,
            place_code="pendopo-balapulang",
            place_name="Pendopo Kecamatan Balapulang",
            region_code="33.28.04",
        )
        created: str = ok(await self.petugas.post("/handover-sessions", json=body | changed))["id"]
        return created

    async def invite(self, session_id: str, *grant_ids: str) -> None:
        """Invite recipients."""
        path = f"/handover-sessions/{session_id}/recipients"
        ok(await self.petugas.post(path, json=on("2023-11-18", grant_ids=list(grant_ids))))

    def handover(self, session_id: str, grant_id: str, **receipt: Any) -> dict[str, Any]:
        """The body of a handover."""
        given = {"grant_id": grant_id, **receipt}
        return on(HANDED_ON, session_id=session_id, receipt=given, signing=SIGNING)

    async def hand_over(self, session_id: str, grant_id: str) -> str:
        """Hand over; the BAST's id."""
        created: str = ok(await self.petugas.post("/handovers", json=self.handover(session_id, grant_id)))["id"]
        return created

    async def void(self, bast_id: str, **changed: Any) -> None:
        """Void a BAST with two officers."""
        body = on("2023-11-23", reason="wrong_item", goods="back_in_stock") | changed
        requested = ok(await self.petugas.post(f"/basts/{bast_id}/voids", json=body))
        answer = on("2023-11-23", approved=True)
        ok(await self.verifikator.post(f"/bast-voids/{requested['id']}/answer", json=answer))

    async def grants(self, **wanted: str) -> list[dict[str, Any]]:
        """The programme's grants."""
        query = {"programme_id": str(self.programme_id), "limit": "200", **wanted}
        found: list[dict[str, Any]] = ok(await self.petugas.get("/grants", params=query))["items"]
        return found

    async def grant_of(self, person_id: UUID) -> dict[str, Any]:
        """A person's newest grant."""
        return (await self.grants(person_id=str(person_id)))[-1]

    async def balances(self) -> dict[str, int]:
        """The ledger's accounts; they must sum to 0, and the budget row must agree with them."""
        ledger = ok(await self.petugas.get(f"/programmes/{self.programme_id}/ledger"))
        assert ledger["sum_rupiah"] == 0
        accounts = {each["account"]: each["balance_rupiah"] for each in ledger["accounts"]}
        row = await self.service.fetch_one(
            "SELECT budget_rupiah, available_rupiah FROM programme WHERE id = :id", id=self.programme_id
        )
        assert row is not None
        assert (row.budget_rupiah, row.available_rupiah) == (-accounts["budget"], accounts["available"])
        return accounts

    async def stock(self) -> dict[str, int]:
        """The cookery package's counts."""
        items = ok(await self.petugas.get(f"/programmes/{self.programme_id}/stock"))["items"]
        shelf: dict[str, int] = next(item for item in items if item["package_code"] == "paket-tata-boga")
        return {name: value for name, value in shelf.items() if name.endswith("_count")}
