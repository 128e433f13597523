"""What an auditor relies on: the ledger's guards, the audit export, scope, and pages without stored names."""

import asyncio
import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.auth import Role
from chassis.ids import new_id
from services.disbursement.store import metadata
from tests.disbursement.builders import PRICE_RUPIAH, SIGNING, assistance, ok, people, refused
from tests.disbursement.world import World
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceFactory, ServiceUnderTest

_ENTRY = "INSERT INTO ledger_entry SELECT id, 'lost', 1 FROM posting LIMIT 1"


async def test_the_database_refuses_an_unbalanced_posting(world: World) -> None:
    with pytest.raises(IntegrityError, match="must sum to 0"):
        await world.service.execute(_ENTRY)


_ADDED_TO_ONLY = ("ledger_entry", "posting", "decision_log")
_REWRITES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE")


async def test_what_is_written_stays_even_for_the_owner(database_for: DatabaseFor) -> None:
    urls = await asyncio.to_thread(database_for, "disbursement")
    owner = await asyncpg.connect(urls.owner)
    try:
        for table in _ADDED_TO_ONLY:
            column = metadata.tables[table].columns.keys()[1]
            for statement in _REWRITES:
                with pytest.raises(asyncpg.RestrictViolationError, match=f"{table} is only added to"):
                    await owner.execute(statement.format(table, column, column))
    finally:
        await owner.close()


async def test_the_services_roles_may_not_rewrite(world: World) -> None:
    for table in _ADDED_TO_ONLY:
        column = metadata.tables[table].columns.keys()[1]
        for statement in _REWRITES:
            with pytest.raises(DBAPIError, match="permission denied"):
                await world.service.execute(statement.format(table, column, column))


async def test_officers_see_their_own_agency_and_region(world: World) -> None:
    await world.known(*people(1))
    await world.allocate()
    grant = (await world.grants())[0]
    for agency, region in (("dinas-koperasi", "33.28"), ("dinsos", "33.29")):
        stranger = world.service.as_(Role.PETUGAS, agency=agency, region=region, subject="x")
        refused(await stranger.get(f"/grants/{grant['id']}"), 404, "grant-not-found")
        refused(await stranger.get(f"/programmes/{world.programme_id}/ledger"), 404, "programme-not-found")
        assert ok(await stranger.get("/grants"))["items"] == []
    village = world.service.as_(Role.PETUGAS, region="33.28.04", subject="x")
    assert len(ok(await village.get("/grants"))["items"]) == 1


async def test_audit_export_by_person_officer_and_period(world: World) -> None:
    one, other = people(2)
    await world.decided(one, other)
    auditor = world.service.as_(Role.AUDITOR, agency="inspektorat", region="33.28")

    async def export(**wanted: str) -> list[dict[str, str]]:
        answer = await auditor.get("/audit-export", params=wanted)
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(answer.text)))

    acts = [row["act"] for row in await export(person_id=str(one))]
    assert acts == ["aid_allocated", "allocation_confirmed", "aid_proposed", "aid_decided"]
    penetap = (await export(person_id=str(one)))[-1]["officer"]
    assert {row["act"] for row in await export(officer=penetap)} == {"decree_signed", "aid_decided"}
    period = await export(from_on="2023-11-15", to_on="2023-11-15")
    assert {row["act"] for row in period} == {"proposal_checked"}
    refused(await world.petugas.get("/audit-export"), 403, "not-allowed")


async def test_audit_export_streams_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.disbursement.api.audit._PAGE_ROWS", 2)
    await world.known(*people(5))
    await world.allocate()
    auditor = world.service.as_(Role.AUDITOR, region="33.28")
    rows = list(csv.DictReader(io.StringIO((await auditor.get("/audit-export")).text)))
    assert [row["act"] for row in rows] == ["programme_opened"] + ["aid_allocated"] * 5


