"""A programme is opened with its budget and packages."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.transaction import Transaction
from contracts.fields import Code, Decile, RegionCode
from services.disbursement import outgoing
from services.disbursement.domain.facts import Trail
from services.disbursement.domain.grant import PackageItem
from services.disbursement.domain.ledger import budget_opened
from services.disbursement.domain.programme import Level, Package, Programme, ProgrammeExists
from services.disbursement.store import programmes as store
from services.disbursement.store.ledger import LogLine, Posting, record
from services.disbursement.usecases.record_changes import about_programme, occasion_of

Name = Annotated[str, Field(min_length=1, max_length=200)]
Money = Annotated[int, Field(strict=True, gt=0, le=10**15)]
Number = Annotated[int, Field(strict=True, gt=0, le=10**6)]


class LevelGiven(Command):
    """Code and name of a level of the budget's structure."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Z.]{0,31}$")]
    name: Name


class ItemGiven(Command):
    """One line of a package; price per piece in rupiah."""

    item_code: Code
    name: Name
    quantity: Number
    unit_price_rupiah: Annotated[int, Field(strict=True, ge=0, le=10**12)]


class PackageGiven(Command):
    """A package, the course that leads to it, and how many are planned: a figure to compare with, no limit."""

    code: Code
    name: Name
    course_code: Code
    unit_price_rupiah: Money
    planned_count: Number
    items: Annotated[tuple[ItemGiven, ...], Field(min_length=1, max_length=50)]


class OpenProgramme(DatedCommand):
    """Open a programme (program/kegiatan/sub kegiatan) of the officer's agency."""

    code: Code
    region_code: RegionCode
    fiscal_year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    program: LevelGiven
    activity: LevelGiven
    sub_activity: LevelGiven
    budget_rupiah: Money
    highest_decile: Decile
    packages: Annotated[tuple[PackageGiven, ...], Field(min_length=1, max_length=100)]


async def open_programme(tx: Transaction, command: OpenProgramme) -> UUID:
    """Open it, post its budget, tell training. Raises ProgrammeExists, PackagePriceDiffers, PackagesOverlap."""
    tx.officer.require_region(command.region_code)
    programme = _programme(tx.new_id(), tx.officer.agency, command)
    programme.open()
    if await store.programme_exists(tx, programme.agency, programme.fiscal_year, programme.code):
        raise ProgrammeExists(programme_code=programme.code, fiscal_year=programme.fiscal_year)
    await store.insert_programme(tx, programme)
    occasion, about = occasion_of(tx, command), about_programme(programme)
    line = LogLine(about, Trail("programme_opened", programme.id), occasion, programme.budget_rupiah)
    await record(tx, [Posting(about, budget_opened(programme.budget_rupiah), occasion, programme.id)], [line])
    tx.publish(outgoing.programme_opened(programme, occasion), sequence=programme.version)
    return programme.id


def _programme(programme_id: UUID, agency: str, command: OpenProgramme) -> Programme:
    return Programme(
        id=programme_id,
        code=command.code,
        agency=agency,
        region_code=command.region_code,
        fiscal_year=command.fiscal_year,
        program=Level(command.program.code, command.program.name),
        activity=Level(command.activity.code, command.activity.name),
        sub_activity=Level(command.sub_activity.code, command.sub_activity.name),
        highest_decile=command.highest_decile,
        budget_rupiah=command.budget_rupiah,
        available_rupiah=command.budget_rupiah,
        packages=tuple(_package(package) for package in command.packages),
        opened_on=command.occurred_on,
    )


def _package(given: PackageGiven) -> Package:
    items = tuple(PackageItem(item.item_code, item.name, item.quantity, item.unit_price_rupiah) for item in given.items)
    return Package(given.code, given.name, given.course_code, given.unit_price_rupiah, given.planned_count, items)
