"""Names in an order: dotted ones reach into objects, ids are told by theirs, wrong ones are told with what there is."""

from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.bulk.acts import OneList, ids_among, nested
from chassis.bulk.orders import SAME_LIMIT_BYTES
from chassis.bulk.wrong import nearest, told, told_path
from tests.chassis.bulk import CREDIT, TOP_UP, account
from tests.support.service import ServiceUnderTest

ID = UUID(int=1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 2}}),
        ({"b.c": 2}, {"b": {"c": 2}}),
        ({"b.c": 3, "b": {"c": 2, "d": 4}}, {"b": {"c": 3, "d": 4}}),
        ({"b.c.d": 1, "b.c.e": 2}, {"b": {"c": {"d": 1, "e": 2}}}),
        ({"a": 1, "a.b": 2}, {"a": 1, "a.b": 2}),
        ({"a.b.c.d.e.f": 1}, {"a.b.c.d.e.f": 1}),
        ({".": 1}, {"": {"": 1}}),
    ],
)
def test_dotted_names_reach_into_objects(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """What cannot be put there stays as it is, and the act refuses it; what was given is left alone."""
    before = repr(given)
    assert nested(given) == expected
    assert repr(given) == before


def test_the_order_of_fields_is_always_the_same() -> None:
    """A request sent again must be the same to the byte."""
    given = {f"o{n}.x": n for n in range(20)}
    assert list(nested(given)) == [f"o{n}" for n in range(20)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"plan_id": str(ID), "r.grant_id": str(ID)}, {"plan_id": ID, "r.grant_id": ID}),
        ({"plan_id": str(ID), "r": {"grant_id": str(ID)}}, {"plan_id": ID, "r.grant_id": ID}),
        ({"plan_id": "3328991505900001", "r": "x"}, {}),
        ({"plan_id": ["x"], "r": {"grant_id": None}}, {}),
        ({}, {}),
    ],
)
def test_only_ids_are_told_of_a_request(given: dict[str, Any], expected: dict[str, UUID]) -> None:
    assert ids_among(given, ("plan_id", "r.grant_id")) == expected


@pytest.mark.parametrize("name", ["same", "where"])
async def test_what_is_kept_for_each_row_is_small(sample: ServiceUnderTest, name: str) -> None:
    order: dict[str, Any] = {"act": CREDIT, name: {"amount_rupiah": "9" * SAME_LIMIT_BYTES}}
    order |= {"items": [{"account_id": account(1)}]} if name == "same" else {"each_of": "/accounts"}
    response = await sample.as_(Role.PETUGAS).post("/bulk", json=order)
    assert response.status_code == 422
    assert str(SAME_LIMIT_BYTES) in response.text
    assert not await sample.fetch_all("SELECT 1 FROM job")


ONE = [{"account_id": account(1), "amount_rupiah": 5}]
EACH = {"act": TOP_UP, "each_of": "/accounts", "take": {"account_id": "id"}}
LISTED = ["balance_rupiah", "id"]
FILTERS: dict[str, Any] = {"missing": [], "filters": ["at_least_rupiah", "newest_first"], "path": []}
OF_TOP_UP = ["account_id", "amount_rupiah", "seen_rupiah"]
OF_CREDIT = ["account_id", "amount_rupiah", "region_code"]
WRONG: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"act": "/credit", "items": ONE}, "unknown-act", {"act": "/credit", "nearest": [CREDIT]}),
    ({"act": "/qqq", "items": ONE}, "unknown-act", {"act": "/?", "nearest": []}),
    (
        {"act": f"/accounts/{account(1)}/credits", "items": ONE},
        "unknown-act",
        {"act": "/accounts/?/credits", "nearest": [TOP_UP]},
    ),
    ({"act": CREDIT, "each_of": "/account"}, "unknown-list", {"each_of": "/account", "nearest": ["/accounts"]}),
    (EACH | {"where": {"at_lest_rupiah": 5}}, "unknown-filter", FILTERS | {"unknown": ["at_lest_rupiah"]}),
    (EACH | {"same": {"amount": 5}}, "unknown-field", {"unknown": ["amount"], "fields": OF_TOP_UP}),
    ({"act": CREDIT, "items": ONE, "same": {"a.b": 5}}, "unknown-field", {"unknown": ["?"], "fields": OF_CREDIT}),
    (EACH | {"take": {"account_id": "id", "to": "id"}}, "unknown-field", {"unknown": ["?"], "fields": OF_TOP_UP}),
    (
        EACH | {"take": {"account_id": "id", "seen_rupiah": "balance"}},
        "field-not-listed",
        {"unknown": ["balance"], "path": ["account_id"], "listed": LISTED},
    ),
    (
        EACH | {"take": ["balance"]},
        "field-not-listed",
        {"unknown": ["account_id", "balance"], "path": ["account_id"], "listed": LISTED},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "facts"), WRONG)
async def test_a_wrong_name_is_told_with_what_there_is(
    sample: ServiceUnderTest, body: dict[str, Any], code: str, facts: dict[str, Any]
) -> None:
    """Who mistyped it need not look for it in the API description."""
    problem = (await sample.as_(Role.PETUGAS).post("/bulk", json=body)).json()
    assert (problem["type"].rsplit(":", 1)[1], problem["facts"]) == (code, facts)


async def test_a_name_in_the_lists_path_that_is_missing_is_told(sample: ServiceUnderTest) -> None:
    """Beside a wrong one, which may have been meant for it."""
    path = "/plans/{plan_id}/accounts"
    plan = OneList(path, ("plan_id",), frozenset({"state"}), frozenset({"id"}), paged=True)
    sample.service.inside.lists[path] = plan
    body = EACH | {"each_of": path, "where": {"plan": 1}}
    problem = (await sample.as_(Role.PETUGAS).post("/bulk", json=body)).json()
    told_of = {"unknown": ["plan"], "missing": ["plan_id"], "filters": ["state"], "path": ["plan_id"]}
    assert problem["facts"] == told_of


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("acount_id", "acount_id"),
        ("accountId", "accountId"),
        ("receipt.grant_id", "?"),
        ("3328991505900001", "?"),
        ("nik_3328991505900001", "?"),
        ("nik_332_899_150_590_000_1", "?"),
        ("siti_aminah", "?"),
        ("Siti", "?"),
        ("siti aminah", "?"),
        ("siti@desa", "?"),
        ("x" * 49, "?"),
        ("nama\n", "?"),
        ("", "?"),
    ],
)
def test_what_may_be_a_persons_name_or_number_is_not_repeated(given: str, expected: str) -> None:
    assert told([given], OF_TOP_UP) == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/visit-list/{list_id}/close", "/visit-list/{list_id}/close"),
        ("/people/3328991505900001/corrections", "/people/?/corrections"),
        ("/people/Siti Aminah", "/people/?"),
        ("/people/siti-aminah/corrections", "/people/?/corrections"),
        ("people?name=siti", "?"),
        ("//", "//"),
    ],
)
def test_of_a_path_only_what_may_stand_in_the_description_is_repeated(given: str, expected: str) -> None:
    assert told_path(given, ["/visit-lists/{list_id}/close", "/people/{person_id}/corrections"]) == expected


def test_at_most_three_paths_are_said_to_be_near() -> None:
    """The best one first."""
    known = [f"/things/{name}" for name in ("approved", "approves", "approver", "approve", "approval")]
    assert nearest("/things/approv", known)[0] == "/things/approve"
    assert len(nearest("/things/approv", known)) == 3
