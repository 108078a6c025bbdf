"""One platform, filled, for all of the canary's tests; and one run of the machine on it."""

import asyncio
from collections.abc import Iterator

import pytest

from lichen.home import REPOSITORY
from tools.canary.__main__ import whole_run
from tools.canary.exercise import Canary
from tools.canary.pairs import Pairs
from tools.canary.world import World, prepare, started

SEED = 20170
REQUESTS = 1000
PAIRS = 250
"""`make canary` compares thousands."""


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with started() as found:
        asyncio.run(prepare(found))
        yield found


@pytest.fixture(scope="session")
def run(world: World) -> tuple[Canary, Pairs]:
    """The short form: the same cases each time, as long as the schema is the same."""
    canary, pairs = asyncio.run(whole_run(world, seed=SEED, requests=REQUESTS, pairs=PAIRS, thorough=False))
    canary.tally.write(REPOSITORY / "build" / "canary-short.json", more=pairs.report())
    return canary, pairs
