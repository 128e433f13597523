"""Pages of guarded lists: whatever the scope, everything in it is shown once, by agency, village and id."""

from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, Uuid, select, text, update

from chassis.auth import ALL_AGENCIES, Officer, Role
from chassis.paging import PageRequest, PageStartUnknown, RegionCode, fetch_scoped_page
from chassis.transaction import Transaction
from deploy.local.provision import DatabaseUrls
from tests.support.planner import analyse
from tests.support.service import ServiceUnderTest

ACCOUNT = Table(
    "account", MetaData(), Column("id", Uuid, primary_key=True), Column("balance_rupiah", BigInteger),
    Column("agency", Text), Column("region_code", Text), Column("state", Text),
)  # fmt: skip
PLACES = ("33.28.04.2001", "33.28.04.2002", "33.28.05.2001", "33.29.01.2001", "33.28", "33.280")
"""A kabupaten's own code is above its villages; the last one only begins like it."""
STATES = ("open", "closed", "open")
"""By the balance."""
ROWS = {
    UUID(int=number): (agency, PLACES[number % len(PLACES)], number % 3)
    for number, agency in enumerate(["dinsos", "dinas-koperasi", "dinsos", "dinsos"] * 9)
}


@pytest.fixture
async def accounts(sample: ServiceUnderTest) -> ServiceUnderTest:
    """The sample with accounts of two agencies in several places."""
    for account_id, (agency, region, balance) in ROWS.items():
        await sample.execute(
            "INSERT INTO account (id, balance_rupiah, agency, region_code, state)"
            " VALUES (:id, :balance, :agency, :region, :state)",
            id=account_id, agency=agency, region=region, balance=balance, state=STATES[balance],
        )  # fmt: skip
    return sample


def officer(agency: str, region: str) -> Officer:
    return Officer("urn:test", "officer", frozenset({Role.PETUGAS}), agency, region)


def within(code: str, region: str) -> bool:
    return not region or code == region or code.startswith(region + ".")


def listed(agency: str, *regions: str, state: str | None = None) -> list[UUID]:
    """Ids in the order of the pages."""
    seen = [
        (row[0], row[1], account_id)
        for account_id, row in ROWS.items()
        if agency in (row[0], ALL_AGENCIES)
        and all(within(row[1], region) for region in regions)
        and state in (None, STATES[row[2]])
    ]
    return [account_id for _, _, account_id in sorted(seen)]


async def read_all(
    service: ServiceUnderTest,
    reader: Officer,
    region: str = "",
    *,
    agency: str | None = None,
    state: str | None = None,
    newest_first: bool = False,
) -> list[UUID]:
    """Every page of three, as a caller reads who follows `next` to the end."""
    found: list[UUID] = []
    after: str | None = None
    while True:
        async with service.service.api_database.transaction(reader, agency=agency) as tx:
            page = await fetch_scoped_page(
                tx, select(ACCOUNT), ACCOUNT, after, 3,
                equal={"state": state}, region=region, newest_first=newest_first,
            )  # fmt: skip
        found += [row.id for row in page.rows]
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize("agency", ["dinsos", "dinas-koperasi", ALL_AGENCIES, "nobody"])
@pytest.mark.parametrize("scope", ["", "33.28", "33.28.04", "33.28.04.2002", "33.2", "none"])
async def test_all_pages_together_show_the_scope_once(accounts: ServiceUnderTest, agency: str, scope: str) -> None:
    reader = officer(agency, scope)
    assert await read_all(accounts, reader) == listed(agency, scope)
    assert await read_all(accounts, reader, newest_first=True) == listed(agency, scope)[::-1]
    for region in ("33.28.04", "33.28.05.2001", "33.29"):
        assert await read_all(accounts, reader, region) == listed(agency, scope, region)


@pytest.mark.parametrize("agency", ["dinsos", ALL_AGENCIES])
@pytest.mark.parametrize("scope", ["", "33.28", "33.28.04", "33.28.04.2002"])
@pytest.mark.parametrize("state", ["open", "closed", "neither"])
async def test_a_state_shows_those_that_are_in_it(
    accounts: ServiceUnderTest, agency: str, scope: str, state: str
) -> None:
    reader = officer(agency, scope)
    assert await read_all(accounts, reader, state=state) == listed(agency, scope, state=state)
    assert await read_all(accounts, reader, state=state, newest_first=True) == listed(agency, scope, state=state)[::-1]
    found = await read_all(accounts, reader, "33.28.04", state=state)
    assert found == listed(agency, scope, "33.28.04", state=state)


