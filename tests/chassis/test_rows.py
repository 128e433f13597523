"""Many rows in one statement: inserted, let in where nothing is in the way, changed, looked up."""

import contextlib
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, Uuid, select, text
from sqlalchemy.exc import IntegrityError

from chassis.ids import new_id
from chassis.rows import (
    MANY_ROWS,
    insert_new_rows,
    insert_rows,
    inserting,
    one_of,
    update_rows,
    updating,
    write_together,
    written_meanwhile,
)
from chassis.transaction import Transaction
from chassis.writes import Write
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest

ACCOUNT = Table(
    "account",
    MetaData(),
    Column("id", Uuid),
    Column("balance_rupiah", BigInteger),
    Column("agency", Text),
    Column("region_code", Text),
)
IDS = [new_id() for _ in range(3)]


def _rows(*amounts: int) -> list[dict[str, object]]:
    given = zip(IDS, amounts, strict=False)
    return [
        {"id": each, "balance_rupiah": amount, "agency": "dinsos", "region_code": "33.28"} for each, amount in given
    ]


async def _balances(tx: Transaction, *ids: UUID) -> dict[UUID, int]:
    query = select(ACCOUNT.c.id, ACCOUNT.c.balance_rupiah).where(one_of(ACCOUNT.c.id, ids))
    return {row.id: row.balance_rupiah for row in await tx.fetch_all(query)}


async def test_rows_are_inserted_and_found(sample: ServiceUnderTest) -> None:
    async with sample.service.database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, _rows(1, 2, 3))
        assert await _balances(tx, *IDS[:2], new_id()) == dict(zip(IDS, (1, 2), strict=False))
        assert await _balances(tx) == {}


@pytest.mark.parametrize("count", [1, MANY_ROWS])
async def test_what_belongs_to_several_tables_is_inserted_together(sample: ServiceUnderTest, count: int) -> None:
    rich = [{"id": new_id(), "balance_rupiah": place, "agency": "dinsos"} for place in range(count)]
    poor = [{"id": new_id(), "region_code": "33.28"} for _ in range(count)]
    async with sample.service.database.transaction() as tx:
        await write_together(tx, inserting(ACCOUNT, rich), inserting(ACCOUNT, []), inserting(ACCOUNT, poor))
        await write_together(tx, inserting(ACCOUNT, []))
        balances = await _balances(tx, *(UUID(str(row["id"])) for row in [*rich, *poor]))
    assert balances == {row["id"]: row["balance_rupiah"] for row in rich} | {row["id"]: 0 for row in poor}


@pytest.mark.parametrize("count", [3, MANY_ROWS])
async def test_inserts_and_changes_of_any_kind_go_together(sample: ServiceUnderTest, count: int) -> None:
    old, new = ([new_id() for _ in range(count)] for _ in range(2))
    async with sample.service.database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, [{"id": each, "balance_rupiah": 1} for each in [*IDS, *old]])
        raise_one = "UPDATE account SET balance_rupiah = balance_rupiah + :@more WHERE id = :@id"
        await write_together(
            tx,
            inserting(ACCOUNT, [{"id": each, "balance_rupiah": 2} for each in new]),
            updating(ACCOUNT, [{"id": each, "balance_rupiah": 3} for each in old]),
            updating(ACCOUNT, []),
            Write(raise_one, {"id": IDS[0], "more": 10}),
            Write(raise_one, {"id": IDS[1], "more": 20}),
        )
        assert await _balances(tx, *IDS) == dict(zip(IDS, (11, 21, 1), strict=True))
        assert set((await _balances(tx, *new)).values()) == {2}
        assert set((await _balances(tx, *old)).values()) == {3}


async def test_what_is_written_meanwhile_is_there_at_the_end_of_the_block(sample: ServiceUnderTest) -> None:
    """The block goes on while the database is held up: here it is what lets go."""
    database = sample.service.database
    async with database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, _rows(1))
    async with contextlib.AsyncExitStack() as holding, database.transaction() as tx:
        await update_rows(await holding.enter_async_context(database.transaction()), ACCOUNT, _rows(2))
        async with written_meanwhile(tx, updating(ACCOUNT, _rows(3))):
            await holding.aclose()
        assert await _balances(tx, *IDS) == {IDS[0]: 3}


@pytest.mark.parametrize("by", ["the database", "the block"])
async def test_what_is_written_meanwhile_and_refused_leaves_nothing(sample: ServiceUnderTest, by: str) -> None:
    """Whoever refuses it: the transaction fails, and its connection is free again."""

    async def write_and_tell() -> None:
        async with sample.service.database.transaction() as tx:
            await insert_rows(tx, ACCOUNT, _rows(1))
            async with written_meanwhile(tx, inserting(ACCOUNT, _rows(5, 6)[1:] if by == "the block" else _rows(1))):
                if by == "the block":
                    raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError if by == "the block" else IntegrityError):
        await write_and_tell()
    async with sample.service.database.transaction() as tx:
        assert await _balances(tx, *IDS) == {}


