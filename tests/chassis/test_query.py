"""Names in the query that a route does not know."""

from uuid import UUID

import pytest

from chassis.auth import Role
from tests.support.service import ServiceUnderTest

ACCOUNT = UUID(int=1)
NIK = "3328991505900001"


@pytest.mark.parametrize("path", ["/jobs", "/credits"])
async def test_a_name_in_the_query_that_is_not_known_is_refused(sample: ServiceUnderTest, path: str) -> None:
    """A misspelt filter that was passed over would show everybody. The name stays out: it may be anything."""
    officer = sample.as_(Role.PETUGAS)
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 5}
    request = officer.build_request(
        "POST" if path == "/credits" else "GET", path, params={"budi": NIK, "limit": 2}, json=body
    )
    request.headers["Idempotency-Key"] = "one"
    response = await officer.send(request)
    assert response.status_code == 422
    known = {"/jobs": "after, kind, limit, state", "/credits": "none"}[path]
    wrong = {"field": "query.?", "rule": "extra_forbidden", "message": f"Not known here; known: {known}"}
    assert response.json()["errors"] == [wrong] * (1 if path == "/jobs" else 2)
    assert "budi" not in response.text
    assert await sample.fetch_all("SELECT 1 FROM outbox") == []