class Registry(BaseHTTPRequestHandler):
    """Stands in for the registry's look-up."""

    asked: list[tuple[str, Any]] = []  # noqa: RUF012 - the handler is made anew for each request
    status = 200

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Registry.asked.append((self.headers["Authorization"], body))
        items = [
            {"person_id": each, "name": "Ibu <Contoh>", "phone": None, "address": "RT 01", "village": "Cintamanik"}
            for each in body["person_ids"]
        ]
        answer = json.dumps({"purpose": body["purpose"], "items": items, "missing": []}).encode()
        self.send_response(Registry.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        """Be silent."""


@pytest.fixture
def registry_url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    Registry.asked.clear()
    Registry.status = 200


@pytest.fixture
async def printing(start_service: ServiceFactory, registry_url: str) -> ServiceUnderTest:
    return await start_service("disbursement", registry_url=registry_url)


async def test_printed_pages_bear_names_asked_with_the_readers_token(printing: ServiceUnderTest) -> None:
    world = await World.make(printing)
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    session_id, grant = await world.session(), await world.grant_of(one)
    await world.invite(session_id, grant["id"])
    first = await world.hand_over(session_id, grant["id"])
    await world.void(first)
    second = await world.hand_over(session_id, grant["id"])
    page = (await world.petugas.get(f"/basts/{second}/page")).text
    for text in (
        "BERITA ACARA SERAH TERIMA", "BAST/DINSOS/2023/0002", "BAST/DINSOS/2023/0001", "22 November 2023",
        "Ibu &lt;Contoh&gt;", SIGNING["first_party_name"], SIGNING["witness_name"], "Kompor gas", "Rp3.000.000",
    ):  # fmt: skip
        assert text in page
    assert "BATAL" in (await world.petugas.get(f"/basts/{first}/page")).text
    listed = (await world.petugas.get(f"/handover-sessions/{session_id}/attendance-list")).text
    assert "DAFTAR HADIR" in listed
    assert "Cintamanik" in listed
    token, body = Registry.asked[0]
    assert token == world.petugas.headers["Authorization"]
    assert body == {"purpose": "handover", "person_ids": [str(one)]}
    stored = await world.service.fetch_one("SELECT first_party_sealed FROM bast LIMIT 1")
    assert stored is not None
    assert SIGNING["first_party_name"].encode() not in bytes(stored.first_party_sealed)
    Registry.status = 403
    assert "nama tidak tersedia" in (await world.petugas.get(f"/basts/{second}/page")).text
    Registry.status = 500
    refused(await world.petugas.get(f"/basts/{second}/page"), 503, "names-unavailable")


async def test_an_attendance_list_comes_in_parts_of_one_look_up_each(printing: ServiceUnderTest) -> None:
    world = await World.make(printing)
    (one,) = people(1)
    await world.decided(one)
    session_id, grant = await world.session(), await world.grant_of(one)
    path = f"/handover-sessions/{session_id}/attendance-list"
    asked = len(Registry.asked)
    assert (await world.petugas.get(path)).status_code == 200, "nobody is invited yet"
    await world.service.execute(
        "INSERT INTO appointment (id, session_id, grant_id, person_id, state, recorded_at)"
        " SELECT gen_random_uuid(), :session, :grant, :person, 'missed', now() FROM generate_series(1, 1001)",
        session=session_id,
        grant=grant["id"],
        person=one,
    )
    numbers: list[int] = []
    counts: list[int] = []
    after = ""
    while after or not counts:
        page = (await world.petugas.get(path + after)).text
        found = [int(number) for number in re.findall(r"<tr><td>(\d+)</td>", page)]
        counts.append(len(found))
        numbers += found
        after = "".join(re.findall(r'href="(\?after=[^"]+)"', page))
    assert counts == [500, 500, 1]
    assert numbers == list(range(1, 1002))
    assert [len(body["person_ids"]) for _, body in Registry.asked[asked:]] == counts


async def test_aid_told_in_another_agencys_name_is_kept_but_not_believed(world: World) -> None:
    one, other = people(2)
    await world.known(one, other)
    await world.allocate()
    # In the programme's own name it would count as no double aid at all, in a third one's nobody vouches for it.
    honest = assistance(one)
    forged = honest.model_copy(update={"agency": "dinsos"})
    await world.service.deliver(forged, assistance(other, agency="dinas-pertanian"))
    assert {grant["state"] for grant in await world.grants()} == {"conditional"}
    operator = world.service.as_(Role.OPERATOR)
    kept = ok(await operator.get("/refused-assistance"))["items"]
    assert {(each["agency"], each["person_id"], each["reason"]) for each in kept} == {
        ("dinsos", str(one), "agency_not_the_publisher"),
        ("dinas-pertanian", str(other), "agency_not_the_publisher"),
    }
    await world.service.deliver(honest)
    await world.service.deliver(forged, sequence=2)
    assert (await world.grant_of(one))["ended_reason"] == "double_aid"
    assert (await world.service.fetch_one("SELECT agency FROM other_aid")).agency == "dinas-koperasi"  # type: ignore[union-attr]


async def test_unknown_ids_are_not_found(world: World) -> None:
    for path in ("programmes", "grants", "proposals", "decrees", "handover-sessions", "basts"):
        assert (await world.petugas.get(f"/{path}/{new_id()}")).status_code == 404


async def test_every_act_has_its_role(world: World) -> None:
    others = [world.service.as_(role, subject="x") for role in (Role.KEPALA_DESA, Role.AUDITOR, Role.OPERATOR)]
    paths = [
        (path, acts["post"]["x-roles"])
        for path, acts in world.service.service.app.openapi()["paths"].items()
        if "post" in acts and not path.startswith(("/admin", "/jobs", "/bulk"))
    ]
    assert len(paths) >= 22
    for path, roles in paths:
        assert set(roles) < {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP}, path
        for officer in others:
            answer = await officer.post(re.sub(r"{\w+}", str(new_id()), path), json={})
            assert answer.status_code == 403, path


async def test_lists_and_details_can_be_read(world: World) -> None:
    await world.decided(*people(2))
    await world.session()
    programmes = ok(await world.petugas.get("/programmes", params={"limit": 1}))
    assert (programmes["items"][0]["id"], programmes["next"]) == (str(world.programme_id), None)
    detail = ok(await world.petugas.get(f"/programmes/{world.programme_id}"))
    assert detail["grants"] == [
        {"package_code": "paket-tata-boga", "state": "decided", "grants_count": 2, "amount_rupiah": 2 * PRICE_RUPIAH}
    ]
    assert [package["planned_count"] for package in detail["programme"]["packages"]] == [10, 10]
    for path in ("proposals", "decrees", "handover-sessions"):
        found = ok(await world.petugas.get(f"/{path}", params={"programme_id": str(world.programme_id)}))
        assert len(found["items"]) == 1
    ledger = ok(await world.petugas.get(f"/programmes/{world.programme_id}/ledger"))
    assert {each["kind"]: each["postings_count"] for each in ledger["movements"]} == {
        "budget_opened": 1, "allocated": 2, "decided": 2
    }  # fmt: skip
