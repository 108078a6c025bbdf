"""A service as a running process: assembled once, started whether or not NATS is there, stopped cleanly."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI, Response
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.routing import Route, WebSocketRoute

from chassis.audit.sealing import Sealer
from chassis.audit.writing import RefusalBound
from chassis.consumer import consume, ensure_consumer
from chassis.database import Database, DatabaseUnfit
from chassis.feed import Feed
from chassis.files import FileEndpoint, FileRoute
from chassis.graphql.endpoint import GraphQLEndpoint
from chassis.graphql.schema import GraphQLSchema
from chassis.graphql.sockets import GraphQLSockets
from chassis.identity import Identity
from chassis.inbox import Handler, Inbox
from chassis.jetstream import NATS_TROUBLE, connect, ensure_stream
from chassis.memory import settle_memory
from chassis.migrations import head_revision
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.standing import Standing
from chassis.telemetry import log
from contracts.access import Capability
from contracts.fact import Fact
from contracts.hearing import HEARERS

__all__ = ["Runtime", "Service", "Task", "create_application", "create_server", "replay", "serve"]

RETRY_S = 1.0
STOP_AGAIN_S = 1.0
WS_MESSAGE_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a serving process has, for its tasks."""

    settings: ServiceSettings
    database: Database
    resources: object
    """What the service's `opens` gave."""


Task = Callable[[Runtime], Awaitable[None]]
"""Runs beside requests and events for as long as the process serves; begun again when it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What makes one service different from another."""

    name: str
    """Its package, its database, its role prefix, its stream."""
    schema: Callable[[ServiceSettings], GraphQLSchema]
    subscriptions: Mapping[type[Fact], Handler]
    """What happens when …: the table at the foot of `incoming.py`."""
    reads: Capability = Capability.READ
    """What its queries ask for: the `READ` of its `access.py`."""
    settings: type[ServiceSettings] = ServiceSettings
    """With settings of its own: the subclass of its `config.py`."""
    opens: Callable[[ServiceSettings], AbstractAsyncContextManager[object]] = lambda _: nullcontext()
    """What requests and tasks share beside the database: opened before the first, closed after the last."""
    tasks: tuple[Task, ...] = ()
    """What runs of itself, beside requests and events."""
    files: tuple[FileRoute, ...] = ()
    """Files that it gives and takes beside GraphQL, under `/files`."""


def create_application(service: Service, settings: ServiceSettings) -> FastAPI:
    """The ASGI application; its tasks live as long as it does."""
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
    identity = Identity(settings)
    feed = Feed(service.name)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.verify(expected_revision=head_revision(service.name))
        sealer = Sealer(
            database, service=service.name, root=settings.root_location, interval_s=settings.audit_seal_interval_s
        )
        async with service.opens(settings) as resources:
            edges: tuple[GraphQLEndpoint | FileEndpoint, ...] = (endpoint, *files.values())
            for edge in edges:
                edge.resources = resources
            runtime = Runtime(settings=settings, database=database, resources=resources)
            running = [
                asyncio.create_task(_events(service, settings, database, feed)),
                # Apart from the events: a seal goes to the outbox, also while NATS is away.
                asyncio.create_task(sealer.run()),
                *(asyncio.create_task(_kept_running(task, runtime)) for task in service.tasks),
            ]
            settle_memory()
            log.info("serving")
            yield
            await _end(running)
        await database.close()
        log.info("stopped")

    app = FastAPI(
        title=f"Lichen {service.name}",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Its own spans carry the address as it was asked, ids and all; ours are named by the route.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    schema = service.schema(settings)
    standing = Standing(identity, fresh_s=settings.recheck_s)
    endpoint = GraphQLEndpoint(
        schema, database=database, identity=identity, standing=standing, settings=settings, reads=service.reads
    )
    sockets = GraphQLSockets(
        schema,
        database=database,
        identity=identity,
        standing=standing,
        feed=feed,
        settings=settings,
        reads=service.reads,
    )
    refusals = RefusalBound()
    files = {
        route.path: FileEndpoint(
            route,
            database=database,
            identity=identity,
            standing=standing,
            settings=settings,
            reads=service.reads,
            refusals=refusals,
        )
        for route in service.files
    }
    app.router.routes += [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", sockets),
        *(Route(path, edge) for path, edge in files.items()),
    ]

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, str]:
        # Not "NATS is up": writes go to the outbox, reads to the database.
        try:
            async with database.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError, TimeoutError):
            response.status_code = 503
            return {"status": "waiting for the database"}
        return {"status": "ready"}

    return app


