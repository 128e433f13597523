"""Pages: nothing is shown twice or left out, and only a page that others follow names a next one."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from chassis.auth import Role
from chassis.paging import LIMIT_MAX, PLACE_MAX, PageRequest, cut_page
from tests.support.service import OfficerClient, ServiceUnderTest

IDS = [str(UUID(int=number)) for number in range(1, 6)]


@pytest.fixture
async def officer(sample: ServiceUnderTest) -> OfficerClient:
    """An officer who sees five accounts, and not the sixth of another regency."""
    for account_id, region in (*((each, "33.28") for each in reversed(IDS)), (str(UUID(int=6)), "33.29")):
        body = {"account_id": account_id, "region_code": region, "amount_rupiah": 1}
        assert (await sample.as_(Role.PETUGAS, region=region).post("/credits", json=body)).status_code == 201
    return sample.as_(Role.PETUGAS)


async def pages_of(officer: OfficerClient, limit: int, **filters: str) -> list[list[str]]:
    """Ids page by page, as a caller reads who follows `next` to the end."""
    pages: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = (await officer.get("/accounts", params={"limit": str(limit)} | filters | after)).json()
        pages.append([item["id"] for item in page["items"]])
        if page["next"] is None:
            return pages
        assert page["next"] == pages[-1][-1]
        after = {"after": page["next"]}


async def test_following_next_reads_everything_once(officer: OfficerClient) -> None:
    assert await pages_of(officer, 2) == [IDS[:2], IDS[2:4], IDS[4:]]
    assert await pages_of(officer, 2, newest_first="true") == [IDS[:2:-1], IDS[2:0:-1], IDS[:1]]


@pytest.mark.parametrize("limit", [5, 6, LIMIT_MAX])
async def test_a_full_last_page_announces_no_other(officer: OfficerClient, limit: int) -> None:
    assert await pages_of(officer, limit) == [IDS]


async def test_behind_the_last_there_is_nothing(officer: OfficerClient) -> None:
    page = (await officer.get("/accounts", params={"after": IDS[-1]})).json()
    assert page == {"items": [], "next": None}


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": LIMIT_MAX + 1}, {"after": "x" * (PLACE_MAX + 1)}])
async def test_what_no_page_is_asked_by(sample: ServiceUnderTest, wrong: dict[str, str | int]) -> None:
    assert (await sample.as_(Role.PETUGAS).get("/accounts", params=wrong)).status_code == 422
    with pytest.raises(ValidationError):
        PageRequest.model_validate(wrong)


async def test_a_list_by_id_begins_behind_no_text(sample: ServiceUnderTest) -> None:
    assert (await sample.as_(Role.PETUGAS).get("/accounts", params={"after": "the-first"})).status_code == 422


@pytest.mark.parametrize(
    ("numbers", "shown", "following"),
    [([], [], None), ([4], [4], None), ([4, 7], [4, 7], None), ([4, 7, 9], [4, 7], 7)],
)
def test_the_row_too_many_is_cut_off(numbers: list[int], shown: list[int], following: int | None) -> None:
    assert cut_page(numbers, 2, int) == (shown, following)
