"""The HTTP edge: who may, once only, and what an error tells."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import APIRouter

from chassis.auth import Role, TokenVerifier
from chassis.service import RouteWithoutPermission, refuse_undeclared_routes
from deploy.local.provision import DatabaseUrls
from tests.support.service import ServiceUnderTest

ACCOUNT = UUID(int=1)
NIK = "3328991505900001"


async def test_an_act_commits_state_event_audit_and_key_together(sample: ServiceUnderTest) -> None:
    """One request, four rows that stand or fall together."""
    officer = sample.as_(Role.PETUGAS)
    response = await officer.post("/credits", json={"account_id": str(ACCOUNT), "amount_rupiah": 5})
    assert response.status_code == 201
    assert response.json() == {"id": str(ACCOUNT)}
    account = await sample.fetch_one("SELECT balance_rupiah FROM account")
    assert account is not None
    assert account.balance_rupiah == 5
    event = (await sample.fetch_all("SELECT type, key, correlation_id, headers FROM outbox"))[0]
    assert (event.type, event.key, event.correlation_id) == ("sample.credited.v1", str(ACCOUNT), ACCOUNT)
    assert event.headers["ce_source"] == "/sinergi/test/sample"
    audit = await sample.fetch_one("SELECT actor, operation, resource_id FROM audit")
    assert audit is not None
    assert tuple(audit) == ("https://issuer.test#petugas", "account.credit", ACCOUNT)


async def test_a_repeated_request_takes_effect_once(sample: ServiceUnderTest) -> None:
    """The same key answers the same; another body under it is refused."""
    officer = sample.as_(Role.PETUGAS)
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 5}
    key = {"Idempotency-Key": "one"}
    first = await officer.post("/credits", json=body, headers=key)
    again = await officer.post("/credits", json=body, headers=key)
    other = await officer.post("/credits", json=body | {"amount_rupiah": 6}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.json()["type"] == "urn:sinergi:problem:idempotency-key-reused"
    rows = await sample.fetch_all("SELECT balance_rupiah, (SELECT count(*) FROM outbox) FROM account")
    assert [tuple(row) for row in rows] == [(5, 1)]


async def test_the_same_key_at_the_same_time_takes_effect_once(sample: ServiceUnderTest) -> None:
    """Parallel repetitions answer 201 or 409, never double."""
    officer = sample.as_(Role.PETUGAS)
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 5}
    requests = [officer.post("/credits", json=body, headers={"Idempotency-Key": "one"}) for _ in range(8)]
    statuses = {response.status_code for response in await asyncio.gather(*requests)}
    assert statuses <= {201, 409}
    assert 201 in statuses
    rows = await sample.fetch_all("SELECT balance_rupiah FROM account")
    assert [row.balance_rupiah for row in rows] == [5]


async def test_a_refused_act_leaves_nothing(sample: ServiceUnderTest) -> None:
    """A refusal rolls everything back and names itself in Bahasa Indonesia, English on request."""
    officer = sample.as_(Role.PETUGAS)
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 2_000_000}
    response = await officer.post("/credits", json=body, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:sinergi:problem:too-much"
    assert problem["title"] == "More than the sample allows"
    assert problem["facts"] == {"limit_rupiah": 1_000_000}
    counts = await sample.fetch_one(
        "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM outbox),"
        " (SELECT count(*) FROM idempotency), (SELECT count(*) FROM audit)"
    )
    assert counts is not None
    assert tuple(counts) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("roles", "region", "expected"),
    [
        ((Role.PETUGAS,), "33.28", 201),
        ((Role.PETUGAS,), "33.28.04", 403),
        ((Role.VERIFIKATOR,), "33.28", 403),
        ((Role.AUDITOR,), "33.28", 403),
        ((), "33.28", 403),
    ],
)
async def test_permission_and_region_bind_writing(
    sample: ServiceUnderTest, roles: tuple[Role, ...], region: str, expected: int
) -> None:
    """Role by route; region by row-level security, which refuses a row outside even if the code forgot to."""
    officer = sample.as_(*roles, region=region, subject="somebody")
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 5, "region_code": "33.28"}
    response = await officer.post("/credits", json=body)
    assert response.status_code == expected
    assert bool(await sample.fetch_all("SELECT 1 FROM account")) == (expected == 201)


@pytest.mark.parametrize(
    ("agency", "region", "visible"),
    [
        ("dinsos", "33.28", True),
        ("dinsos", "33", True),
        ("dinsos", "", True),
        ("*", "33.28", True),
        ("dinas-koperasi", "33.28", False),
        ("dinsos", "33.29", False),
        ("dinsos", "33.2", False),
        ("dinsos", "none", False),
    ],
)
async def test_a_row_is_seen_by_agency_and_region_only(
    sample: ServiceUnderTest, agency: str, region: str, visible: bool
) -> None:
    """Row-level security fails closed."""
    officer = sample.as_(Role.PETUGAS)
    await officer.post("/credits", json={"account_id": str(ACCOUNT), "amount_rupiah": 5})
    reader = sample.as_(Role.VERIFIKATOR, agency=agency, region=region)
    response = await reader.get(f"/accounts/{ACCOUNT}")
    assert response.status_code == (200 if visible else 404)


async def test_an_auditor_reads_all_and_changes_nothing(sample: ServiceUnderTest) -> None:
    """The auditor's role opens every GET and no POST."""
    await sample.as_(Role.PETUGAS).post("/credits", json={"account_id": str(ACCOUNT), "amount_rupiah": 5})
    auditor = sample.as_(Role.AUDITOR, agency="*", region="")
    assert (await auditor.get(f"/accounts/{ACCOUNT}")).status_code == 200
    assert (await auditor.get("/admin/outbox")).status_code == 200
    assert (await auditor.post("/credits", json={"account_id": str(ACCOUNT), "amount_rupiah": 5})).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.test"},
        {"aud": "another"},
        {"exp": 1_600_000_000},
    ],
)
async def test_a_token_of_another_issuer_audience_or_time_is_refused(
    sample: ServiceUnderTest, claims: dict[str, object]
) -> None:
    """iss, aud and exp are checked."""
    token = sample.issuer.token("petugas", [Role.PETUGAS], "dinsos", "33.28", claims)
    response = await sample.client({"Authorization": f"Bearer {token}"}).get(f"/accounts/{ACCOUNT}")
    assert response.status_code == 401