@pytest.mark.parametrize("telling", [True, False])
async def test_what_is_left_for_later_is_written_before_the_commit(sample: ServiceUnderTest, telling: bool) -> None:
    async with sample.service.database.transaction() as tx:
        tx.later(inserting(ACCOUNT, _rows(1)), inserting(ACCOUNT, []), inserting(ACCOUNT, _rows(1, 2)[1:]))
        if telling:
            await credit(tx, Credit(account_id=IDS[2], amount_rupiah=7))
        assert IDS[0] not in await _balances(tx, *IDS)
    async with sample.service.database.transaction() as tx:
        told = {IDS[2]: 7} if telling else {}
        assert await _balances(tx, *IDS) == dict(zip(IDS, (1, 2), strict=False)) | told
        assert len(await tx.fetch_all(text("SELECT 1 FROM outbox"))) == len(told)


async def test_what_is_left_for_later_is_dropped_with_its_savepoint(sample: ServiceUnderTest) -> None:
    async with sample.service.database.transaction() as tx:
        tx.later(inserting(ACCOUNT, _rows(1)))
        with contextlib.suppress(ZeroDivisionError):
            async with tx.savepoint():
                tx.later(inserting(ACCOUNT, _rows(1, 2)[1:]))
                raise ZeroDivisionError
    async with sample.service.database.transaction() as tx:
        assert await _balances(tx, *IDS) == {IDS[0]: 1}


async def test_what_is_left_for_later_in_a_savepoint_fails_there(sample: ServiceUnderTest) -> None:
    async with sample.service.database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, _rows(1))
        with contextlib.suppress(IntegrityError):
            async with tx.savepoint():
                await credit(tx, Credit(account_id=IDS[2], amount_rupiah=7))
                tx.later(inserting(ACCOUNT, _rows(5)))
        async with tx.savepoint():
            tx.later(inserting(ACCOUNT, _rows(1, 2)[1:]))
        assert await _balances(tx, *IDS) == {IDS[0]: 1, IDS[1]: 2}
    assert await sample.fetch_all("SELECT 1 FROM outbox") == []


async def test_what_is_left_for_later_and_refused_leaves_nothing(sample: ServiceUnderTest) -> None:
    async def open_twice() -> None:
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=IDS[0], amount_rupiah=7))
            tx.later(inserting(ACCOUNT, _rows(1)))

    with pytest.raises(IntegrityError):
        await open_twice()
    assert await sample.fetch_all("SELECT 1 FROM account") == await sample.fetch_all("SELECT 1 FROM outbox") == []


async def test_only_new_rows_are_let_in_and_named(sample: ServiceUnderTest) -> None:
    async with sample.service.database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, _rows(1))
        new = await insert_new_rows(tx, ACCOUNT, _rows(7, 8, 9), on_conflict="ON CONFLICT DO NOTHING")
        assert new == set(IDS[1:])
        assert await _balances(tx, *IDS) == dict(zip(IDS, (1, 8, 9), strict=True))


async def test_rows_are_changed_by_their_first_column(sample: ServiceUnderTest) -> None:
    async with sample.service.database.transaction() as tx:
        await insert_rows(tx, ACCOUNT, _rows(1, 2, 3))
        await update_rows(tx, ACCOUNT, [{"id": IDS[0], "balance_rupiah": 10}, {"id": IDS[2], "balance_rupiah": 30}])
        assert await _balances(tx, *IDS) == dict(zip(IDS, (10, 2, 30), strict=True))


async def test_many_rows_share_what_is_the_same_in_all(sample: ServiceUnderTest) -> None:
    ids = [new_id() for _ in range(MANY_ROWS)]
    rows = [{"id": each, "balance_rupiah": place, "agency": "dinsos", "region_code": "33.28"}
            for place, each in enumerate(ids)]  # fmt: skip
    async with sample.service.database.transaction() as tx:
        assert await insert_new_rows(tx, ACCOUNT, rows, on_conflict="ON CONFLICT DO NOTHING") == set(ids)
        assert await _balances(tx, *ids) == dict(zip(ids, range(MANY_ROWS), strict=True))
        await update_rows(tx, ACCOUNT, [{"id": each, "balance_rupiah": 5, "agency": "bpbd"} for each in ids])
        assert set((await _balances(tx, *ids)).values()) == {5}
        agencies = await tx.fetch_all(select(ACCOUNT.c.agency).distinct())
        assert [row.agency for row in agencies] == ["bpbd"]


@pytest.mark.parametrize("write", [insert_rows, update_rows])
async def test_no_rows_are_no_statement(sample: ServiceUnderTest, write: object) -> None:
    async with sample.service.database.transaction() as tx:
        await write(tx, ACCOUNT, [])  # type: ignore[operator]
        assert await insert_new_rows(tx, ACCOUNT, [], on_conflict="ON CONFLICT DO NOTHING") == set()
