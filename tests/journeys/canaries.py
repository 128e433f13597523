"""People with unmistakable values, every way such a value may be spelled, and requests that offer them to everybody."""

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import quote, quote_plus

import httpx

from demo.calendar import GOATS
from demo.listfile import COLUMNS
from demo.people import NO_SUCH_KECAMATAN, Part, Person, nik
from demo.regions import villages
from tests.journeys.journey import GRADUATES_COUNT, Journey

ACCOUNT_NUMBER: Final = "774011223344556"
"""Nobody keeps account numbers yet; a sender may put one anywhere all the same."""
FIRST_PARTY: Final = "Sastrokutilang Wicaksana"
WITNESS: Final = "Mangunperkutut Padmowinoto"
"""Who sign a handover beside the recipient: officials, and persons all the same."""
E_MAIL: Final = "qomariyah.burungkenari@surel-kenari.id"
_NAMES: Final = ("Zulaikha Kenariwati", "Qomariyah Burungkenari", "Wiryatmoko Cucakrowo", "Yustiningrum Prenjakwulan")
_PHONES: Final = ("089977499000", "089977599005", "089977699001", None)
"""One that works, one whose receipts repeat, one that is dead; the last has an e-mail address only."""


def canaries() -> list[Person]:
    """Four of them, in one village."""
    born = date(1977, 7, 17)
    return [
        Person(
            nik=nik(born, woman=True, serial=7740 + number),
            family_card=f"{NO_SUCH_KECAMATAN}170777{8840 + number}",
            name=name,
            woman=True,
            birth_date=born,
            village=villages()[0],
            address=f"Gang Jalakputih Bisu {7740 + number}",
            phone=phone,
            decile=1,
            pkh=number < GRADUATES_COUNT,
            sembako=True,
            part=Part.COMPLETES,
            course_code=GOATS,
            class_code="kenari",
        )
        for number, (name, phone) in enumerate(zip(_NAMES, _PHONES, strict=True))
    ]


def secrets_of(people: Iterable[Person]) -> Iterator[str]:
    """Every value that must stay where it was entered; of names and addresses also the telling words."""
    yield from (ACCOUNT_NUMBER, E_MAIL, *FIRST_PARTY.split(), *WITNESS.split())
    for person in people:
        yield from (person.nik, person.family_card, *person.name.split(), person.address, "Jalakputih")
        yield from (person.birth_date.isoformat(), as_listed(person.birth_date))
        if person.phone:
            # Without its 0: the same digits stand behind +62.
            yield person.phone.removeprefix("0")


