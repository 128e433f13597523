"""Notifications between a registry that answers look-ups and the simulated gateway, all over real HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from chassis.ids import new_id
from simulators.gateway_settings import GatewaySettings
from simulators.sms_gateway import create_app
from tests.notifications.builders import VILLAGE
from tests.notifications.servers import listening_socket, serving, url_of
from tests.support.service import ServiceFactory, ServiceUnderTest

SECRET = "a-secret-of-the-tests"


@dataclass
class PeopleOfTheRegistry:
    """What the registry would tell about people, and what it was asked."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    down: bool = False

    def add(self, phone: str | None, *, name: str = "Siti Contoh", region_code: str = VILLAGE, **more: Any) -> UUID:
        """A person with a contact."""
        person_id = new_id()
        usual = {"address": "RT 01", "village": "Desa Contoh", "status": "active"}
        contact = {"name": name, "phone": phone, "region_code": region_code, **usual, **more}
        self.contacts[str(person_id)] = {"person_id": str(person_id), **contact}
        return person_id

    def app(self) -> FastAPI:
        """The look-up over HTTP."""
        app = FastAPI()

        @app.post("/contacts/lookup")
        async def look_up(request: Request) -> JSONResponse:
            if self.down:
                return JSONResponse({}, 503)
            body = await request.json()
            self.asked.append(body)
            self.tokens.add(request.headers["authorization"])
            found = [self.contacts[id_] for id_ in body["person_ids"] if id_ in self.contacts]
            return JSONResponse({"items": found})

        return app


@dataclass
class World:
    """The service with what is around it."""

    service: ServiceUnderTest
    people: PeopleOfTheRegistry
    gateway_url: str
    gateway_app: FastAPI

    async def states(self) -> list[str]:
        """States of all messages, oldest first."""
        return [row.state for row in await self.service.fetch_all("SELECT state FROM message ORDER BY created_at, id")]

    async def settle(self, *, until: str, seconds: float = 10.0) -> None:
        """Run the workers until the newest message is in the state."""
        ends_at = time.monotonic() + seconds
        while (await self.states())[-1] != until:
            assert time.monotonic() < ends_at, await self.service.fetch_all("SELECT * FROM attempt")
            await self.service.run_workers()
            await asyncio.sleep(0.05)

    async def hurry(self) -> None:
        """Make every wait end now."""
        async with self.service.service.database.transaction() as tx:
            await tx.connection.exec_driver_sql("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
            await tx.connection.exec_driver_sql("UPDATE attempt SET ask_at = now() WHERE ask_at IS NOT NULL")

    async def event_names(self) -> list[str]:
        """Published facts in order, without prefix and version."""
        return [one.type.split(".")[1].removeprefix("message_") for one in await self.service.published()]


@pytest.fixture
def receipt_after_seconds() -> float:
    """How soon receipts come back: at once. A test that acts between sending and receipt parametrizes this."""
    return 0.05


@pytest.fixture
async def world(start_service: ServiceFactory, receipt_after_seconds: float) -> AsyncIterator[World]:
    """Notifications with registry and gateway."""
    people = PeopleOfTheRegistry()
    registry_at, gateway_at, service_at = (listening_socket() for _ in range(3))
    gateway_settings = GatewaySettings(
        secret=SECRET, SMS_RECEIPTS_URL=f"{url_of(service_at)}/receipts/sms",
        receipt_after_seconds=receipt_after_seconds, late_after_seconds=0.3, hang_seconds=1.0,
        late_per_mille=0, repeated_per_mille=0, lost_per_mille=0,
    )  # fmt: skip
    gateway = create_app(gateway_settings)
    service = await start_service(
        "notifications", registry_url=url_of(registry_at), sms_gateway_url=url_of(gateway_at),
        sms_gateway_secret=SECRET, sms_timeout_seconds=0.5, receipt_wait_seconds=0.6,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(people.app(), registry_at))
        await stack.enter_async_context(serving(service.service.app, service_at, lifespan=False))
        await stack.enter_async_context(serving(gateway, gateway_at))
        yield World(service, people, url_of(gateway_at), gateway)
