"""A service put together: HTTP, consumers, relay, timers, jobs and workers in one process, or some of them."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

from chassis import failpoints, half_open, migrations
from chassis.admin import admin_routes
from chassis.auth import TokenVerifier, service_identity
from chassis.bulk.inside import Inside
from chassis.bulk.job import Bulk
from chassis.bulk.orders import BULK_JOB
from chassis.consumer import Consumers
from chassis.database import Database
from chassis.encryption import Vault
from chassis.events import Catalogue
from chassis.health import health_routes
from chassis.http import Routes
from chassis.jobs import Jobs
from chassis.limits import RequestLimit
from chassis.logs import logger, start_logging
from chassis.metrics.backlog import Backlog, Positions
from chassis.metrics.instruments import Metrics
from chassis.metrics.requests import CountRequests, metrics_routes
from chassis.metrics.sampler import Sampler
from chassis.outbox import Outbox, rupiah_fields
from chassis.problems import answer_with_problems
from chassis.processing import Processor
from chassis.projection import Projection
from chassis.records import RecordReader
from chassis.redrive import REDRIVE_JOB, Redrive
from chassis.relay import Relay
from chassis.restoration import Restoration, after
from chassis.retention import Retention, Rule
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import NO_SPANS, start_tracing, without_query
from chassis.timers import Timers
from chassis.workers import Background, Presence, Worker

log = logger(__name__)

GRACE_SECONDS = 15
REBUILDING_RETRY_SECONDS = 20
"""Somebody waits for the replay, and can start it again."""
UNTRACED = "/health/,/metrics$"


class RouteWithoutPermission(Exception):
    """A route that declares neither a permission nor that it is public stops the service from starting."""


class Service:
    """One service: what it owns is declared here, how it runs is the chassis's."""

    def __init__(
        self, *, name: str, package: str, settings: ServiceSettings, catalogue: Catalogue,
        routes: Sequence[Routes] = (), consumers: Consumers | None = None, timers: Timers | None = None,
        jobs: Jobs | None = None, workers: Sequence[Worker] = (), projection: Projection | None = None,
        retention: Sequence[Rule] = (),
    ) -> None:  # fmt: skip
        self.name = name
        self.package = package
        self.settings = settings
        self.catalogue = catalogue
        self.consumers = consumers or Consumers()
        self.timers = timers or Timers()
        self.jobs = jobs or Jobs()
        self.retention = Retention(self.jobs, retention)
        self.workers = tuple(workers)
        self.projection = projection
        self.vault = Vault.from_file(settings.encryption_keys_file)
        self.metrics = Metrics()
        self.presence = Presence()
        published = {kind: rupiah_fields(entry.model) for kind, entry in catalogue.items() if entry.owner == name}
        self.metrics.expect(published, name, self.consumers.kinds)
        self.expected_migration = migrations.heads(package)[0]
        self.database = self._database(settings.worker_database_url, projection)
        self.api_database = self._database(settings.database_url, projection)
        self.jobs.on(REDRIVE_JOB, first=True)(Redrive(self._processor(), service_identity(name, settings.deployment)))
        self.restoration = self._restoration()
        self.subscription: Subscription | None = None
        self.relay: Relay | None = None
        self.backlog: Backlog | None = None
        self.background: list[Background] = []
        self.inside = Inside(routes)
        self.jobs.on(BULK_JOB)(Bulk(self.inside))
        self.app = self._app(routes)

    def _database(self, url: str, projection: Projection | None) -> Database:
        source = f"/sinergi/{self.settings.deployment}/{self.name}"
        return Database(
            url,
            identity=service_identity(self.name, self.settings.deployment),
            vault=self.vault,
            zone=self.settings.zone,
            outbox=Outbox(self.name, source, self.catalogue),
            metrics=self.metrics,
            schema=projection.schema if projection is not None else "",
        )

    def _restoration(self) -> Restoration:
        source = f"/sinergi/{self.settings.deployment}/{self.name}"
        bootstrap_servers = self.settings.kafka_bootstrap_servers
        return Restoration(self.name, source, self.catalogue, self.consumers.kinds, self.database, bootstrap_servers)

    def _app(self, routes: Sequence[Routes]) -> FastAPI:
        app = FastAPI(
            title=f"Sinergi {self.name}",
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            telemetry=NO_SPANS,
        )
        app.state.service = self
        app.state.package = self.package
        app.state.settings = self.settings
        app.state.database = self.api_database
        app.state.restoration = self.restoration
        app.state.verifier = TokenVerifier(
            self.settings.auth_issuer,
            self.settings.auth_audience,
            self.settings.auth_jwks,
            self.settings.administrators_file,
        )
        self.inside.app.state = app.state
        answer_with_problems(app)
        app.add_middleware(RequestLimit, limit_bytes=self.settings.request_limit_bytes)
        app.add_middleware(CountRequests, metrics=self.metrics, presence=self.presence)
        always = [health_routes(self), metrics_routes(self.metrics), admin_routes(self)]
        routers = [*always, *(routes if self.settings.runs("api") else ())]
        refuse_undeclared_routes(routers)
        for router in routers:
            app.include_router(router)
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        worker_loops = self._loops() if self.settings.runs("worker") else []
        self.background = [
            Background("sampler", Sampler(self).run),
            Background("half_open", partial(half_open.watch, (self.database, self.api_database))),
            *worker_loops,
        ]
        for loop in self.background:
            loop.start(stopping)
        try:
            yield
        finally:
            stopping.set()
            tasks = [loop.task for loop in self.background if loop.task is not None]
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
            await self.database.close()
            await self.api_database.close()

    def _loops(self) -> list[Background]:
        settings = self.settings
        self.relay = Relay(
            settings.worker_database_url,
            settings.kafka_bootstrap_servers,
            self.name,
            settings.relay_batch_size,
        )
        restored = self.restoration
        acting = {
            "timers": lambda stopping: self.timers.run(self.database, stopping),
            "jobs": lambda stopping: self.jobs.run(self.database, settings.outbox_depth_limit, self.presence, stopping),
            "retention": lambda stopping: self.retention.run(self.database, stopping),
            **{worker.name: self._worker_loop(worker) for worker in self.workers},
        }
        loops = [
            Background("restoration", restored.run),
            Background("relay", after(restored.adopted, self.relay.run)),
            *(Background(name, after(restored.caught_up, run)) for name, run in acting.items()),
        ]
        if self.consumers.kinds:
            self.subscription = self._subscription()
            loops.append(Background("consumer", after(restored.adopted, self.subscription.run)))
        self.backlog = self._backlog()
        return [*loops, Background("backlog", self.backlog.run)]

    def _worker_loop(self, worker: Worker) -> Callable[[asyncio.Event], Awaitable[None]]:
        async def run(stopping: asyncio.Event) -> None:
            await worker.run(self, stopping)

        return run

    def _subscription(self) -> Subscription:
        return Subscription(
            service=self.name,
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            database=self.database,
            catalogue=self.catalogue,
            consumers=self.consumers,
            batch_size=self.settings.consumer_batch_size,
            instance=self.settings.service_instance,
            projection=self.projection,
            presence=self.presence,
        )

    def _backlog(self) -> Backlog:
        return Backlog(
            consumer=self.name,
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            topics=self.subscription.topics if self.subscription is not None else (),
            positions=self.subscription.positions if self.subscription is not None else _no_positions,
            metrics=self.metrics,
        )

    def _processor(self) -> Processor:
        # What is parked is read from the database, so it needs no log: a redrive runs whether or not a consumer does.
        reader = RecordReader(self.name, self.catalogue, self.consumers.kinds)
        return Processor(self.name, self.database, reader, self.consumers, "", self.projection)

    def rebuilding(self, generation: Projection, consumer: str, log_identity: str) -> Processor:
        """What writes another generation of the projection: same handlers, own connections, own consumer id."""
        database = self._database(self.settings.worker_database_url, generation)
        reader = RecordReader(self.name, self.catalogue, self.consumers.kinds)
        processor = Processor(consumer, database, reader, self.consumers, log_identity, generation)
        processor.retry_budget_seconds = REBUILDING_RETRY_SECONDS
        return processor


