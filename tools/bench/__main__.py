"""`make bench`: ratios in one run. Prints a table and writes build/bench.json.

A new measure is a `Measure` in one of the two lists. `python -m tools.bench NAME …` takes those alone, and writes no
file.
"""

import asyncio
import compileall
import os
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chassis.memory import settle_memory
from embedded.nats import EmbeddedNats
from embedded.ports import free_port
from embedded.postgres import EmbeddedPostgres
from lichen import mainjob
from lichen.home import Home
from lichen.personas import Tokens
from lichen.platform import Platform
from tools.bench.auditing import audit_mutation, audit_verify
from tools.bench.bed import Parts
from tools.bench.importing import import_memory, import_rows
from tools.bench.importing_beside import list_beside_import
from tools.bench.knowing import approach_1, monte_carlo
from tools.bench.listing import list_20_rows_gateway
from tools.bench.measure import Measure, Result, take
from tools.bench.publishing import publish_backlog, publish_outbox
from tools.bench.report import Machine, table, write
from tools.bench.rights import lists_secured, rights_first_seen, rights_known
from tools.bench.totalling import rollup_upkeep, totals

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "build" / "bench.json"

ON_PLATFORM: tuple[Measure[Platform, Any], ...] = (list_20_rows_gateway, list_beside_import)
ON_PARTS: tuple[Measure[Parts, Any], ...] = (
    publish_outbox,
    publish_backlog,
    import_rows,
    import_memory,
    rights_known,
    rights_first_seen,
    *lists_secured,
    audit_mutation,
    audit_verify,
    rollup_upkeep,
    totals,
    approach_1,
    monte_carlo,
)


def on_platform(measures: Sequence[Measure[Platform, Any]], directory: Path) -> list[Result]:
    """On a platform of its own, with the sample and the main job played."""
    if not measures:
        return []
    os.environ["LICHEN_GATEWAY_PORT"] = str(free_port())
    platform = Platform(home=Home(path=directory), say=_say_nothing)
    try:
        platform.start()
        mainjob.run(
            mainjob.Context(gateway=platform.gateway_url, token=Tokens(issuer=platform.issuer_url).of, say=_say_nothing)
        )
        return asyncio.run(_take_all(measures, platform))
    finally:
        platform.stop()


def on_parts(measures: Sequence[Measure[Parts, Any]], directory: Path) -> list[Result]:
    """On PostgreSQL and NATS alone, as durable as in a local run."""
    if not measures:
        return []
    parts = Parts(postgres=EmbeddedPostgres(directory / "pg"), nats=EmbeddedNats(directory / "nats"))
    try:
        parts.postgres.start()
        parts.nats.start()
        return asyncio.run(_take_all(measures, parts))
    finally:
        parts.nats.stop()
        parts.postgres.stop()


async def _take_all(measures: Sequence[Measure[Any, Any]], ground: object) -> list[Result]:
    # Both sides of a measure run as a service does.
    settle_memory()
    results = []
    for measure in measures:
        for result in await take(measure, ground):
            results.append(result)
            # All together take a quarter of an hour; the table comes at the end.
            print(f"{result.name}: {result.ratio:.2f}", file=sys.stderr, flush=True)
    return results


def _say_nothing(_line: str) -> None:
    pass


def compile_all() -> None:
    """As in a service's image (deploy/docker): a process that begins compiles nothing, whatever this machine allows."""
    for place in (Path(sysconfig.get_path("purelib")), *ROOT.glob("*/src"), *ROOT.glob("*/*/src")):
        compileall.compile_dir(place, quiet=2, workers=0)


def main() -> None:
    wanted = set(sys.argv[1:])
    unknown = wanted - {measure.name for measure in ON_PLATFORM} - {measure.name for measure in ON_PARTS}
    if unknown:
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}")
    compile_all()
    before = Machine.now()
    place = "/tmp" if os.geteuid() == 0 else None  # noqa: S108 - a folder of ours is made in it
    with tempfile.TemporaryDirectory(prefix="lichen-bench-", dir=place) as directory:
        # As root, PostgreSQL runs as another user, who must be able to enter.
        Path(directory).chmod(0o755)
        results = [
            *on_platform([item for item in ON_PLATFORM if item.name in wanted or not wanted], Path(directory, "home")),
            *on_parts([item for item in ON_PARTS if item.name in wanted or not wanted], Path(directory, "parts")),
        ]
    print(table(results))
    print(Machine.now().told_since(before))
    if not wanted:
        write(results, TARGET)


if __name__ == "__main__":
    main()
