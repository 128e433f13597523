"""Fields of a row: dotted names reach into objects, ids are told by their names, and what all rows share is small."""

from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.bulk.acts import ids_among, nested
from chassis.bulk.orders import SAME_LIMIT_BYTES
from tests.chassis.bulk import CREDIT, account
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
