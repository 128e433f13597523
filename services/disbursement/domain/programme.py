"""A programme (program/kegiatan/sub kegiatan) with its budget and packages."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.errors import Conflict, NotFound, Unprocessable
from services.disbursement.domain.eligibility import Rules
from services.disbursement.domain.grant import PackageItem


class ProgrammeNotFound(NotFound):
    """No such programme within the caller's agency and region."""

    title = "The programme is not known"


class ProgrammeExists(Conflict):
    """The agency already opened this code in this fiscal year."""

    title = "The programme was already opened for this fiscal year"


class PackageUnknown(Unprocessable):
    """The programme has no package with this code."""

    title = "The programme has no such package"


class PackagePriceDiffers(Unprocessable):
    """The items of a package do not add up to its price."""

    title = "The items of the package do not add up to its price"


class PackagesOverlap(Unprocessable):
    """Two packages share a code or a course: it would be unclear which one a participant gets."""

    title = "Two packages share a code or a course"


class BudgetTooSmall(Conflict):
    """The money left does not cover this."""

    title = "The budget left does not cover this"


class OutOfStock(Conflict):
    """No package of this kind is in stock."""

    title = "No package of this kind is in stock"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of goods and the course that leads to it; price in rupiah.

    `planned_count` is the plan's figure, shown beside the actual counts; the budget is what limits allocation.
    """

    code: str
    name: str
    course_code: str
    unit_price_rupiah: int
    planned_count: int
    items: tuple[PackageItem, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the budget's structure (Permendagri 90/2019): its code and name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProgrammeOpened:
    """The programme may be worked in."""

    programme_id: UUID


@dataclass(slots=True)
class Programme:
    """A programme of one agency in one fiscal year; money in rupiah."""

    id: UUID
    code: str
    agency: str
    region_code: str
    fiscal_year: int
    program: Level
    activity: Level
    sub_activity: Level
    highest_decile: int
    budget_rupiah: int
    available_rupiah: int
    packages: tuple[Package, ...]
    opened_on: date
    version: int = 1

    @property
    def rules(self) -> Rules:
        """What it asks of a recipient."""
        return Rules(self.id, self.agency, self.region_code, self.fiscal_year, self.highest_decile)

    def open(self) -> ProgrammeOpened:
        """Check that the programme makes sense. Raises PackagePriceDiffers, PackagesOverlap."""
        for package in self.packages:
            total = sum(item.quantity * item.unit_price_rupiah for item in package.items)
            if total != package.unit_price_rupiah:
                raise PackagePriceDiffers(
                    package_code=package.code, price_rupiah=package.unit_price_rupiah, items_rupiah=total
                )
        for values in ([p.code for p in self.packages], [p.course_code for p in self.packages]):
            if len(set(values)) != len(values):
                raise PackagesOverlap(programme_code=self.code)
        return ProgrammeOpened(self.id)

    def package(self, code: str) -> Package:
        """The package with this code. Raises PackageUnknown."""
        for package in self.packages:
            if package.code == code:
                return package
        raise PackageUnknown(package_code=code)
