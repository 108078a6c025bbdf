"""NATS with its accounts, an issuer, the access service that answers for outsiders, and streams with some events.

Everything is the real thing; the other services are their keys alone.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import nats
from nats.aio.client import Client
from pydantic import SecretStr

from chassis.accounts import inbox_prefix
from chassis.consumer import ensure_consumer
from chassis.database import Database
from chassis.ids import new_id
from chassis.jetstream import connect, ensure_stream
from chassis.keys import ISSUER, Keys
from chassis.settings import ServiceSettings
from chassis.testing import register, settings_for
from contracts.catalogue import FACTS
from contracts.hearing import HEARERS
from contracts.message import EventMessage
from embedded.nats import EmbeddedNats
from embedded.ports import free_port

PATHS = {
    "secretariat": "secretariat",
    "unon": "secretariat.unon",
    "unon-gigiri": "secretariat.unon.unon-gigiri",
    "escwa": "secretariat.escwa",
}
PEOPLE = {
    "unon-chair": ["/locations/secretariat/unon/local-chair"],
    "escwa-member": ["/locations/secretariat/escwa/local-member"],
    "coordinator": ["/locations/secretariat/central-coordinator"],
    "buyer": ["/functions/procurement"],
    # Of a person: without the scope that a system's token has.
    "unscoped": ["/locations/secretariat/unon/external-system"],
    "nobody": [],
    "elsewhere": ["/locations/secretariat/atlantis/local-chair"],
    # The register has unon-gigiri below unon; the text of the group has it at the root.
    "misplaced": ["/locations/unon-gigiri/local-member"],
}
SECRET = "s" * 40
DEADLINE_S = 120


@dataclass(slots=True, kw_only=True)
class Site:
    """What runs, and the ways to it."""

    server: EmbeddedNats
    keys: Keys
    issuer: str
    people: Path
    urls: object
    logs: Path
    access: "subprocess.Popen[bytes] | None" = None
    outcomes: list[tuple[str, str, str]] = field(default_factory=list)
    """Who tried what, and what came of it: printed at the end."""

    def settings(self, identity: str) -> ServiceSettings:
        return settings_for(
            nats_url=self.server.url,
            nats_monitor_url=self.server.monitor_url,
            nats_seed=SecretStr(self.keys.seeds[identity]),
            issuer=self.issuer,
        )

    def token(self, name: str) -> str:
        """Of a person, or of another entity's system."""
        form = {"grant_type": "password", "client_id": "lichen-cli", "username": name, "password": name}
        if name.startswith("ext-"):
            form = {"grant_type": "client_credentials", "client_id": name, "client_secret": SECRET}
        answer = httpx.post(f"{self.issuer}/protocol/openid-connect/token", data=form)
        return answer.raise_for_status().json()["access_token"]

    def revoke(self, token: str) -> None:
        form = {"client_id": "lichen-cli", "token": token}
        httpx.post(f"{self.issuer}/protocol/openid-connect/revoke", data=form).raise_for_status()

    def set_groups(self, people: dict[str, list[str]]) -> None:
        personas = [{"username": name, "name": name, "groups": groups} for name, groups in people.items()]
        beside = self.people.with_suffix(".new")
        beside.write_text(json.dumps({"version": 1, "personas": personas}))
        beside.replace(self.people)

    def start_access(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
        port = free_port()
        with (self.logs / "access.log").open("ab") as log:
            self.access = subprocess.Popen(
                [sys.executable, "-m", "access", "serve"],
                env=kept
                | {
                    "LICHEN_ENV": "local",
                    "LICHEN_PORT": str(port),
                    "LICHEN_DATABASE_URL": self.urls.serving,
                    "LICHEN_NATS_URL": self.server.url,
                    "LICHEN_NATS_MONITOR_URL": self.server.monitor_url,
                    "LICHEN_NATS_SEED": self.keys.seeds["access"],
                    "LICHEN_NATS_CALLOUT_SEED": self.keys.seeds["callout"],
                    "LICHEN_NATS_ISSUER_SEED": self.keys.seeds[ISSUER],
                    "LICHEN_ISSUER": self.issuer,
                    "LICHEN_AUDIENCE": "lichen-api-local",
                    "LICHEN_INTROSPECTION_SECRET": SECRET,
                },
                stdout=log,
                stderr=log,
            )
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200, self.logs / "access.log")

    def stop_access(self) -> None:
        self.access.terminate()
        assert self.access.wait(DEADLINE_S) == 0

    @asynccontextmanager
    async def service(self, identity: str) -> AsyncIterator[Client]:
        client = await connect(self.settings(identity), name=identity)
        client._error_cb = _collect(client)
        yield client
        await client.close()

    @asynccontextmanager
    async def outsider(self, token: str | None, *, inbox: str = "_INBOX_none") -> AsyncIterator[Client]:
        """Somebody who comes with a token. Refuses as nats-py does: nats.errors.Error."""
        client = await nats.connect(
            self.server.url, token=token, inbox_prefix=inbox, allow_reconnect=False, connect_timeout=5
        )
        client._error_cb = _collect(client)
        yield client
        await client.close()


def _collect(client: Client):
    client.refused = []

    async def collect(error: Exception) -> None:
        client.refused.append(str(error))

    return collect


def own_inbox(token: str) -> str:
    return inbox_prefix(own_consumer(token))


def own_consumer(token: str) -> str:
    payload = token.split(".")[1]
    return "outside-" + json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]


def until(condition, log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def event(producer: str, place: str, *, name: str | None = None) -> EventMessage:
    fact = next(fact for fact in FACTS if fact.producer == producer and name in {None, fact.name})
    said = fact.model_construct(**{fact.aggregate: "one"} | {"location_id": place})
    return EventMessage.of(
        said, event_id=str(new_id()), location_path=PATHS[place], occurred_at=datetime.now(UTC), aggregate_version=1
    )


async def say(client: Client, producer: str, place: str) -> None:
    """The producer tells of the place."""
    message = event(producer, place)
    await client.jetstream().publish(
        message.subject, message.payload, headers=dict(message.headers) | {"Nats-Msg-Id": message.headers["ce-id"]}
    )


async def make_streams(site: Site) -> None:
    for producer, hearers in HEARERS.items():
        async with site.service(producer) as client:
            await ensure_stream(client, site.settings(producer), producer=producer)
            for hearer in hearers:
                await ensure_consumer(client, producer=producer, hearer=hearer)
            if any(fact.producer == producer for fact in FACTS):
                for place in PATHS:
                    await say(client, producer, place)


async def fill_register(url: str) -> None:
    database = Database.connect(url, pool_size=1)
    await register(database)
    await database.close()
