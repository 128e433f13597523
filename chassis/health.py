"""Liveness and readiness: ready means this process can really do its work, and otherwise says why not."""

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from chassis.service import Service


def health_routes(service: "Service") -> APIRouter:
    """The two public routes."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live", openapi_extra={"x-public": True})
    async def live() -> JSONResponse:
        """False when a loop of this process is dead for good: restarting it is the cure."""
        dead = [problem for loop in service.background for problem in loop.problems() if problem.endswith("_stopped")]
        return JSONResponse({"live": not dead, "problems": dead}, 503 if dead else 200)

    @router.get("/ready", openapi_extra={"x-public": True})
    async def ready() -> JSONResponse:
        """False, with reasons, while the database, the broker or a loop does not work."""
        problems = await readiness_problems(service)
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    return router


async def readiness_problems(service: "Service") -> list[str]:
    """Why the process is not ready; empty when it is."""
    problems = await _database_problems(service)
    for loop in service.background:
        problems += loop.problems()
    if service.subscription is not None:
        problems += await service.subscription.problems()
    problems += service.restoration.problems()
    if service.relay is not None:
        problems += service.relay.problems()
    if service.backlog is not None:
        problems += service.backlog.problems()
    return problems


async def _database_problems(service: "Service") -> list[str]:
    try:
        async with asyncio.timeout(3):
            version = await service.database.migration()
    except Exception:
        return ["database_unreachable"]
    return [] if version == service.expected_migration else ["migrations_behind"]
