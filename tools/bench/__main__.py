"""`make bench`: ratios in one run. Prints a table and writes build/bench.json."""

import asyncio
import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from chassis.jetstream import connect, ensure_stream
from embedded.nats import EmbeddedNats
from embedded.ports import free_port
from embedded.postgres import EmbeddedPostgres
from lichen import mainjob
from lichen.home import Home
from lichen.personas import Tokens
from lichen.platform import Platform
from tools.bench.bed import bed, prepare
from tools.bench.importing import importing
from tools.bench.listing import listing
from tools.bench.measure import Result, compare
from tools.bench.publishing import publishing

ROOT = Path(__file__).resolve().parents[2]
QUIET_LOAD = 1.0


def on_parts(directory: Path) -> list[Result]:
    """Measures on PostgreSQL and NATS alone."""
    postgres = EmbeddedPostgres(directory / "pg")
    nats = EmbeddedNats(directory / "nats")
    postgres.start()
    nats.start()
    try:
        for service in ("targets", "inventory"):
            prepare(postgres, service)
        return asyncio.run(_on_parts(postgres, nats))
    finally:
        nats.stop()
        postgres.stop()


async def _on_parts(postgres: EmbeddedPostgres, nats: EmbeddedNats) -> list[Result]:
    results = []
    async with bed(postgres, nats, service="targets") as targets:
        client = await connect(targets.settings, name="bench")
        await ensure_stream(client, targets.settings, producer="targets")
        results.append(await compare(publishing(targets, client)))
        await client.close()
    async with bed(postgres, nats, service="inventory") as inventory:
        results.append(await compare(await importing(inventory)))
    return results


def on_platform(directory: Path) -> list[Result]:
    """Measures on the whole platform with the sample."""
    os.environ["LICHEN_GATEWAY_PORT"] = str(free_port())
    platform = Platform(home=Home(path=directory / "home"), say=lambda _line: None)
    platform.start()
    try:
        context = mainjob.Context(
            gateway=platform.gateway_url, token=Tokens(issuer=platform.issuer_url).of, say=lambda _line: None
        )
        mainjob.run(context)
        return asyncio.run(_on_platform(platform))
    finally:
        platform.stop()


async def _on_platform(platform: Platform) -> list[Result]:
    comparison = await listing(
        platform, persona="unon-technical", location="unon", database_url=platform.database_url("inventory")
    )
    return [await compare(comparison)]


def show(results: list[Result], *, seconds: float, load: float) -> None:
    print(f"{'measure':<22}{'ours':>12}{'reference':>12}  {'unit':<10}{'ratio':>7}{'runs':>6}  against")
    for item in results:
        print(
            f"{item.name:<22}{item.ours:>12,.1f}{item.reference:>12,.1f}  {item.unit:<10}{item.ratio:>7.2f}"
            f"{item.runs:>6}  {item.reference_name}"
        )
    print(f"ratio: our cost in costs of the reference. {seconds:.0f} s; load when it began {load:.1f}.")
    if load > QUIET_LOAD:
        print("The machine was not quiet: figures may be off, ratios less so.")


def main() -> None:
    began, load = time.monotonic(), os.getloadavg()[0]
    place = "/tmp" if os.geteuid() == 0 else None  # noqa: S108 - a folder of ours is made in it
    with tempfile.TemporaryDirectory(prefix="lichen-bench-", dir=place) as directory:
        Path(directory).chmod(0o755)
        results = [*on_platform(Path(directory)), *on_parts(Path(directory) / "parts")]
    show(results, seconds=time.monotonic() - began, load=load)
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(item) for item in results], indent=2) + "\n")


if __name__ == "__main__":
    main()