async def _no_positions() -> Positions:
    """Of a service that hears nothing."""
    return {}


def refuse_undeclared_routes(routers: Iterable[APIRouter]) -> None:
    """Raise `RouteWithoutPermission` when a route declares neither permission nor publicity."""
    for route in (route for router in routers for route in router.routes):
        declared = route.openapi_extra or {} if isinstance(route, APIRoute) else {}
        if not ("x-permission" in declared or declared.get("x-public")):
            raise RouteWithoutPermission(str(getattr(route, "path", route)))


def run(service: Service) -> None:
    """Run the service until SIGTERM, SIGINT, or the end of its parent."""
    start_logging(service.name)
    failpoints.arm_from(service.settings.failpoints_folder, service.name)
    provider = start_tracing(service.name, service.settings)
    FastAPIInstrumentor.instrument_app(
        service.app, excluded_urls=UNTRACED, exclude_spans=["receive", "send"], server_request_hook=without_query
    )
    config = uvicorn.Config(
        service.app,
        host=service.settings.http_host,
        port=service.settings.http_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    spare_the_collector()
    uvloop.run(_serve(server, service.settings.stop_when_stdin_closes))
    provider.shutdown()


def spare_the_collector() -> None:
    """Let Python look for rubbish less often: a batch makes tens of thousands of objects that all end with it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


async def _serve(server: uvicorn.Server, stop_when_stdin_closes: bool) -> None:
    if stop_when_stdin_closes:
        # The parent holds the other end of standard input; however it ends, this process follows.
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _parent_gone)
    await server.serve()


def _parent_gone() -> None:
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    os.kill(os.getpid(), signal.SIGTERM)
