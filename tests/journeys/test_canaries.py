"""Unmistakable values go the whole way, with everything that goes wrong on it, and are nowhere afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from chassis.ids import new_id
from contracts.catalogue import PEOPLE
from contracts.envelope import LateEntryReason, case_id
from contracts.registry import ListSource, PersonRegisteredV1, PersonStatus, PopulationMatch
from demo.errors import DemoError
from demo.officers import Office, Officer
from demo.regions import REGENCY_CODE
from demo.waiting import until
from demo.world import on
from deploy.local.issuer import Issuer
from deploy.local.stack import Stack
from tests.journeys.canaries import (
    ACCOUNT_NUMBER,
    FIRST_PARTY,
    WITNESS,
    CanaryJourney,
    Needles,
    as_listed,
    canaries,
    offer_all,
    offers,
    secrets_of,
)
from tests.journeys.journey import GRADUATES_COUNT, HANDED_ON
from tests.journeys.searching import Searcher

ENTERED = {"person.name", "person.birth_date"}
"""Where the registry keeps such values in the clear, by decision: nowhere else, in no other service."""
HEARERS = ("training", "disbursement", "console")
"""Who hears of people."""
MENDED_BY = "training"
MESSAGES_COUNT = 3 * len(canaries()) + GRADUATES_COUNT

Place = tuple[str, int, int]


@pytest.fixture
async def refused(stack: Stack) -> list[bytes]:
    """Every error answer of the test, with its headers."""
    return []


@pytest.fixture
async def client(refused: list[bytes]) -> AsyncIterator[httpx.AsyncClient]:
    """Connections that remember the errors they were answered."""

    async def remember(response: httpx.Response) -> None:
        if response.is_error:
            refused.append(repr(response.headers.multi_items()).encode() + await response.aread())

    async with httpx.AsyncClient(timeout=30, event_hooks={"response": [remember]}) as made:
        yield made


async def test_no_value_of_a_person_leaves_the_place_it_was_entered(
    stack: Stack, client: httpx.AsyncClient, refused: list[bytes]
) -> None:
    searcher = Searcher(stack, began_us=time.time_ns() // 1000)
    urls = {name: part["url"] for name, part in stack.state["services"].items()}
    journey = CanaryJourney(Office(urls, Issuer(stack.home).mint, client), "kenari", canaries(), FIRST_PARTY, WITNESS)
    await journey.run()
    await correct_a_phone(journey)
    await do_everything_wrong(journey, client, urls)
    own = await send_junk(stack, journey)
    await wait_for_the_end(journey, own)
    await mend_one(journey)
    case = case_id(journey.programme_id, journey.person_ids[0])
    needles = Needles.of(secrets_of(journey.people))
    assert searching_finds_every_spelling(needles)
    told = [str(journey.programme_id), str(case), "message_parked", "urn:sinergi:problem", "sinergi_ready"]
    control = Needles.of(told)

    leaks, seen = set(), set()
    async for where, what in everything(searcher, client, refused, own):
        leaks |= {f"{where}: {value}" for value in needles.found_in(what)}
        seen |= {f"{place}: {value}" for value in control.found_in(what) for place in (where, where.split()[0])}
    allowed = {f"registry {column}" for column in ENTERED}
    leaks_elsewhere = sorted(leak for leak in leaks if leak.split(":")[0] not in allowed)
    assert not leaks_elsewhere, "\n".join(leaks_elsewhere)
    assert {leak.split(":")[0] for leak in leaks} == allowed, "what is kept in the clear was not found"
    assert {f"metrics {service}: sinergi_ready" for service in urls} <= seen
    assert {
        "log: message_parked", f"traces: {case}", f"topic: {journey.programme_id}", f"topic: {case}",
        f"console: {case}", f"disbursement: {journey.programme_id}", "answer: urn:sinergi:problem",
    } <= seen  # fmt: skip


def searching_finds_every_spelling(needles: Needles) -> bool:
    """The search itself: each way in which a value once leaked somewhere."""
    person = canaries()[0]
    assert person.phone is not None
    dotted = ".".join(person.nik[at : at + 4] for at in range(0, 16, 4))
    spelled = (
        f"+62{person.phone[1:]}", f"62 {person.phone[1:5]}-{person.phone[5:]}", dotted, "KENARIWATI",
        "Gang%20Jalakputih", "Gang+Jalakputih", person.nik.encode().hex(), f"rek {ACCOUNT_NUMBER}",
        person.birth_date.isoformat(), as_listed(person.birth_date), WITNESS.upper(), FIRST_PARTY,
    )  # fmt: skip
    return all(needles.found_in(f"x{text}y".encode()) for text in spelled)


async def correct_a_phone(journey: CanaryJourney) -> None:
    """A corrected person: the old and the new number are both nobody's business."""
    person = journey.people[0]
    wanted = {"field": "phone", "new_value": f"+62 {str(person.phone)[1:]}0", "reason": "number_changed"}
    path = f"/people/{journey.person_ids[0]}/corrections"
    proposed = await journey.petugas.post(
        "registry", path, {**wanted, "evidence_reference": "SK-KENARI", **on(HANDED_ON)}
    )
    await journey.verifikator.post("registry", f"/corrections/{proposed}/approve", {"version": 1})


