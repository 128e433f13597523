"""Composition of the sample service."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, Uuid, column, select, table, text

from chassis.auth import Permission, Role
from chassis.commands import Command
from chassis.consumer import Consumers
from chassis.errors import NotFound, StaleVersion, Unprocessable
from chassis.events import Delivered
from chassis.http import Act, Created, Read, Routes
from chassis.jobs import Job, Jobs, JobStep
from chassis.paging import After, Limit, Page, fetch_page
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.timers import Timer, Timers
from chassis.transaction import Transaction
from contracts.catalogue import Entry
from tests.chassis.sample.contract import ClosedV1, CreditedV1, OrderedV1

_CREDIT = text(
    "INSERT INTO account (id, balance_rupiah, agency, region_code) VALUES (:id, :amount, :agency, :region)"
    " ON CONFLICT (id) DO UPDATE SET balance_rupiah = account.balance_rupiah + :amount, version = account.version + 1"
    " RETURNING version"
)
TOO_MUCH_RUPIAH = 1_000_000
BUGGY_RUPIAH = 999_983
"""An amount that the sample has a bug for."""

account = table("account", column("id", Uuid), column("balance_rupiah", BigInteger))


class TooMuch(Unprocessable):
    """A sample rule."""

    title = "More than the sample allows"


class Credit(Command):
    """Credit an account."""

    account_id: UUID
    amount_rupiah: int
    region_code: str = "33.28"


class TopUp(Command):
    """Credit an account that is there, if it still holds what was seen."""

    amount_rupiah: int
    seen_rupiah: int | None = None


class AccountView(BaseModel):
    """An account."""

    id: UUID
    balance_rupiah: int


async def credit(tx: Transaction, command: Credit) -> UUID:
    """Credit, and tell."""
    if command.amount_rupiah > TOO_MUCH_RUPIAH:
        raise TooMuch(limit_rupiah=TOO_MUCH_RUPIAH)
    row = {"id": command.account_id, "amount": command.amount_rupiah}
    version = await tx.scalar(_CREDIT, row | {"agency": tx.officer.agency, "region": command.region_code})
    tx.publish(_credited(command.account_id, command.amount_rupiah), sequence=version, case=command.account_id)
    if command.amount_rupiah == BUGGY_RUPIAH:
        raise ZeroDivisionError
    return command.account_id


def _credited(account_id: UUID, amount_rupiah: int) -> CreditedV1:
    return CreditedV1(
        occurred_on=date(2023, 11, 22), agency="dinsos", account_id=account_id, amount_rupiah=amount_rupiah
    )


async def find_account(tx: Transaction, account_id: UUID) -> AccountView:
    """An account in the officer's scope."""
    row = await tx.fetch_one(text("SELECT id, balance_rupiah FROM account WHERE id = :id"), {"id": account_id})
    if row is None:
        raise NotFound(account_id=account_id)
    return AccountView(id=row.id, balance_rupiah=row.balance_rupiah)


async def top_up(tx: Transaction, account_id: UUID, command: TopUp) -> UUID:
    """Credit what the officer sees, and tell."""
    seen = await find_account(tx, account_id)
    if command.seen_rupiah not in (None, seen.balance_rupiah):
        raise StaleVersion
    return await credit(tx, Credit(account_id=account_id, amount_rupiah=command.amount_rupiah))


async def find_accounts(
    tx: Transaction, after: UUID | None, limit: int, *, newest_first: bool = False, at_least_rupiah: int = 0
) -> Page[AccountView]:
    """Accounts in the officer's scope, by id."""
    query = select(account).where(account.c.balance_rupiah >= at_least_rupiah)
    found = await fetch_page(tx, query, account.c.id, after, limit, newest_first=newest_first)
    items = [AccountView(id=row.id, balance_rupiah=row.balance_rupiah) for row in found.rows]
    return Page(items=items, next=found.next)


