"""Metrics over HTTP: every request counted by its route's template, and the route that Prometheus reads."""

import time

from fastapi import APIRouter, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.metrics.instruments import CONTENT_TYPE, Metrics
from chassis.workers import Presence

UNCOUNTED = ("/metrics", "/health/live", "/health/ready")
"""Asked every few seconds by machines: they would drown the officers' requests."""
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class CountRequests:
    """Middleware around all others, so that what they refuse is counted too; `presence` notes what is no reading."""

    def __init__(self, app: ASGIApp, metrics: Metrics, presence: Presence) -> None:
        self._app = app
        self._metrics = metrics
        self._presence = presence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and count it when it ends; one that ends without an answer counts as 500."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        if scope["method"] not in READING:
            self._presence.note()
        began, status = time.monotonic(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            # Paths and methods are the caller's words: only our own templates become labels.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.request(method, route, status, time.monotonic() - began)


def metrics_routes(metrics: Metrics) -> APIRouter:
    """The public route for Prometheus."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", openapi_extra={"x-public": True})
    async def get_metrics() -> Response:
        """All metrics of this process in Prometheus's text format; no person's data, no id."""
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return router
