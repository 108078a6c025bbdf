"""`idp` is the development issuer in this process; with LICHEN_TEST_IDENTITY=keycloak a real Keycloak, started here."""

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from administration import Administration, IssuerAdministration
from identity_provider import API_SECRET, UNEP_SECRET, IdentityProvider
from joserfc.jwk import ECKey, KeySet, RSAKey

from issuer.app import application
from issuer.keys import new_key
from issuer.settings import AUDIENCE, Settings
from issuer.state import Issuer

REDIRECT_URI = "http://127.0.0.1:4000/callback"
DEADLINE_S = 20
REAL = os.environ.get("LICHEN_TEST_IDENTITY", "issuer") == "keycloak"


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class TrueClock:
    """The time of day, and as much as it was put forward."""

    ahead_s: float = field(default=0)

    def __call__(self) -> float:
        return time.time() + self.ahead_s


collect_ignore_glob = ["test_local_*.py" if REAL else "test_real_*.py"]


@pytest.fixture
def clock() -> Clock:
    """Starts at the true time, so that others may judge the tokens, and moves only when told."""
    return Clock(now=float(int(time.time())))


@pytest.fixture(scope="session")
def some_keys() -> list[RSAKey]:
    """Made once: making two for each test took most of the time."""
    return [new_key() for _ in range(4)]


@pytest.fixture(scope="session")
def undp_key() -> ECKey:
    """The private key of the machine client `ext-undp`."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    return key


@pytest.fixture(scope="session")
def environment(undp_key: ECKey) -> dict[str, str]:
    """What every issuer here is told; the real one is given the same realm."""
    published = KeySet([undp_key]).as_dict(private=False)
    return {"LICHEN_ENV": "local", "LICHEN_ISSUER_UNDP_JWKS": json.dumps(published)}


@pytest.fixture
def issuer(clock: Clock, some_keys: list[RSAKey], environment: dict[str, str]) -> Issuer:
    keys = itertools.cycle(some_keys)
    settings = Settings.from_environment(environment, port=4999)
    return Issuer(settings, now=clock, make_key=lambda: next(keys))


@pytest.fixture
async def local(issuer: Issuer) -> AsyncIterator[IdentityProvider]:
    """The development issuer in this process, whatever LICHEN_TEST_IDENTITY says."""
    async with _client(issuer) as http:
        yield _provider(issuer.settings.issuer, http)


@pytest.fixture
async def idp(issuer: Issuer, request: pytest.FixtureRequest) -> AsyncIterator[IdentityProvider]:
    if REAL:
        url = request.getfixturevalue("served")
        async with httpx.AsyncClient(timeout=30) as http:
            yield _provider(url, http)
    else:
        async with _client(issuer) as http:
            yield _provider(issuer.settings.issuer, http)


@pytest.fixture(scope="session")
def administered(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Iterator[tuple[str, Administration]]:
    """A provider that really listens, and what its administrator can do."""
    folder = tmp_path_factory.mktemp("provider")
    if REAL:
        from real_keycloak import real_keycloak

        with real_keycloak(folder, environment) as found:
            yield found
    else:
        with_clock = TrueClock()
        config = uvicorn.Config("", host="127.0.0.1", port=0, log_level="warning", ws="none", lifespan="off")
        listener = config.bind_socket()
        issuer = Issuer(Settings.from_environment(environment, port=listener.getsockname()[1]), now=with_clock)
        config.app = application(issuer)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield issuer.settings.issuer, IssuerAdministration(issuer, with_clock)
        server.should_exit = True
        thread.join(DEADLINE_S)


@pytest.fixture(scope="session")
def served(administered: tuple[str, Administration]) -> str:
    """URL of a provider that really listens, for clients that cannot be given a transport."""
    return administered[0]


@pytest.fixture
def administration(administered: tuple[str, Administration]) -> Administration:
    return administered[1]


@pytest.fixture
async def listening(served: str) -> AsyncIterator[IdentityProvider]:
    """The provider that really listens: what its administrator does shows in `administration` alone."""
    async with httpx.AsyncClient(timeout=30) as http:
        yield _provider(served, http)


def _client(issuer: Issuer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application(issuer), client=("127.0.0.1", 50_000)))


def _provider(url: str, http: httpx.AsyncClient) -> IdentityProvider:
    return IdentityProvider(
        url=url, http=http, audience=AUDIENCE, redirect_uri=REDIRECT_URI, api_secret=API_SECRET, unep_secret=UNEP_SECRET
    )