async def _kept_running(task: Task, runtime: Runtime) -> None:
    """Run it until cancelled, whatever it needs goes down and comes back meanwhile."""
    while True:
        try:
            await task(runtime)
        except Exception as error:  # noqa: BLE001 - the outermost edge: one task's failure is not the service's
            log.warning("task pauses", task=task.__name__, error=type(error).__name__, exc_info=error)
        else:
            log.warning("task ended by itself", task=task.__name__)
        await asyncio.sleep(RETRY_S)


async def _end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel until all have ended: nats-py takes a cancellation for its own while it closes and connects anew."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=STOP_AGAIN_S)


async def _events(service: Service, settings: ServiceSettings, database: Database, feed: Feed) -> None:
    """Relay and consume until cancelled, whatever goes down and comes back meanwhile."""
    inbox = Inbox(database, service.subscriptions, root=settings.root_location)
    while True:
        try:
            await _relay_and_consume(service, settings, database, inbox, feed)
        except Exception as error:  # noqa: BLE001 - the outermost edge: a service that answers must go on speaking
            log.warning("events pause", error=type(error).__name__, reason=str(error), exc_info=error)
            await asyncio.sleep(RETRY_S)


async def _relay_and_consume(
    service: Service, settings: ServiceSettings, database: Database, inbox: Inbox, feed: Feed
) -> None:
    client = await _connected(service, settings)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Relay(database, client, url=settings.database_url.get_secret_value()).run())
            tasks.create_task(feed.run(client))
            for producer in inbox.producers:
                tasks.create_task(consume(client, inbox, service=service.name, producer=producer))
            log.info("events flow", stream=service.name, hears=inbox.producers)
    finally:
        await client.close()


async def _connected(service: Service, settings: ServiceSettings) -> Client:
    """A connection to NATS, with this service's stream and its hearers' consumers, as soon as they can be had."""
    while True:
        try:
            client = await connect(settings, name=service.name)
        except NATS_TROUBLE as error:
            log.warning("nats is not there yet", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
            continue
        try:
            await ensure_stream(client, settings, producer=service.name)
            for hearer in HEARERS[service.name]:
                await ensure_consumer(client, producer=service.name, hearer=hearer)
        except NATS_TROUBLE as error:
            log.warning("stream is not there yet", error=type(error).__name__, reason=str(error))
            await client.close()
            await asyncio.sleep(RETRY_S)
            continue
        return client


def create_server(service: Service, settings: ServiceSettings) -> uvicorn.Server:
    """What listens, with the bounds that HTTP and WebSockets have."""
    return uvicorn.Server(
        uvicorn.Config(
            create_application(service, settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=25,
            timeout_keep_alive=75,
            ws_max_size=WS_MESSAGE_MAX_BYTES,
            server_header=False,
        )
    )


def serve(service: Service, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; exits with a sentence when the database is not fit to serve from."""
    server = create_server(service, settings)
    # uvicorn stops cleanly and then gives the signal again, to what handled it before: that would end us by it.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    try:
        server.run()
    except DatabaseUnfit as error:
        sys.exit(f"{service.name}: {error}")
    if not server.started:
        sys.exit(1)


def replay(service: Service, settings: ServiceSettings) -> None:
    """Try every dead letter again."""
    asyncio.run(_replay(service, settings))


async def _replay(service: Service, settings: ServiceSettings) -> None:
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=2)
    applied = await Inbox(database, service.subscriptions, root=settings.root_location).replay()
    await database.close()
    log.info("replayed", applied=applied)
