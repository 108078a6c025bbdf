"""`idp` is the development issuer in this process, or the one at LICHEN_TEST_ISSUER, a real Keycloak for example."""

import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from identity_provider import API_SECRET, UNEP_SECRET, IdentityProvider
from issuer_process import start_issuer
from joserfc.jwk import RSAKey

from issuer.app import application
from issuer.keys import new_key
from issuer.settings import Settings
from issuer.state import Issuer

REDIRECT_URI = "http://127.0.0.1:4000/callback"
DEADLINE_S = 20
ELSEWHERE = os.environ.get("LICHEN_TEST_ISSUER")


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Starts at the true time, so that others may judge the tokens, and moves only when told."""
    return Clock(now=float(int(time.time())))


@pytest.fixture(scope="session")
def some_keys() -> list[RSAKey]:
    """Made once: making two for each test took most of the time."""
    return [new_key() for _ in range(4)]


@pytest.fixture
def issuer(clock: Clock, some_keys: list[RSAKey]) -> Issuer:
    keys = itertools.cycle(some_keys)
    return Issuer(Settings.from_environment({"LICHEN_ENV": "local"}, port=4999), now=clock, make_key=lambda: next(keys))


@pytest.fixture
async def local(issuer: Issuer) -> AsyncIterator[IdentityProvider]:
    """The development issuer in this process, whatever LICHEN_TEST_ISSUER says."""
    async with _client(issuer) as http:
        yield _provider(issuer.settings.issuer, http)


@pytest.fixture
async def idp(issuer: Issuer) -> AsyncIterator[IdentityProvider]:
    async with _client(issuer) if ELSEWHERE is None else httpx.AsyncClient(timeout=30) as http:
        yield _provider(issuer.settings.issuer if ELSEWHERE is None else ELSEWHERE.rstrip("/"), http)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an issuer that really listens, for clients that cannot be given a transport."""
    if ELSEWHERE is not None:
        yield ELSEWHERE.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("issuer")
    process, url = start_issuer(folder, environment={"LICHEN_ENV": "local", "LICHEN_ISSUER_PORT": "0"})
    yield url
    process.terminate()
    assert process.wait(DEADLINE_S) == 0


def _client(issuer: Issuer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application(issuer), client=("127.0.0.1", 50_000)))


def _provider(url: str, http: httpx.AsyncClient) -> IdentityProvider:
    return IdentityProvider(
        url=url,
        http=http,
        audience=os.environ.get("LICHEN_TEST_AUDIENCE", "lichen-api-local"),
        redirect_uri=os.environ.get("LICHEN_TEST_REDIRECT_URI", REDIRECT_URI),
        api_secret=API_SECRET,
        unep_secret=UNEP_SECRET,
    )
