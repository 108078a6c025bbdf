"""Fixtures: real PostgreSQL and NATS, one server of each a run, a database and a stream of its own for each test.

`python -m embedded run -- command` starts the two once for several pytest runs and names them in LICHEN_TEST_….
"""

import asyncio
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from embedded.nats import EmbeddedNats
from embedded.scratch import scratch_parent

if TYPE_CHECKING:
    from embedded.issuer import TestIssuer
    from embedded.postgres import DatabaseUrls, EmbeddedPostgres
    from embedded.sockets import Socket

__all__: list[str] = []

Result = TypeVar("Result")
SignIn = Callable[..., "AbstractAsyncContextManager[Socket]"]


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[EmbeddedPostgres]":
    """One server for the run."""
    from embedded.postgres import EmbeddedPostgres  # noqa: PLC0415 - tests without a database need not wait for it

    shared = os.environ.get("LICHEN_TEST_POSTGRES")
    if shared is not None:
        directory, port = shared.rsplit(":", 1)
        yield EmbeddedPostgres.attach(Path(directory), port=int(port))
        return
    with tempfile.TemporaryDirectory(prefix="lichen-test-", dir=scratch_parent()) as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg", fast_and_loose=True)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def nats_server() -> Iterator[EmbeddedNats]:
    """A server for each module: it starts in a blink, and streams have fixed names."""
    with tempfile.TemporaryDirectory(prefix="lichen-test-", dir=scratch_parent()) as directory:
        server = EmbeddedNats(Path(directory))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def empty_nats(nats_server: EmbeddedNats) -> EmbeddedNats:
    """The module's server without a stream."""
    _run(_delete_streams(nats_server.url))
    return nats_server


@pytest.fixture
def issuer() -> "Iterator[TestIssuer]":
    """An issuer of the test's own."""
    from embedded.issuer import TestIssuer  # noqa: PLC0415 - makes a key, which takes a while

    issuer = TestIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def signed_in(empty_nats: EmbeddedNats, issuer: "TestIssuer") -> "SignIn":
    """Serves a service with real NATS, and opens a socket to it for someone of these groups."""
    from embedded.serving import served  # noqa: PLC0415 - as the issuer above
    from embedded.sockets import connected  # noqa: PLC0415 - as the issuer above

    @asynccontextmanager
    async def sign_in(service: Any, settings: Any, *groups: str) -> "AsyncIterator[Socket]":
        real = {"nats_url": empty_nats.url, "nats_monitor_url": empty_nats.monitor_url, "issuer": issuer.url}
        real["introspection_secret"] = "a secret"  # noqa: S105 - the issuer takes any
        async with served(service, type(settings)(**settings.model_dump() | real)) as url, connected(url) as socket:
            await socket.start(authorization=f"Bearer {issuer.token(groups=list(groups))}")
            yield socket

    return sign_in


@pytest.fixture
def database_for(postgres_server: "EmbeddedPostgres") -> "Iterator[Callable[[str], DatabaseUrls]]":
    """Makes a service's database: migrated, empty, dropped after the test.

    The first of a run is migrated; the others are copies of it, which is faster.
    """
    made: list[str] = []

    def make(service: str) -> "DatabaseUrls":
        template = _template(postgres_server, service)
        name = f"test_{service}_{uuid.uuid4().hex[:12]}"
        _run(postgres_server.copy_database(service, template=template, name=name))
        made.append(name)
        return postgres_server.urls(service, database=name)

    yield make
    for name in made:
        _run(postgres_server.drop_database(name))


async def _delete_streams(url: str) -> None:
    import nats  # noqa: PLC0415 - as above

    client = await nats.connect(url)
    for stream in await client.jetstream().streams_info():
        await client.jetstream().delete_stream(stream.config.name or "")
    await client.close()


def _template(server: "EmbeddedPostgres", service: str) -> str:
    from chassis.migrations import head_revision, migrate  # noqa: PLC0415 - only where there is a service

    name = f"template_{service}_{os.getpid()}_{head_revision(service)}"
    if name not in server.templates:
        urls = _run(server.create_service_database(service, database=name))
        with ThreadPoolExecutor(1) as thread:
            thread.submit(migrate, service, urls.owner).result()
        server.templates.add(name)
    return name


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the coroutine; in a thread, as the caller may be inside an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
