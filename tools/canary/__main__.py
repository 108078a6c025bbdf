"""`make canary`: the long form. Prints the counts and writes build/canary.json; fails on any hit.

`python -m tools.canary --requests 20000 --pairs 2000 --seed 7`; `--case NAME` repeats one case with that seed alone.
"""

import argparse
import asyncio
import secrets
import sys
from typing import Any

from lichen.home import REPOSITORY
from tools.canary.exercise import Canary
from tools.canary.pairs import Pairs, compare
from tools.canary.routes import routes
from tools.canary.tally import Tally
from tools.canary.traces import search_events, search_logs, search_spans
from tools.canary.world import World, prepare, started

__all__ = ["whole_run"]

TARGET = REPOSITORY / "build" / "canary.json"


async def whole_run(
    world: World, *, seed: int, requests: int | None, pairs: int, thorough: bool, only: str | None = None
) -> tuple[Canary, Pairs | None]:
    """Everything in one run: requests of everyone, logs, spans, events, and pairs of *not yours* and *not there*."""
    async with world.connected():
        canary = Canary(
            world=world,
            tally=Tally(seed=seed, short=not thorough),
            requests_max=requests,
            thorough=thorough,
            only=only,
        )
        endpoints = list(world.endpoints.values())
        await canary.run(endpoints, routes(world.platform))
        found = None
        if only is None:
            await search_events(world, canary.tally)
            asked = [question for endpoint in endpoints for question in canary.asked[endpoint.name]]
            found = await compare(world, askers=await canary.everyone(), asked=asked, seed=seed, pairs=pairs)
    search_logs(world, canary.tally, logs=world.platform.home.logs)
    search_spans(world, canary.tally)
    return canary, found


def main() -> None:
    parser = argparse.ArgumentParser(prog="make canary", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="for all personas together; 0 tries every case")
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--case", default=None)
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with started() as world:
        asyncio.run(prepare(world))
        canary, pairs = asyncio.run(
            whole_run(
                world, seed=seed, requests=given.requests or None, pairs=given.pairs, thorough=True, only=given.case
            )
        )
    more: dict[str, Any] = {} if pairs is None else pairs.report()
    print(canary.tally)
    for name, value in more.items():
        print(f"  {name:<20} {value}")
    if pairs is not None:
        for difference in pairs.differences[:10]:
            print(f"DIFFERENT {difference}")
    if given.case is None:
        canary.tally.write(TARGET, more=more)
        print(f"written to {TARGET.relative_to(REPOSITORY)}")
    sys.exit(0 if canary.tally.clean and (pairs is None or not pairs.differences) else 1)


if __name__ == "__main__":
    main()
