"""Many rows in one statement: inserted, let in where nothing is in the way, changed, looked up."""

from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, Uuid, select

from chassis.ids import new_id
from chassis.rows import MANY_ROWS, insert_new_rows, insert_rows, insert_together, one_of, update_rows
from chassis.transaction import Transaction
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
        await insert_together(tx, (ACCOUNT, rich), (ACCOUNT, []), (ACCOUNT, poor))
        await insert_together(tx, (ACCOUNT, []))
        balances = await _balances(tx, *(UUID(str(row["id"])) for row in [*rich, *poor]))
    assert balances == {row["id"]: row["balance_rupiah"] for row in rich} | {row["id"]: 0 for row in poor}


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