async def test_the_last_page_of_a_state_reads_nobody_else(sample: ServiceUnderTest, sample_urls: DatabaseUrls) -> None:
    """Most rows are in it: by the index of the scope it would read past everybody in the villages behind."""
    await sample.execute(
        """
        INSERT INTO account (id, region_code, state)
        SELECT gen_random_uuid(), '33.28.' || lpad((n / 1000)::text, 2, '0') || '.2001',
               CASE WHEN n < 8000 THEN 'open' ELSE 'closed' END FROM generate_series(1, 10000) AS n
        """
    )
    await analyse(sample_urls, "account")
    last = "WyIzMy4yOC4wNy4yMDAxIiwiZmZmZmZmZmYtZmZmZi1mZmZmLWZmZmYtZmZmZmZmZmZmZmZmIl0="
    async with sample.service.api_database.transaction(officer("dinsos", "33.28")) as tx:
        page = await fetch_scoped_page(tx, select(ACCOUNT), ACCOUNT, last, 50, equal={"state": "open"})
        read = await tx.scalar(text("SELECT pg_stat_get_xact_tuples_returned('account_in_state'::regclass)"))
        other = await tx.scalar(text("SELECT pg_stat_get_xact_numscans('account_scope'::regclass)"))
    assert (page.rows, page.next, other) == ([], None, 0)
    assert read < 10


async def test_a_route_across_agencies_shows_all_agencies_of_the_region(accounts: ServiceUnderTest) -> None:
    reader = officer("dinsos", "33.28.04")
    assert await read_all(accounts, reader, agency=ALL_AGENCIES) == listed(ALL_AGENCIES, "33.28.04")


async def test_a_page_may_go_on_by_another_column_before_the_id(accounts: ServiceUnderTest) -> None:
    async def page(tx: Transaction, after: str | None) -> tuple[list[UUID], str | None]:
        found = await fetch_scoped_page(tx, select(ACCOUNT), ACCOUNT, after, 2, then=("balance_rupiah", "id"))
        return [row.id for row in found.rows], found.next

    found: list[UUID] = []
    after: str | None = None
    while True:
        async with accounts.service.api_database.transaction(officer("dinsos", "33.28")) as tx:
            ids, after = await page(tx, after)
        found += ids
        if after is None:
            break
    assert found == sorted(listed("dinsos", "33.28"), key=lambda each: (ROWS[each][1], ROWS[each][2], each))


@pytest.mark.parametrize("after", ["", "x", "bm90anNvbg==", "WyJhIl0=", "WyJkaW5zb3MiLCIzMy4yOC4wNC4yMDAyIiwieCJd"])
async def test_a_place_that_no_page_of_this_list_named_is_refused(accounts: ServiceUnderTest, after: str) -> None:
    async with accounts.service.api_database.transaction(officer("dinsos", "33.28.04")) as tx:
        with pytest.raises(PageStartUnknown):
            await fetch_scoped_page(tx, select(ACCOUNT), ACCOUNT, after, 3)


async def test_a_place_stays_where_it_is_when_its_row_moves(accounts: ServiceUnderTest) -> None:
    """Else everybody between the old village and the new one would be passed over."""
    reader = officer("dinsos", "33.28")
    everybody = listed("dinsos", "33.28")
    async with accounts.service.api_database.transaction(reader) as tx:
        first = await fetch_scoped_page(tx, select(ACCOUNT), ACCOUNT, None, 2)
    moved = first.rows[-1].id
    async with accounts.service.database.transaction() as tx:
        await tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == moved).values(region_code="33.28.99.9999"))
    async with accounts.service.api_database.transaction(reader) as tx:
        rest = await fetch_scoped_page(tx, select(ACCOUNT), ACCOUNT, first.next, 100)
    assert [row.id for row in rest.rows if row.id != moved] == everybody[2:]


async def test_one_row_level_rule_guards_whatever_the_conditions_say(accounts: ServiceUnderTest) -> None:
    async with accounts.service.api_database.transaction(officer("dinsos", "33.28.04")) as tx:
        seen = await tx.fetch_all(text("SELECT id FROM account ORDER BY agency, region_code, id"))
    assert [row.id for row in seen] == listed("dinsos", "33.28.04")


@pytest.mark.parametrize(("code", "good"), [("33", True), ("33.28.04.2001", True), ("", True), ("33.2", False)])
def test_a_region_is_a_code_of_the_ministry(code: str, good: bool) -> None:
    class Wanted(PageRequest):
        region: RegionCode | None = None

    if good:
        assert Wanted(region=code).region == code
    else:
        with pytest.raises(ValueError, match="pattern"):
            Wanted(region=code)
