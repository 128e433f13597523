"""The chart of accounts, and which entries each fact makes. Whole rupiah; every posting sums to 0.

Two circles meet in the handover. The promise: budget → available → reserved → committed → fulfilled. The goods:
bought → in_stock → handed_over or written_off, valued at the package's price; what a purchase paid less or more
stands in price_difference. Credits are negative.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.disbursement.domain import facts as f


class Account(StrEnum):
    """Accounts of one programme."""

    BUDGET = "budget"
    """Credit: what was made available to the programme."""
    AVAILABLE = "available"
    RESERVED = "reserved"
    """Set aside by allocations that no decree names yet."""
    COMMITTED = "committed"
    """Promised by decree, not handed over."""
    FULFILLED = "fulfilled"
    """Promises kept."""
    BOUGHT = "bought"
    """Credit: what purchases cost."""
    PRICE_DIFFERENCE = "price_difference"
    IN_STOCK = "in_stock"
    HANDED_OVER = "handed_over"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An amount on an account; negative is a credit."""

    account: Account
    amount_rupiah: int


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one posting and what they are for."""

    kind: str
    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        if sum(entry.amount_rupiah for entry in self.entries) != 0:
            raise ValueError(f"the entries of {self.kind} do not sum to 0")


def move(kind: str, amount_rupiah: int, *path: tuple[Account, Account]) -> Entries:
    """Move an amount along each pair of accounts."""
    return Entries(
        kind,
        tuple(
            entry
            for giver, taker in path
            for entry in (LedgerEntry(giver, -amount_rupiah), LedgerEntry(taker, amount_rupiah))
        ),
    )


def budget_opened(amount_rupiah: int) -> Entries:
    """The programme starts with its budget."""
    return move("budget_opened", amount_rupiah, (Account.BUDGET, Account.AVAILABLE))


def budget_added(amount_rupiah: int) -> Entries:
    """The budget grew."""
    return move("budget_added", amount_rupiah, (Account.BUDGET, Account.AVAILABLE))


def purchased(count: int, package_price_rupiah: int, paid_price_rupiah: int) -> Entries:
    """Goods came into stock at the package's price; the difference to the price paid is kept apart."""
    paid, value = count * paid_price_rupiah, count * package_price_rupiah
    entries = [LedgerEntry(Account.BOUGHT, -paid), LedgerEntry(Account.IN_STOCK, value)]
    if value != paid:
        entries.append(LedgerEntry(Account.PRICE_DIFFERENCE, paid - value))
    return Entries("purchased", tuple(entries))


def entries_of(fact: f.GrantFact, amount_rupiah: int) -> Entries | None:
    """The entries that a fact about a grant makes; None where no money or goods move."""
    match fact:
        case f.Allocated():
            return move("allocated", amount_rupiah, (Account.AVAILABLE, Account.RESERVED))
        case f.Released():
            return move("released", amount_rupiah, (Account.RESERVED, Account.AVAILABLE))
        case f.Decided():
            return move("decided", amount_rupiah, (Account.RESERVED, Account.COMMITTED))
        case f.Cancelled():
            return move("cancelled", amount_rupiah, (Account.COMMITTED, Account.AVAILABLE))
        case f.HandedOver():
            return move(
                "handed_over",
                amount_rupiah,
                (Account.COMMITTED, Account.FULFILLED),
                (Account.IN_STOCK, Account.HANDED_OVER),
            )
        case f.HandoverVoided(goods=goods):
            back = Account.IN_STOCK if goods is f.GoodsFate.BACK_IN_STOCK else Account.WRITTEN_OFF
            return move(
                "handover_voided",
                amount_rupiah,
                (Account.FULFILLED, Account.COMMITTED),
                (Account.HANDED_OVER, back),
            )
        case _:
            return None


def freed_rupiah(fact: f.GrantFact, amount_rupiah: int) -> int:
    """What a fact gives back to the budget row: positive freed, 0 untouched."""
    return amount_rupiah if isinstance(fact, f.Released | f.Cancelled) else 0
