"""The registry's checks of a row, written down once more as a script would have them: one function, no types.

What they find must be what the registry finds: every round compares the findings of both.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import phonenumbers

SIXTEEN: Final = re.compile(r"[0-9]{16}").fullmatch
_SCIENTIFIC: Final = re.compile(r"[0-9]([.,][0-9]+)?[Ee]\+?[0-9]{2}").fullmatch
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})").fullmatch
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})").fullmatch
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
).fullmatch
_FEMALE: Final = {"p": True, "perempuan": True, "wanita": True, "l": False, "laki-laki": False, "pria": False}
_MARRIED: Final = {
    "belum kawin": False, "b": False, "belum": False, "kawin": True, "k": True, "cerai hidup": True, "cerai mati": True,
}  # fmt: skip
_YES: Final = {"ya": True, "y": True, "1": True, "tidak": False, "t": False, "0": False, "-": False}
_MATCH: Final = {
    "sesuai": "matched", "padan": "matched", "tidak sesuai": "not_matched", "tidak padan": "not_matched",
    "belum": "not_checked", "belum dicek": "not_checked",
}  # fmt: skip
WARNINGS: Final = frozenset(
    {"phone_invalid", "email_invalid", "nik_birth_date_differs", "nik_sex_differs", "value_not_understood"}
)


def check(
    cells: Mapping[str, str], villages: frozenset[str], scope: str, listed_on: date, twice: bool
) -> tuple[list[tuple[str, str]], dict[str, Any] | None]:
    """(column, code) of everything found, and what to register, None where something refuses the row."""
    get = cells.get
    found: list[tuple[str, str]] = []
    nik, card = get("nik", ""), get("no_kk", "")
    part = _nik(nik, twice, found)
    _card(card, found)
    name = " ".join(get("nama", "").split())
    if not name:
        found.append(("nama", "name_empty"))
    born_on = _birth_date(get("tanggal_lahir", ""), listed_on, found)
    female = _choice(get, "jenis_kelamin", _FEMALE, None, found)
    married = _choice(get, "status_kawin", _MARRIED, None, found)
    if born_on is not None:
        age = listed_on.year - born_on.year - ((listed_on.month, listed_on.day) < (born_on.month, born_on.day))
        if not married and age < 18:
            found.append(("tanggal_lahir", "not_adult"))
    if part is not None:
        if born_on is not None and part[:3] != (born_on.day, born_on.month, born_on.year % 100):
            found.append(("tanggal_lahir", "nik_birth_date_differs"))
        if female is not None and female != part[3]:
            found.append(("jenis_kelamin", "nik_sex_differs"))
    village = _village(get("kode_desa", ""), villages, scope, found)
    decile = _decile(get("desil", ""), found)
    schemes = [scheme for scheme in ("pkh", "sembako") if _choice(get, scheme, _YES, False, found)]
    match = _choice(get, "padan_dukcapil", _MATCH, "not_checked", found)
    phone = _phone(get("no_hp", ""), found)
    email = _email(get("surel", ""), found)
    if born_on is None or any(code not in WARNINGS for _, code in found):
        return found, None
    return found, {
        "nik": nik, "card": card, "name": name, "born_on": born_on, "female": female, "married": married,
        "address": " ".join(get("alamat", "").split()), "village": village, "decile": decile, "schemes": schemes,
        "match": match, "phone": phone, "email": email,
    }  # fmt: skip


def _nik(nik: str, twice: bool, found: list[tuple[str, str]]) -> tuple[int, int, int, bool] | None:
    if not SIXTEEN(nik):
        lost = "number_lost_its_last_digit" if _SCIENTIFIC(nik) else "nik_not_16_digits"
        found.append(("nik", lost if nik else "nik_missing"))
        return None
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    female = day > 40
    day -= 40 if female else 0
    if not (_is_day(1900 + year, month, day) or _is_day(2000 + year, month, day)):
        found.append(("nik", "nik_birth_part_impossible"))
        return None
    if twice:
        found.append(("nik", "nik_twice_in_list"))
    return day, month, year, female


def _card(card: str, found: list[tuple[str, str]]) -> None:
    if not SIXTEEN(card):
        lost = "number_lost_its_last_digit" if _SCIENTIFIC(card) else "family_card_not_16_digits"
        found.append(("no_kk", lost if card else "family_card_missing"))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _birth_date(text: str, listed_on: date, found: list[tuple[str, str]]) -> date | None:
    born_on = None
    if match := _ISO(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY_FIRST(text):
        day, month, year = map(int, match.groups())
    if match and year >= 1900 and _is_day(year, month, day):
        born_on = date(year, month, day)
    if born_on is None or born_on > listed_on:
        found.append(("tanggal_lahir", "birth_date_invalid" if text else "birth_date_missing"))
        return None
    return born_on


def _village(code: str, villages: frozenset[str], scope: str, found: list[tuple[str, str]]) -> str:
    if len(code) == 10 and code.isdigit():
        code = f"{code[:2]}.{code[2:4]}.{code[4:6]}.{code[6:]}"
    if code not in villages:
        found.append(("kode_desa", "village_unknown"))
    elif scope and code != scope and not code.startswith(scope + "."):
        found.append(("kode_desa", "village_outside_region"))
    return code


def _decile(text: str, found: list[tuple[str, str]]) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 10:
        return int(text)
    found.append(("desil", "decile_out_of_range" if text else "decile_missing"))
    return 0


def _phone(text: str, found: list[tuple[str, str]]) -> str | None:
    if text in ("", "-"):
        return None
    try:
        number = phonenumbers.parse(text, "ID")
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    found.append(("no_hp", "phone_invalid"))
    return None


def _email(text: str, found: list[tuple[str, str]]) -> str | None:
    if text in ("", "-"):
        return None
    if len(text) <= 254 and _EMAIL(text) and text.index("@") <= 64:
        return text
    found.append(("surel", "email_invalid"))
    return None


def _choice(get: Any, column: str, meanings: Mapping[str, Any], otherwise: Any, found: list[tuple[str, str]]) -> Any:
    text = get(column, "").lower()
    if text and text not in meanings:
        found.append((column, "value_not_understood"))
    return meanings.get(text, otherwise)
