"""The development issuer as a real process, or the Keycloak at LICHEN_TEST_ISSUER, and a record of the test's own."""

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from keycloak import KeycloakOpenID

from access.config import AccessSettings
from access.directory.by_keycloak import KeycloakDirectory, open_directory
from access.incoming import SUBSCRIPTIONS
from access.worker import Worker
from chassis.database import Database
from chassis.inbox import Inbox
from contracts.inventory import LocationRegistered
from contracts.message import EventMessage

ELSEWHERE = os.environ.get("LICHEN_TEST_ISSUER")
ROOT = "secretariat"
DEADLINE_S = 20
TREE = {
    "secretariat": ("secretariat", "secretariat"),
    "unon": ("secretariat.unon", "office_away_from_headquarters"),
    "escwa": ("secretariat.escwa", "regional_commission"),
    "unhq": ("secretariat.unhq", "headquarters"),
    "field-missions": ("secretariat.field-missions", "field_missions_group"),
    "unifil": ("secretariat.field-missions.unifil", "peacekeeping_mission"),
}
"""Where the personas are: path and kind."""


def import_realm(issuer: str) -> None:
    """Keycloak's realm anew, from the file LICHEN_TEST_REALM, by a client of its master realm."""
    server, _, realm = issuer.partition("/realms/")
    answer = httpx.post(
        f"{server}/realms/master/protocol/openid-connect/token",
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["LICHEN_TEST_ADMIN_CLIENT"],
            "client_secret": os.environ["LICHEN_TEST_ADMIN_SECRET"],
        },
        timeout=60,
    )
    headers = {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}
    httpx.delete(f"{server}/admin/realms/{realm}", headers=headers, timeout=60)
    document = Path(os.environ["LICHEN_TEST_REALM"]).read_bytes()
    headers["Content-Type"] = "application/json"
    httpx.post(f"{server}/admin/realms", content=document, headers=headers, timeout=60).raise_for_status()


@pytest.fixture
def issuer(tmp_path) -> Iterator[str]:
    """A fresh one for each test: what a test gives somebody, another must not find."""
    if ELSEWHERE is not None:
        import_realm(ELSEWHERE)
        yield ELSEWHERE.rstrip("/")
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "issuer"],
        cwd=tmp_path,
        env={"LICHEN_ENV": "local", "LICHEN_ISSUER_PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    yield next(line.strip() for line in process.stderr if "http://" in line)
    process.terminate()
    process.wait(DEADLINE_S)


@pytest.fixture
def urls(database_for):
    """Of one database: asked for again, there would be another."""
    return database_for("access")


@pytest.fixture
def settings(issuer, urls) -> AccessSettings:
    return AccessSettings(
        env="local",
        database_url=urls.serving,
        nats_url="nats://127.0.0.1:1",
        issuer=issuer,
        audience="lichen-api-local",
        access_secret=os.environ.get("LICHEN_TEST_ACCESS_SECRET", "lichen-access"),
    )


@pytest.fixture
async def directory(settings) -> AsyncIterator[KeycloakDirectory]:
    async with open_directory(settings) as opened:
        yield opened


@pytest.fixture
def groups_in_token(issuer):
    """What a person's next token says."""

    def ask(user_name: str) -> list[str]:
        server, _, realm = issuer.partition("/realms/")
        client = KeycloakOpenID(server_url=server, realm_name=realm, client_id="lichen-cli")
        token = client.token(user_name, user_name)["access_token"]
        return client.decode_token(token, validate=False).get("groups", [])

    return ask


@dataclass(slots=True, kw_only=True)
class Record:
    """The database of *access*, without the service's process."""

    database: Database
    owner: str
    directory: KeycloakDirectory

    def worker(self, *, drift: str = "report", interval_s: float = 0.05) -> Worker:
        return Worker(
            database=self.database,
            directory=self.directory,
            root=ROOT,
            apply_interval_s=interval_s,
            sweep_interval_s=interval_s,
            drift=drift,
        )

    async def query(self, statement: str, *values: Any) -> list[Any]:
        """Rows of the owner's, who may do what no service may."""
        connection = await asyncpg.connect(self.owner)
        try:
            await connection.execute("SELECT set_config('app.roots', $1, false)", ROOT)
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def location_is_registered(self, code: str, path: str, kind: str) -> None:
        fact = LocationRegistered(
            location_id=code,
            title=code.upper(),
            kind=kind,
            parent_id=path.split(".")[-2] if "." in path else None,
            path=path,
            country=None,
            valid_from=date(2000, 1, 1),
            valid_to=None,
        )
        message = EventMessage.of(
            fact,
            event_id=str(uuid.uuid4()),
            location_path=path,
            occurred_at=datetime.now(UTC),
            aggregate_version=1,
        )
        await Inbox(self.database, SUBSCRIPTIONS, root=ROOT).take(message)

    async def location_moves(self, code: str, path: str) -> None:
        """As the register will say it once locations move."""
        await self.query(
            "UPDATE location SET path = $2 || substr(path, length((SELECT path FROM location WHERE id = $1)) + 1)"
            " WHERE path = (SELECT path FROM location WHERE id = $1)"
            " OR path LIKE (SELECT path FROM location WHERE id = $1) || '.%'",
            code,
            path,
        )


@pytest.fixture
async def record(settings, directory, urls) -> AsyncIterator[Record]:
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=8)
    kept = Record(database=database, owner=urls.owner, directory=directory)
    for code, (path, kind) in TREE.items():
        await kept.location_is_registered(code, path, kind)
    yield kept
    await database.close()
