"""The machine is run against a service that leaks in every way: each leak is found."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from embedded.ports import free_port
from embedded.processes import Child
from lichen.platform import AUDIENCE
from tools.canary.exercise import Canary
from tools.canary.pairs import Pairs, compare
from tools.canary.routes import Route
from tools.canary.tally import Tally
from tools.canary.traces import search_logs, search_spans
from tools.canary.world import World

SEED = 7
REQUESTS = 800
PAIRS = 60
START_S = 90
EXPORTED_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    canary: Canary
    pairs: Pairs

    def hits(self, where: str) -> list[str]:
        return [str(hit) for hit in self.canary.tally.hits if hit.where.startswith(where)]


@pytest.fixture(scope="module")
def leaking(world: World, run: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What the machine finds on it; after the sound run, whose traces it would spoil."""
    directory = tmp_path_factory.mktemp("leaking")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    process = Child.start(
        "leaking",
        [sys.executable, str(Path(__file__).with_name("leaking.py"))],
        log=directory / "leaking.log",
        environment=kept
        | {
            "LICHEN_ENV": "local",
            "LICHEN_PORT": str(port),
            "LICHEN_ISSUER": world.platform.issuer_url,
            "LICHEN_AUDIENCE": AUDIENCE,
            "LICHEN_DATABASE_URL": world.platform.database_url("offsets"),
            "LICHEN_NATS_URL": world.platform.nats_url,
            "LICHEN_NATS_SEED": world.platform.nats_keys.seeds["offsets"],
            "LICHEN_INTROSPECTION_SECRET": world.platform.home.secret("introspection"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": world.collector.endpoint,
            "CANARY_ROUTES": str(directory / "routes.json"),
        },
    )
    try:
        until_ready(process, f"http://127.0.0.1:{port}/health/ready")
        paths = json.loads((directory / "routes.json").read_text())
        routes = [Route(service="leaking", base=f"http://127.0.0.1:{port}", path=path) for path in paths]
        yield asyncio.run(exercised(world, f"http://127.0.0.1:{port}/graphql", routes, logs=directory))
    finally:
        process.stop(by=15, deadline_s=10)


def until_ready(process: Child, url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.running:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(process.log_end())


async def exercised(world: World, url: str, routes: list[Route], *, logs: Path) -> Found:
    world.collector.bodies.clear()
    async with world.connected():
        canary = Canary(world=world, tally=Tally(seed=SEED, short=True), requests_max=REQUESTS)
        endpoint = await world.described("leaking", url)
        await canary.run([endpoint], routes)
        pairs = await compare(
            world, askers=await canary.everyone(), asked=canary.asked["leaking"], seed=SEED, pairs=PAIRS
        )
        async with asyncio.timeout(EXPORTED_S):
            while not any(b"a step" in body for body in world.collector.bodies):
                await asyncio.sleep(0.05)
    search_logs(world, canary.tally, logs=logs)
    search_spans(world, canary.tally)
    return Found(canary=canary, pairs=pairs)


def test_a_loader_with_the_roots_rights_is_found_in_the_entity_resolver(leaking):
    assert leaking.hits("leaking entities Purchase")


def test_a_page_without_rights_is_found_by_the_cursor_of_another(leaking):
    assert [hit for hit in leaking.hits("leaking entities Location") if "credit_batch" in hit]


def test_a_field_without_a_check_is_found_on_a_published_row(leaking):
    assert [hit for hit in leaking.hits("leaking entities Retirement") if "retirement.retired_by" in hit]


def test_a_refusal_that_quotes_a_hidden_row_is_found(leaking):
    assert [hit for hit in leaking.hits("leaking mutation") if "NOT_PERMITTED" in hit]


def test_a_log_line_with_contents_is_found(leaking):
    assert leaking.hits("log leaking.log")


def test_a_span_with_contents_is_found(leaking):
    assert leaking.hits("spans")


def test_a_route_without_a_check_is_found(leaking):
    assert leaking.hits("leaking GET /export/{location_id}.csv")


def test_a_change_at_a_foreign_location_is_found(leaking):
    assert [found for found in leaking.canary.tally.problems if "changed by what was refused" in found]


def test_an_answer_that_tells_that_a_row_exists_is_found(leaking):
    assert [found for found in leaking.pairs.differences if found.where == "leaking entities CreditBatch"]