async def test_an_administrator_named_on_the_machine_needs_no_role_of_the_issuer(
    sample: ServiceUnderTest, tmp_path: Path
) -> None:
    """By issuer and subject together; anybody else's token stays what it is."""
    path = tmp_path / "administrators.json"
    path.write_text(json.dumps([{"issuer": "https://issuer.test", "subject": "sari"}]))
    verifier = TokenVerifier("https://issuer.test", "sinergi", str(sample.issuer.jwks), path)
    sari = await verifier.officer(sample.issuer.token("sari", [], "", ""))
    budi = await verifier.officer(sample.issuer.token("budi", [], "", ""))
    assert (sari.roles, sari.agency) == (frozenset({Role.ADMINISTRATOR}), "*")
    assert budi.roles == frozenset()


@pytest.mark.parametrize("claims", [{"roles": None}, {"roles": [{}]}, {"roles": 7}, {"sub": None}, {"agency": ["x"]}])
async def test_a_signed_token_of_odd_claims_is_refused_not_an_error(
    sample: ServiceUnderTest, claims: dict[str, object]
) -> None:
    """Another issuer's habits must not become a 500."""
    token = sample.issuer.token("petugas", [Role.PETUGAS], "dinsos", "33.28", claims)
    response = await sample.client({"Authorization": f"Bearer {token}"}).get(f"/accounts/{ACCOUNT}")
    assert response.status_code in (401, 404)


@pytest.mark.parametrize("amount", [2**70, -(2**63) - 1])
async def test_a_value_that_no_column_holds_is_422(sample: ServiceUnderTest, amount: int) -> None:
    """The caller can mend it."""
    response = await sample.as_(Role.PETUGAS).post(
        "/credits", json={"account_id": str(ACCOUNT), "amount_rupiah": amount}
    )
    assert response.status_code == 422


@pytest.mark.parametrize("query", ["limit=-5", "limit=100000", "after=-1"])
async def test_operators_lists_are_bounded(sample: ServiceUnderTest, query: str) -> None:
    """Nothing in a request is unbounded."""
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    assert (await operator.get(f"/admin/parked?{query}")).status_code == 422


