"""The simulated gateway keeps its protocol, and ends with its parent."""

import asyncio
import hashlib
import hmac
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr

from chassis.ids import new_id
from simulators.gateway_settings import GatewaySettings
from simulators.magic_numbers import MAGIC_ENDINGS, Receipts, Shares, treatment
from simulators.sent_record import SentRecord, mark
from simulators.sms_gateway import create_app
from tests.notifications.servers import listening_socket, serving, url_of

SECRET = "a-secret-of-the-tests"


@pytest.fixture
async def receipts() -> list[tuple[str, str]]:
    """Receipts that arrived, with a right signature."""
    return []


@pytest.fixture
def sent_file(tmp_path: Path) -> Path:
    """What the gateway took."""
    return tmp_path / "sent.jsonl"


@pytest.fixture
async def gateway(receipts: list[tuple[str, str]], sent_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway whose receipts are collected."""
    callback = FastAPI()

    @callback.post("/receipts", status_code=204)
    async def take(request: Request) -> None:
        body = await request.body()
        expected = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
        assert request.headers["x-gateway-signature"] == f"sha256={expected}"
        told = await request.json()
        receipts.append((told["reference"], told["status"]))

    callback_at, gateway_at = listening_socket(), listening_socket()
    settings = GatewaySettings(
        secret=SECRET, SMS_RECEIPTS_URL=f"{url_of(callback_at)}/receipts", receipt_after_seconds=0.01,
        late_after_seconds=0.4, late_per_mille=0, repeated_per_mille=0, lost_per_mille=0, messages_kept=50,
        sent_file=sent_file,
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with (
        serving(callback, callback_at),
        serving(create_app(settings), gateway_at),
        httpx.AsyncClient(base_url=url_of(gateway_at), headers=headers) as client,
    ):
        yield client


def _message(ending: str = "12345") -> dict[str, Any]:
    return {"reference": str(new_id()), "to": f"+62812340{ending}", "text": "Halo"}


async def _arrived(receipts: list[tuple[str, str]], count: int) -> list[str]:
    for _ in range(300):
        if len(receipts) >= count:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    return [status for _, status in receipts]


async def test_a_reference_is_one_message(gateway: httpx.AsyncClient, receipts: list[tuple[str, str]]) -> None:
    message = _message()
    assert (await gateway.post("/messages", json=message)).status_code == 202
    assert (await gateway.post("/messages", json=message)).status_code == 409
    assert await _arrived(receipts, 1) == ["delivered"]
    assert (await gateway.get(f"/messages/{message['reference']}")).json()["status"] == "delivered"
    assert (await gateway.get(f"/messages/{new_id()}")).status_code == 404
    told = (await gateway.get("/simulator", headers={"Authorization": ""})).json()
    assert (told["simulator"], told["counts"]) == ("sms-gateway", {"accepted": 1, "duplicate": 1, "refused": 0})


@pytest.mark.parametrize(
    ("ending", "answers", "statuses"),
    [
        ("99001", [422], []),
        ("99002", [202], ["undeliverable"]),
        ("99003", [202], []),
        ("99004", [202], ["delivered"]),
        ("99005", [202], ["delivered"] * 3),
        ("99006", [429, 429, 202], ["delivered"]),
        ("99007", [503, 503, 202], ["delivered"]),
        ("99009", [500, 409], ["delivered"]),
        ("99010", [202], ["delivered", "accepted"]),
        ("99011", [202], []),
        ("99012", [400, 400], []),
    ],
)
async def test_magic_endings(
    gateway: httpx.AsyncClient, receipts: list[tuple[str, str]], ending: str, answers: list[int], statuses: list[str]
) -> None:
    message = _message(ending)
    assert [(await gateway.post("/messages", json=message)).status_code for _ in answers] == answers
    assert await _arrived(receipts, len(statuses)) == statuses


async def test_only_its_client_and_only_its_protocol(gateway: httpx.AsyncClient) -> None:
    message = _message()
    assert (await gateway.post("/messages", json=message, headers={"Authorization": ""})).status_code == 401
    invalid = await gateway.post("/messages", json={**message, "to": "0812-rahasia"})
    assert invalid.status_code == 400
    assert "rahasia" not in invalid.text


async def test_it_forgets_beyond_its_bound(gateway: httpx.AsyncClient) -> None:
    first = _message("99003")
    for message in (first, *(_message("99003") for _ in range(50))):
        assert (await gateway.post("/messages", json=message)).status_code == 202
    assert (await gateway.get(f"/messages/{first['reference']}")).status_code == 404


def test_ordinary_numbers_are_treated_by_a_repeatable_lot() -> None:
    shares = Shares(late_per_mille=100, repeated_per_mille=100, lost_per_mille=100)
    references = [str(new_id()) for _ in range(2000)]
    once = [treatment("+6281234012345", one, "seed", shares).receipts for one in references]
    assert once == [treatment("+6281234012345", one, "seed", shares).receipts for one in references]
    counted = Counter(once)
    assert all(120 < counted[kind] < 280 for kind in (Receipts.LATE, Receipts.REPEATED, Receipts.LOST))
    assert treatment("+6281234099001", references[0], "seed", shares) is MAGIC_ENDINGS["99001"]


async def test_it_stops_when_its_parent_is_gone() -> None:
    listener = listening_socket()
    port = listener.getsockname()[1]
    listener.close()
    env = {**os.environ, "SMS_GATEWAY_SECRET": SECRET, "STOP_WHEN_STDIN_CLOSES": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.sms_gateway", "--port", str(port), stdin=asyncio.subprocess.PIPE, env=env
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(200):
                try:
                    assert (await client.get("/simulator")).json()["simulator"] == "sms-gateway"
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == -15 or process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_gateway_started_again_knows_what_it_took(tmp_path: Path) -> None:
    """A sender that was interrupted asks, and must not be told that nothing was ever sent."""
    path = tmp_path / "statuses.jsonl"
    settings = GatewaySettings(secret=SecretStr(SECRET), status_file=path)
    headers = {"Authorization": f"Bearer {SECRET}"}
    message = {"reference": str(new_id()), "to": "+6289910199002", "text": "Undangan"}
    for status in (202, 409):
        transport = httpx.ASGITransport(create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers) as client:
            assert (await client.post("/messages", json=message)).status_code == status
            told = (await client.get(f"/messages/{message['reference']}")).json()
            assert told["status"] == "undeliverable"
        with path.open("a") as file:
            file.write('\n["cut off by a ki')


def test_the_record_of_what_was_sent_names_nobody(tmp_path: Path) -> None:
    file = tmp_path / "sent.jsonl"
    record = SentRecord(file, SECRET)
    for text in ("Halo", "Halo", "Lain"):
        record.add(str(new_id()), "+6281234012345", text)
    content = file.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in content.splitlines()]
    assert {number for _, number, _ in lines} == {mark(SECRET, "+6281234012345")}
    assert Counter(text for _, _, text in lines) == {mark(SECRET, "Halo"): 2, mark(SECRET, "Lain"): 1}
    assert "81234012345" not in content
    assert "Halo" not in content


async def test_every_message_taken_is_recorded_once(gateway: httpx.AsyncClient, sent_file: Path) -> None:
    message = _message()
    for _ in range(3):
        await gateway.post("/messages", json=message)
    await gateway.post("/messages", json=_message("99001"))
    content = await asyncio.to_thread(sent_file.read_text)
    assert [json.loads(line)[0] for line in content.splitlines()] == [message["reference"]]
