"""The development issuer as a real process, and a record of the test's own.

With LICHEN_TEST_IDENTITY=keycloak, the real Keycloak.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from keycloak import KeycloakAdmin, KeycloakOpenID

from access.config import AccessSettings
from access.directory.by_keycloak import KeycloakDirectory, open_directory
from access.incoming import SUBSCRIPTIONS
from access.worker import Worker
from chassis.database import Database
from chassis.inbox import Inbox
from chassis.testing import ROOT, message_of, registered
from embedded.keycloak import ADMIN_CLIENT, EmbeddedKeycloak
from issuer.realm import keycloak_realm
from issuer.settings import REALM, Settings
from lichen.home import REPOSITORY

REAL = os.environ.get("LICHEN_TEST_IDENTITY", "issuer") == "keycloak"
collect_ignore = [] if REAL else ["test_keycloak.py"]
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


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKeycloak]:
    baseline = json.loads((REPOSITORY / "identity" / "realm" / "lichen.json").read_text())
    # The port of the settings is the development issuer's own.
    local = keycloak_realm(baseline, Settings.from_environment({"LICHEN_ENV": "local"}, port=1))
    # It is imported anew for every test, with the passwords of all personas to hash.
    local["passwordPolicy"] = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"
    server = EmbeddedKeycloak(
        tmp_path_factory.mktemp("keycloak"), realms=[local], admin_secret=secrets.token_urlsafe(24), say=print
    )
    server.start()
    yield server
    server.stop()


def import_anew(server: EmbeddedKeycloak, realm: Mapping[str, Any]) -> None:
    """The realm as it was before the first test."""
    administrator = KeycloakAdmin(
        server_url=server.url,
        realm_name="master",
        client_id=ADMIN_CLIENT,
        client_secret_key=server.admin_secret,
    )
    administrator.delete_realm(realm["realm"])
    administrator.create_realm(dict(realm))


@pytest.fixture
def issuer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh one for each test: what a test gives somebody, another must not find."""
    if REAL:
        server = request.getfixturevalue("keycloak")
        (realm,) = server.realms
        import_anew(server, realm)
        yield server.issuer(REALM)
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
        access_secret="lichen-access",
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
        message = message_of(registered(code, path, kind=kind), path=path)
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