async def test_a_chunked_body_over_the_limit_is_413_too(sample: ServiceUnderTest) -> None:
    """The length need not be declared."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024 * 1024

    response = await sample.as_(Role.PETUGAS).post("/uploads", content=chunks())
    assert response.status_code == 413


async def test_the_application_role_neither_rewrites_nor_suppresses(sample_urls: DatabaseUrls) -> None:
    """What officers' requests run under may add events and audit rows, not change or hide them."""
    connection = await asyncpg.connect(sample_urls.app)
    forbidden = [
        "UPDATE outbox SET body = 'x'",
        "UPDATE outbox SET published_at = now()",
        "UPDATE audit SET actor = 'x'",
        "SELECT * FROM access_record",
        "UPDATE job SET officer = '{}'",
        "UPDATE timer SET due_at = now()",
        "UPDATE parked_message SET redriven_at = now()",
        "DELETE FROM outbox",
        "INSERT INTO inbox (consumer, source, event_id) VALUES ('s', 's', gen_random_uuid())",
        "INSERT INTO inbox_other (consumer, source, event_id) VALUES ('s', 's', gen_random_uuid())",
        f"INSERT INTO {datetime.now(UTC):inbox_%Y_%m} VALUES ('s', 's', gen_random_uuid())",
    ]
    try:
        for statement in forbidden:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic cGV0dWdhczp4"])
async def test_no_token_no_entry(sample: ServiceUnderTest, header: str) -> None:
    """Anything but a valid bearer token is 401."""
    response = await sample.client({"Authorization": header} if header else {}).get(f"/accounts/{ACCOUNT}")
    assert response.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"account_id": NIK, "amount_rupiah": 5},
        {"account_id": str(ACCOUNT), "amount_rupiah": NIK + "x"},
        {"account_id": str(ACCOUNT), "amount_rupiah": 5, NIK: 1},
        {"account_id": str(ACCOUNT), "amount_rupiah": 5, "siti_aminah": 1},
        {"account_id": str(ACCOUNT), "amount_rupiah": 5, "region_code": {"nik": NIK}},
        [NIK],
    ],
)
async def test_an_error_never_repeats_what_was_sent(sample: ServiceUnderTest, body: object) -> None:
    """A NIK in the wrong place does not come back."""
    response = await sample.as_(Role.PETUGAS).post("/credits", json=body)
    assert response.status_code == 422
    assert NIK not in response.text
    assert "siti" not in response.text


@pytest.mark.parametrize(
    ("content", "content_type", "message"),
    [
        (b'{"a": x}', "application/json", "Send JSON: at character 6 it is none"),
        (b'{"a": 1}', "text/plain", "Send a JSON object, with the header Content-Type: application/json"),
        (b"[]", "application/json", "Send a JSON object, with the header Content-Type: application/json"),
    ],
)
async def test_a_body_that_is_no_json_object_is_told_what_to_be(
    sample: ServiceUnderTest, content: bytes, content_type: str, message: str
) -> None:
    headers = {"Content-Type": content_type}
    response = await sample.as_(Role.PETUGAS).post("/credits", content=content, headers=headers)
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (422, "invalid-request")
    (error,) = response.json()["errors"]
    assert (error["field"], error["message"]) == ("body", message)


async def test_a_post_needs_an_idempotency_key(sample: ServiceUnderTest) -> None:
    """Without it the request is refused, saying so."""
    token = sample.issuer.token("petugas", [Role.PETUGAS], "dinsos", "33.28")
    client = sample.client({"Authorization": f"Bearer {token}", "Accept-Language": "en"})
    body = {"account_id": str(ACCOUNT), "amount_rupiah": 5}
    response = await client.request("POST", "/credits", json=body)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["title"]


async def test_a_body_over_the_limit_is_413_naming_the_limit(sample: ServiceUnderTest) -> None:
    """The limit stands in the answer."""
    limit = sample.service.settings.request_limit_bytes
    response = await sample.as_(Role.PETUGAS).post("/uploads", content=b"x" * (limit + 1))
    assert response.status_code == 413
    assert response.json()["facts"] == {"limit_bytes": limit}
    assert response.json()["detail"] == "Paling besar 16.777.216 byte"


def test_a_route_without_permission_stops_the_start() -> None:
    """Forgetting is not possible."""
    router = APIRouter()
    router.add_api_route("/open", lambda: {"id": str(uuid4())})
    with pytest.raises(RouteWithoutPermission, match="/open"):
        refuse_undeclared_routes([router])
