"""Programmes, budgets, stock, reserve lists and allocation."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import LIMIT_MAX, AfterNumber, AfterPlace, Limit, NumberedPage, Page
from chassis.transaction import Transaction
from services.disbursement.api.common import READ, about, page, views
from services.disbursement.domain.programme import Programme
from services.disbursement.store import reading, tables
from services.disbursement.store.ledger import balances, movements
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.add_budget import AddBudget, add_budget
from services.disbursement.usecases.add_reserve_candidates import AddReserveCandidates, add_reserve_candidates
from services.disbursement.usecases.allocate_eligible import AllocateEligible, allocate_eligible
from services.disbursement.usecases.buy_goods import BuyGoods, buy_goods
from services.disbursement.usecases.open_programme import OpenProgramme, open_programme

OPEN = Permission("programme.open", roles={Role.PETUGAS})
FUND = Permission("programme.fund", roles={Role.PETUGAS})
BUY = Permission("goods.buy", roles={Role.PETUGAS})
RESERVE = Permission("reserve.add", roles={Role.PETUGAS})
ALLOCATE = Permission("grant.allocate", roles={Role.PETUGAS})

MAX_POSITION = 2**31 - 1

routes = Routes(tags=["programme"])


class ProgrammeView(BaseModel):
    """A programme in a list; money in rupiah."""

    id: UUID
    code: str
    agency: str
    region_code: str
    fiscal_year: int
    sub_activity_name: str
    highest_decile: int
    budget_rupiah: int
    available_rupiah: int
    unspent_rupiah: int
    opened_on: date


class GrantCount(BaseModel):
    """Grants of a package in a state."""

    package_code: str
    state: str
    grants_count: int
    amount_rupiah: int


class ProgrammeDetail(BaseModel):
    """A programme with its packages and where its grants stand."""

    programme: Programme
    grants: list[GrantCount]


class AccountView(BaseModel):
    """An account; a negative balance is a credit."""

    account: str
    balance_rupiah: int
    debit_rupiah: int
    credit_rupiah: int


class MovementView(BaseModel):
    """Postings of one kind."""

    kind: str
    postings_count: int
    amount_rupiah: int


class LedgerView(BaseModel):
    """The programme's ledger; the balances of all accounts sum to 0."""

    programme_id: UUID
    accounts: list[AccountView]
    movements: list[MovementView]
    sum_rupiah: int


class StockView(BaseModel):
    """Packages of one kind: bought = in stock + handed over + written off."""

    package_code: str
    bought_count: int
    in_stock_count: int
    handed_over_count: int
    written_off_count: int


class CandidateView(BaseModel):
    """A place on the reserve list; `grant_id` once the person was called."""

    position: int
    person_id: UUID
    package_code: str
    grant_id: UUID | None


@routes.post("/programmes", permission=OPEN)
async def post_programme(body: OpenProgramme, act: Act) -> Created:
    """Open a programme."""
    return await act(open_programme, body)


@routes.get("/programmes", permission=READ)
async def get_programmes(read: Read, after: AfterPlace = None, limit: Limit = 50) -> Page[ProgrammeView]:
    """Programmes in the caller's scope."""
    return page(ProgrammeView, await read(reading.page_of, tables.programme, after, limit))


@routes.get("/programmes/{programme_id}", permission=READ)
async def get_programme(programme_id: UUID, read: Read) -> ProgrammeDetail:
    """One programme."""

    async def detail(tx: Transaction) -> ProgrammeDetail:
        programme = await load_programme(tx, programme_id)
        counts = await reading.grant_counts(tx, programme_id)
        return ProgrammeDetail(programme=programme, grants=views(GrantCount, counts))

    return await read(detail)


@routes.post("/programmes/{programme_id}/budget-additions", permission=FUND)
async def post_budget_addition(programme_id: UUID, body: AddBudget, act: Act) -> Created:
    """Top up the budget."""
    return await act(about(add_budget, programme_id), body)


@routes.get("/programmes/{programme_id}/ledger", permission=READ)
async def get_ledger(programme_id: UUID, read: Read) -> LedgerView:
    """Balances and movements."""

    async def ledger(tx: Transaction) -> LedgerView:
        await load_programme(tx, programme_id)
        accounts = views(AccountView, await balances(tx, programme_id))
        return LedgerView(
            programme_id=programme_id,
            accounts=accounts,
            movements=views(MovementView, await movements(tx, programme_id)),
            sum_rupiah=sum(account.balance_rupiah for account in accounts),
        )

    return await read(ledger)


@routes.get("/programmes/{programme_id}/stock", permission=READ)
async def get_stock(programme_id: UUID, read: Read) -> Page[StockView]:
    """Bought, in stock, handed over, written off."""

    async def stock(tx: Transaction) -> Page[StockView]:
        await load_programme(tx, programme_id)
        return Page(items=views(StockView, await reading.stock_of(tx, programme_id)), next=None)

    return await read(stock)


@routes.post("/purchases", permission=BUY)
async def post_purchase(body: BuyGoods, act: Act) -> Created:
    """Record a delivered purchase."""
    return await act(buy_goods, body)


@routes.post("/programmes/{programme_id}/reserve-candidates", permission=RESERVE)
async def post_reserve_candidates(programme_id: UUID, body: AddReserveCandidates, act: Act) -> Created:
    """Append to the reserve list."""
    return await act(about(add_reserve_candidates, programme_id), body)


@routes.get("/programmes/{programme_id}/reserve-candidates", permission=READ)
async def get_reserve_candidates(
    programme_id: UUID, read: Read, after: AfterNumber = 0, limit: Limit = LIMIT_MAX
) -> NumberedPage[CandidateView]:
    """The reserve list in its order. `after` is a position."""

    async def candidates(tx: Transaction) -> NumberedPage[CandidateView]:
        await load_programme(tx, programme_id)
        found = await reading.reserve_page(tx, programme_id, min(after, MAX_POSITION), limit)
        return NumberedPage(items=views(CandidateView, found.rows), next=found.next)

    return await read(candidates)


@routes.post("/programmes/{programme_id}/allocations", permission=ALLOCATE, status_code=202)
async def post_allocations(programme_id: UUID, body: AllocateEligible, act: Act) -> Created:
    """Allocate to all eligible people; answers the job's id."""
    return await act(about(allocate_eligible, programme_id), body)