@dataclass(frozen=True)
class Needles:
    """What a search looks for: each value in every spelling."""

    folded: Mapping[bytes, str]
    """Compared in small letters."""
    exact: Mapping[bytes, str]
    """Base64: compared as it is."""

    @classmethod
    def of(cls, values: Iterable[str]) -> "Needles":
        """All spellings: plain, as URL, JSON or hexadecimal text, as a plain digest, in Base64."""
        folded: dict[bytes, str] = {}
        exact: dict[bytes, str] = {}
        for value in values:
            plain = value.encode()
            texts = {value, value.replace(" ", ""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}
            digests = {
                hashlib.new(name, plain, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1", "md5")
            }
            folded |= dict.fromkeys((text.lower().encode() for text in texts | digests | {plain.hex()}), value)
            exact |= dict.fromkeys(_base64_inside(plain), value)
        return cls(folded, exact)

    def found_in(self, hay: bytes) -> set[str]:
        """The values that the hay holds in any spelling, also in groups of digits."""
        small = hay.lower()
        joined = re.sub(rb"(?<=\d)[ .\-_/]+(?=\d)", b"", small)
        found = {value for text, value in self.folded.items() if text in small or text in joined}
        return found | {value for text, value in self.exact.items() if text in hay}


def _base64_inside(plain: bytes) -> Iterator[bytes]:
    """What every Base64 text with these bytes somewhere inside has in common, for each of the three alignments."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + plain).rstrip(b"=")
        uncertain_start, uncertain_end = (0, 2, 3)[before], (before + len(plain)) % 3
        yield encoded[uncertain_start : len(encoded) - 1 if uncertain_end else None]


class CanaryJourney(Journey):
    """The journey of the canaries, with their own list: theirs are not people of the scenario."""

    def listed(self) -> bytes:
        """The list, with an e-mail address for whoever has no phone."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, (*COLUMNS, "email"))
        writer.writeheader()
        for person in self.people:
            writer.writerow(row_of(person))
        return text.getvalue().encode()


def as_listed(day: date) -> str:
    """A date as targeting lists spell it."""
    return day.strftime("%d-%m-%Y")


def row_of(person: Person) -> dict[str, str]:
    """The person's row of a list."""
    values = (
        person.nik, person.family_card, person.name, as_listed(person.birth_date), "P", "kawin",
        person.address, person.village.code, person.phone or "", str(person.decile), "ya" if person.pkh else "tidak",
        "ya", "padan", "" if person.phone else E_MAIL,
    )  # fmt: skip
    return dict(zip((*COLUMNS, "email"), values, strict=True))


def offers(person: Person, person_id: str, grant_id: str) -> list[tuple[str, str, str, Any]]:
    """Requests that every service must refuse: service, method, address, body. All of them carry the values."""
    name, number, contact = quote(person.name), person.nik, person.phone or E_MAIL
    junk = {"nik": number, person.name: contact, number: person.address, "rekening": ACCOUNT_NUMBER}
    everywhere = [
        offer
        for service in ("registry", "training", "disbursement", "followup", "notifications", "console")
        for offer in (
            (service, "GET", f"/nowhere/{name}/{number}?nik={number}&rekening={ACCOUNT_NUMBER}", None),
            (service, "GET", f"/admin/events?case={number}", None),
            (service, "GET", f"/jobs/{number}?nama={name}", None),
            (service, "POST", f"/jobs/{number}/cancel", junk),
        )
    ]
    correction = {"field": "nik", "new_value": number[:-1], "reason": "typing_error", "evidence_reference": "KTP"}
    dated = {"occurred_on": "2023-11-22", "late_entry_reason": "historical_data"}
    about = f"filename={name}.csv&list_source=p3ke&list_dated_on=2023-09-29"
    unlisted = f"{person.name};{number};{contact}\n{person.address};{ACCOUNT_NUMBER};x\n".encode()
    return [
        *everywhere,
        ("registry", "POST", f"/imports?{about}&list_version=kenari", unlisted),
        ("registry", "POST", f"/imports?{about}&list_version={name}%20{number}", b"\x00" + number.encode()),
        ("registry", "GET", f"/people/{number}", None),
        ("registry", "GET", f"/people?after={number}&region={name}", None),
        ("registry", "POST", "/people/search", {"name": f"{person.name}\x00", "purpose": contact}),
        ("registry", "POST", "/people/resolve", {"purpose": person.name, "niks": [number + "9" * 30]}),
        ("registry", "POST", "/contacts/lookup", {"purpose": number, "person_ids": [number]}),
        ("registry", "POST", f"/people/{person_id}/corrections", correction | dated),
        ("registry", "POST", f"/people/{person_id}/corrections", b'{"new_value": "' + number.encode() + b'",,}'),
        ("training", "GET", f"/people/{number}/enrolments", None),
        ("training", "POST", f"/classes/{person_id}/enrolments", {"person_id": person_id, **dated} | junk),
        ("disbursement", "GET", f"/eligibility?programme_id={number}&person_id={name}", None),
        ("disbursement", "POST", "/handovers", {"session_id": number, "receipt": {"grant_id": grant_id}, **junk}),
        ("disbursement", "POST", "/handover-lists", {"session_id": person_id, "receipts": [{"grant_id": number}]}),
        ("followup", "POST", "/visits", {"plan_id": number, "visit_number": name, **dated, **junk}),
        ("notifications", "GET", f"/messages?programme_id={number}&person_id={name}", None),
        ("notifications", "POST", "/receipts/sms", {"reference": number, "status": contact}),
        ("console", "GET", f"/cases?region={number}", None),
        ("console", "GET", f"/operations/cases/{number}", None),
    ]


async def offer_all(
    client: httpx.AsyncClient, urls: Mapping[str, str], headers: Mapping[str, str], offered: Sequence[Any]
) -> list[httpx.Response]:
    """Send them in turn; the answers."""
    answers = []
    for number, (service, method, path, body) in enumerate(offered):
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {**headers, "Idempotency-Key": f"kenari-{number}", "Content-Type": "application/json"}
        answers.append(await client.request(method, urls[service] + path, content=content, headers=given))
    return answers