async def do_everything_wrong(journey: CanaryJourney, client: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """Every service is offered the values where they do not belong, by officers and by strangers."""
    officer: Officer = journey.petugas
    grants = await journey.grants()
    offered = offers(journey.people[0], str(journey.person_ids[0]), grants[0]["id"])
    known = {"Authorization": f"Bearer {officer.token}"}
    stranger = {"Authorization": f"Bearer {journey.people[1].nik}"}
    for headers in (known, stranger):
        answers = await offer_all(client, urls, headers, offered)
        accepted = [str(answer.url.path) for answer in answers if not answer.is_error]
        assert accepted == []


async def send_junk(stack: Stack, journey: CanaryJourney) -> set[Place]:
    """Records that no consumer can take in, with the values in body, key and headers; where they stand."""
    person = journey.people[0]
    body = {"nik": person.nik, "nama": person.name, "decile": person.phone, person.address: ACCOUNT_NUMBER}
    good = headers_of(person.nik, person.name) | {"ce_source": f"/{person.nik}", "ce_subject": person.name}
    records: list[tuple[str, dict[str, str], bytes]] = [
        (str(new_id()), good, orjson.dumps(body)),
        (str(new_id()), good | {"ce_id": str(new_id())}, b'{"nik": "' + person.nik.encode() + b'",,'),
        (person.nik, good | {"ce_id": str(new_id())}, orjson.dumps(body)),
        (person.name, good | {"ce_id": person.nik, "ce_correlationid": person.name}, orjson.dumps(body)),
        (str(new_id()), good | {"ce_type": f"registry.{person.nik}.v1"}, orjson.dumps(body)),
    ]
    producer = AIOKafkaProducer(bootstrap_servers=stack.state["kafka_bootstrap_servers"], acks="all")
    await producer.start()
    try:
        sent = [
            await producer.send_and_wait(PEOPLE.name, value, key=key.encode(), headers=_encoded(headers))
            for key, headers, value in records
        ]
    finally:
        await producer.stop()
    return {(each.topic, each.partition, each.offset) for each in sent}


def _encoded(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers.items()]


async def wait_for_the_end(journey: CanaryJourney, junk: set[Place]) -> None:
    """Every message came to an end, and all junk but the skipped type is parked wherever people are heard of."""
    operator = journey.office.officer("operator.kenari", "operator", agency="*", region="")

    async def parked(service: str) -> set[Place]:
        rows: list[dict[str, Any]] = await operator.get(service, "/admin/parked")
        return {(row["topic"], row["partition"], row["log_offset"]) for row in rows} & junk

    async def all_parked() -> list[set[Place]]:
        return list(await asyncio.gather(*(parked(service) for service in HEARERS)))

    await until(all_parked, lambda found: all(len(one) == 4 for one in found), what="the junk is parked")
    await until(
        journey.messages,
        lambda found: (
            len(found) == MESSAGES_COUNT and all(one["state"] in {"delivered", "failed", "listed"} for one in found)
        ),
        what="every message came to its end",
        timeout_seconds=90,
    )


async def mend_one(journey: CanaryJourney) -> None:
    """One of the parked messages is opened and mended: by a form that is refused, then by one that takes effect."""
    first, second = (
        journey.office.officer(f"operator-{number}.kenari", "operator", agency="*", region="") for number in (1, 2)
    )
    rows = await first.get(MENDED_BY, "/admin/parked")
    row = next(each for each in rows if each["reason"] == "malformed_json" and each["topic"] == PEOPLE.name)
    await first.ask(MENDED_BY, f"/admin/parked/{row['id']}/open", {"purpose": "mend"})
    person = journey.people[0]
    values = {"nik": person.nik, "nama": person.name, person.address: ACCOUNT_NUMBER, "saksi": WITNESS}
    mend = {"kind": "replace", "reason": "publisher_confirmed", "headers": headers_of(person.nik, person.name)}
    proposed = f"/admin/parked/{row['id']}/mends"
    with pytest.raises(DemoError):
        await first.post(MENDED_BY, proposed, mend | {"body": orjson.dumps(values).decode(), "key": person.nik})
    body = orjson.dumps(registered(row["key"]) | values).decode()
    mend_id = await first.post(MENDED_BY, proposed, mend | {"body": body})
    await second.ask(MENDED_BY, f"/admin/mends/{mend_id}/open", {"purpose": "mend"})
    await second.post(MENDED_BY, f"/admin/mends/{mend_id}/approve")

    async def still_parked() -> bool:
        return row["id"] in {each["id"] for each in await first.get(MENDED_BY, "/admin/parked")}

    await until(still_parked, lambda waits: not waits, what="the mended message took effect")


def headers_of(name: str, value: str) -> dict[str, str]:
    """What a registered person is told with, and a header that nobody asked for."""
    return {
        "ce_specversion": "1.0", "ce_id": str(new_id()), "ce_source": "/kenari", "ce_subject": "kenari",
        "ce_type": PersonRegisteredV1.event_type, "ce_time": "2023-11-22T03:00:00Z", "ce_sequence": "1",
        "ce_correlationid": str(new_id()), name: value,
    }  # fmt: skip


def registered(person_id: str) -> dict[str, Any]:
    """A person registered, as the contract wants it."""
    fact = PersonRegisteredV1(
        person_id=UUID(person_id), family_id=new_id(), region_code=REGENCY_CODE, decile=1, list_source=ListSource.P3KE,
        list_version="kenari", list_dated_on=HANDED_ON, population_match=PopulationMatch.MATCHED,
        status=PersonStatus.ACTIVE, import_id=new_id(), occurred_on=HANDED_ON, agency="dinsos",
        late_entry_reason=LateEntryReason.HISTORICAL_DATA,
    )  # fmt: skip
    return fact.model_dump(mode="json")


async def everything(
    searcher: Searcher, client: httpx.AsyncClient, refused: list[bytes], own: set[Place]
) -> AsyncIterator[tuple[str, bytes]]:
    """All that was written down anywhere but in the test's own records."""
    for where, what in searcher.logs():
        yield where, what
    for answer in refused:
        yield "answer", answer
    async for where, what in searcher.metrics(client):
        yield where, what
    async for place, what in searcher.records():
        if place not in own:
            yield f"topic {place}", what
    for service in searcher.stack.state["services"]:
        yield f"traces {service}", await searcher.traces(client, service)
        async for column, what in searcher.columns(service):
            yield f"{service} {column}", what
