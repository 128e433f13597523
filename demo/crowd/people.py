"""Made-up people by number, each with a way through the programme of their own, and the list that names them.

None exists: every NIK begins with 332899, a kecamatan that Kabupaten Tegal does not have.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from demo.listfile import COLUMNS
from demo.people import NO_SUCH_KECAMATAN
from demo.regions import villages

BIRTH_DAYS: Final = 12_000
MAGIC_FROM: Final = 99_000
"""The simulated gateway treats numbers with such endings specially: nobody has one."""


class Way(StrEnum):
    """What happens to somebody besides being listed, enrolled and set aside for."""

    SERVED = "served"
    ABSENT = "absent"
    """Does not come to the course: released."""
    MISSED = "missed"
    """Does not come to the handover, comes to the second one."""
    VOIDED = "voided"
    """Receives the wrong item: void and again."""
    PHONE = "phone"
    NIK = "nik"
    DIES = "dies"
    GRADUATES = "graduates"


_WAYS: Final = {
    3: Way.ABSENT, 23: Way.ABSENT, 7: Way.MISSED, 57: Way.MISSED, 11: Way.VOIDED, 61: Way.VOIDED,
    13: Way.PHONE, 63: Way.PHONE, 17: Way.NIK, 67: Way.NIK, 29: Way.DIES, 31: Way.GRADUATES,
}  # fmt: skip
"""By the last two digits of the number: twelve of a hundred go another way."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One made-up person, alone on a family card."""

    number: int

    @property
    def way(self) -> Way:
        """This person's way."""
        return _WAYS.get(self.number % 100, Way.SERVED)

    @property
    def birth_date(self) -> date:
        """Between 1960 and 1993."""
        return date(1960, 1, 1) + timedelta(days=self.number % BIRTH_DAYS)

    @property
    def nik(self) -> str:
        """As on the list."""
        return self._nik(1)

    @property
    def right_nik(self) -> str:
        """As it should have been, for who needs a correction."""
        return self._nik(5001)

    @property
    def phone(self) -> str:
        """As on the list."""
        return self._phone("08990")

    @property
    def new_phone(self) -> str:
        """The number after a correction."""
        return self._phone("08980")

    @property
    def phones(self) -> tuple[str, ...]:
        """All numbers this person can be reached at in the course of time, as the gateway gets them."""
        wanted = (self.phone, self.new_phone) if self.way is Way.PHONE else (self.phone,)
        return tuple("+62" + each[1:] for each in wanted)

    @property
    def village_code(self) -> str:
        """One of the scenario's villages."""
        return villages()[self.number % len(villages())].code

    def row(self) -> dict[str, str]:
        """The line of the list."""
        born = self.birth_date
        return {
            "nik": self.nik,
            "no_kk": f"{NO_SUCH_KECAMATAN}{1 + self.number % 28:02d}{1 + self.number // 28 % 12:02d}"
            f"{self.number // 10_000 % 100:02d}{self.number % 10_000:04d}",
            "nama": f"Warga {self.number}",
            "tanggal_lahir": born.strftime("%d-%m-%Y"),
            "jenis_kelamin": "L",
            "status_kawin": "kawin",
            "alamat": "RT 001 RW 001",
            "kode_desa": self.village_code,
            "no_hp": self.phone,
            "desil": str(1 + self.number % 3),
            "pkh": "ya" if self.way is Way.GRADUATES else "tidak",
            "sembako": "tidak",
            "padan_dukcapil": "padan",
        }

    def _nik(self, first_serial: int) -> str:
        born = self.birth_date
        return f"{NO_SUCH_KECAMATAN}{born:%d%m%y}{first_serial + self.number // BIRTH_DAYS:04d}"

    def _phone(self, prefix: str) -> str:
        return f"{prefix}{self.number // MAGIC_FROM * 100_000 + self.number % MAGIC_FROM:07d}"


def crowd(first: int, count: int) -> list[Somebody]:
    """So many people, numbered from `first`."""
    return [Somebody(number) for number in range(first, first + count)]


def as_list(people: Sequence[Somebody]) -> bytes:
    """The list as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(somebody.row() for somebody in people)
    return text.getvalue().encode()