_TOP_UP = Permission("account.top-up", {Role.PETUGAS, Role.PENETAP})


def _routes() -> Routes:
    routes = Routes()

    @routes.post("/credits", permission=Permission("account.credit", {Role.PETUGAS}))
    async def post_credit(body: Credit, act: Act) -> Created:
        return await act(credit, body)

    @routes.post("/accounts/{account_id}/credits", permission=_TOP_UP)
    async def post_top_up(account_id: UUID, body: TopUp, act: Act) -> Created:
        return await act(lambda tx, command: top_up(tx, account_id, command), body)

    @routes.get("/accounts/{account_id}", permission=Permission("account.read", {Role.PETUGAS, Role.VERIFIKATOR}))
    async def get_account(account_id: UUID, read: Read) -> AccountView:
        return await read(find_account, account_id)

    @routes.get("/accounts", permission=Permission("account.list", {Role.PETUGAS}))
    async def get_accounts(
        read: Read, after: After = None, limit: Limit = 50, newest_first: bool = False, at_least_rupiah: int = 0
    ) -> Page[AccountView]:
        return await read(find_accounts, after, limit, newest_first=newest_first, at_least_rupiah=at_least_rupiah)

    @routes.post("/uploads", permission=Permission("account.upload", {Role.PETUGAS}))
    async def post_upload(request: Request, act: Act) -> Created:
        await request.body()
        return await act(credit, Credit(account_id=UUID(int=7), amount_rupiah=1))

    return routes


def _consumers() -> Consumers:
    consumers = Consumers()

    @consumers.on(OrderedV1)
    async def ordered(tx: Transaction, events: Sequence[Delivered[OrderedV1]]) -> None:
        for event in events:
            if event.data.amount_rupiah == BUGGY_RUPIAH:
                raise ZeroDivisionError
            if event.data.amount_rupiah > TOO_MUCH_RUPIAH:
                raise TooMuch(limit_rupiah=TOO_MUCH_RUPIAH)
            row = {"id": event.data.account_id, "amount": event.data.amount_rupiah}
            version = await tx.scalar(_CREDIT, row | {"agency": "dinsos", "region": "33.28"})
            tx.publish(_credited(event.data.account_id, event.data.amount_rupiah), sequence=version, cause=event)

    @consumers.on(ClosedV1)
    async def closed(tx: Transaction, events: Sequence[Delivered[ClosedV1]]) -> None:
        ids = [event.data.account_id for event in events]
        await tx.execute(text("UPDATE account SET closed = true WHERE id = ANY(:ids)"), {"ids": ids})

    return consumers


def _timers() -> Timers:
    timers = Timers()

    @timers.on("interest")
    async def interest(tx: Transaction, timer: Timer) -> None:
        if timer.data.get("fails"):
            raise TooMuch
        await credit(tx, Credit(account_id=timer.subject_id, amount_rupiah=timer.data["amount_rupiah"]))

    return timers


def _jobs() -> Jobs:
    jobs = Jobs()

    @jobs.on("credit-many")
    async def credit_many(tx: Transaction, job: Job) -> JobStep:
        start = int(job.cursor or 0)
        ids = job.parameters["ids"][start : start + 2]
        for account_id in ids:
            await credit(tx, Credit(account_id=UUID(account_id), amount_rupiah=job.parameters["amount_rupiah"]))
        position = start + len(ids)
        return JobStep(done=len(ids), cursor=position, finished=position >= len(job.parameters["ids"]))

    jobs.on("credit-to-the-end", cancellable=False)(credit_many)
    return jobs


def create_service(settings: ServiceSettings, catalogue: Mapping[str, Entry]) -> Service:
    """The sample service."""
    return Service(
        name="sample",
        package="tests.chassis.sample",
        settings=settings,
        catalogue=catalogue,
        routes=(_routes(),),
        consumers=_consumers(),
        timers=_timers(),
        jobs=_jobs(),
    )
