"""A service starts and serves while NATS and the other services are down, and catches up when they are back."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import asyncpg
import httpx
import nats
import pytest

from chassis import outbox
from chassis.database import Database
from chassis.testing import register
from contracts.catalogue import FACTS
from embedded.nats import EmbeddedNats
from embedded.ports import free_port

SERVICES = sorted({fact.producer for fact in FACTS})


def serve(service, urls, nats_port, monitor_port, tmp_path):
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    log = (tmp_path / f"{service}.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", service, "serve"],
        env=kept
        | {
            "LICHEN_ENV": "local",
            "LICHEN_PORT": str(port),
            "LICHEN_DATABASE_URL": urls.serving,
            "LICHEN_NATS_URL": f"nats://127.0.0.1:{nats_port}",
            "LICHEN_NATS_MONITOR_URL": f"http://127.0.0.1:{monitor_port}",
            "LICHEN_ISSUER": "http://127.0.0.1:9/realms/lichen-local",
            "LICHEN_AUDIENCE": "lichen-api-local",
        },
        stdout=log,
        stderr=log,
    )
    return process, f"http://127.0.0.1:{port}"


def until(condition, what, within_s=30):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(what)


def is_ready(url):
    return httpx.get(f"{url}/health/ready").status_code == httpx.codes.OK


def typename(url):
    return httpx.post(f"{url}/graphql", json={"query": "{ __typename }"}).json()


async def registered(urls):
    database = Database.connect(urls.serving, pool_size=2)
    await register(database, {"secretariat": None})
    return database


async def owe_an_event(database, service):
    # Any event of the service will do; only its place and its aggregate matter on the way.
    kind = next(kind for kind in FACTS if kind.producer == service)
    fact = kind.model_construct(**{kind.aggregate: "one"} | {"location_id": "secretariat"})
    async with database.transaction(["secretariat"]) as tx:
        await outbox.add(tx, fact, now=datetime(2026, 1, 1, tzinfo=UTC))


async def cut_connections(postgres_server, urls):
    """As a restart of PostgreSQL does: every connection to the database ends."""
    admin = await asyncpg.connect(postgres_server.admin_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", urls.serving.rpartition("/")[2]
    )
    await admin.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_it_serves_without_nats_and_sends_what_it_owes_when_nats_is_back(
    service, database_for, postgres_server, tmp_path
):
    urls = database_for(service)
    database = await registered(urls)
    nats_port, monitor_port = free_port(), free_port()
    process, url = serve(service, urls, nats_port, monitor_port, tmp_path)
    try:
        until(lambda: is_ready(url), "ready without NATS")
        assert typename(url) == {"data": {"__typename": "Query"}}
        await owe_an_event(database, service)

        server = EmbeddedNats(tmp_path / "nats", port=nats_port, monitor_port=monitor_port)
        server.start()
        try:
            client = await nats.connect(server.url)

            async def messages():
                try:
                    return (await client.jetstream().stream_info(f"evt-{service}")).state.messages
                except nats.js.errors.NotFoundError:
                    return 0

            async def all_out(count):
                deadline = time.monotonic() + 20
                while await messages() != count:
                    assert time.monotonic() < deadline, f"event {count} never went out"

            await all_out(1)
            await cut_connections(postgres_server, urls)
            await owe_an_event(database, service)
            await all_out(2)
            await client.close()
        finally:
            server.stop()
        assert is_ready(url)  # NATS is away again, and it serves
    finally:
        await database.close()
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_a_service_refuses_an_old_schema_and_a_role_above_row_security(database_for, postgres_server, tmp_path):
    urls = database_for("targets")
    process, _ = serve("targets", type(urls)(owner=urls.owner, serving=urls.owner), 9, 9, tmp_path)

    assert process.wait(timeout=30) != 0
    assert "the role that migrates must not be the role that serves" in (tmp_path / "targets.log").read_text()


def test_production_refuses_the_development_issuer(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")} | {
        "LICHEN_DATABASE_URL": "postgresql://x/y",
        "LICHEN_NATS_URL": "nats://x",
        "LICHEN_ISSUER": "http://127.0.0.1:8080/realms/lichen-local",
    }
    done = subprocess.run(
        [sys.executable, "-m", "targets", "serve"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "LICHEN_ISSUER must be https" in done.stderr
