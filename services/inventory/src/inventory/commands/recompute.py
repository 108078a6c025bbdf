"""`recompute`: every line of a version worked out anew from its lineage, and every figure that is not as stored."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TextIO

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import DATABASE_TROUBLE, Database
from inventory.domain.edition import MethodEdition
from inventory.domain.recomputation import Difference, Recomputation
from inventory.store import factors, recomputation

__all__ = ["ALIKE", "DIFFERS", "FAILED", "main", "recomputed"]

ALIKE, DIFFERS, FAILED = 0, 1, 2
"""Exit codes; FAILED: there is no such version, or the database can't be read."""

_SHOWN_MAX = 200


class RecomputeSettings(BaseSettings):
    """What the command needs of the environment: the service's own database, read as the role that serves."""

    model_config = SettingsConfigDict(env_prefix="LICHEN_", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = Field(description="postgresql://inventory_serving:…@host:port/inventory")
    root_location: str = Field(default="secretariat", description="Code of the root of the tree of locations")


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of a version."""

    inventory_id: str
    lines: int = 0
    coefficients: int = 0
    totals: int = 0
    differences: int = 0
    shown: list[Difference] = field(default_factory=list)
    """The first of them: a version that is wrong in every line must not fill the memory."""

    def add(self, differences: Iterable[Difference]) -> None:
        for difference in differences:
            self.differences += 1
            if len(self.shown) < _SHOWN_MAX:
                self.shown.append(difference)


def main(arguments: Sequence[str], *, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Returns the exit code."""
    asked = _parser().parse_args(arguments)
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        settings = RecomputeSettings()
    except ValidationError as error:
        problems = [f"  LICHEN_{'_'.join(map(str, at['loc'])).upper()}: {at['msg']}" for at in error.errors()]
        print("recompute can't start with these settings:\n" + "\n".join(problems), file=err)
        return FAILED
    try:
        found = asyncio.run(_run(settings, asked.inventory_id))
    except DATABASE_TROUBLE as error:
        print(f"the database can't be read: {type(error).__name__}", file=err)
        return FAILED
    if found is None:
        print(f"there is no inventory '{asked.inventory_id}'", file=err)
        return FAILED
    print(_as_json(found) if asked.format == "json" else _as_text(found), file=out)
    return DIFFERS if found.differences else ALIKE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inventory recompute",
        description="Works out every line of a version anew, from its amount, the factor that it was pinned to, its GWP"
        " set and its conversion alone, sums its totals of these lines, and names every figure that is not as stored.",
        epilog="Exits with 0 when all are alike, 1 when any differs, 2 when the version can't be read. Needs"
        " LICHEN_DATABASE_URL, as the role that serves; it only reads.",
    )
    parser.add_argument("inventory_id", metavar="INVENTORY_ID", help="id of the version, as GraphQL has it")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser


async def _run(settings: RecomputeSettings, inventory_id: str) -> Found | None:
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=1)
    # Lines and totals of one moment, whoever writes meanwhile.
    still = Database(
        engine=database.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    )
    try:
        async with still.transaction([settings.root_location]) as tx:
            return await recomputed(tx, inventory_id)
    finally:
        await database.close()


async def recomputed(tx: AsyncConnection, inventory_id: str) -> Found | None:
    """Every difference of a version; None for one that is not there."""
    version = await recomputation.version_of(tx, inventory_id)
    if version is None:
        return None
    found = Found(inventory_id=inventory_id)
    work = Recomputation(edition=MethodEdition.named(version.method_edition))
    stored = await recomputation.coefficients_of(tx, inventory_id)
    pinned = await factors.by_release_and_id(tx, [(item.factor_release, item.factor_id) for item in stored])
    for item, factor in zip(stored, pinned, strict=True):
        found.add(work.coefficient(item, factor=factor))
    async for line in recomputation.lines_of(tx, inventory_id):
        found.add(work.line(line))
    totals = await recomputation.totals_of(tx, inventory_id)
    found.add(work.totals(totals, over_all_sites=version.is_final))
    by_month = await recomputation.month_sums_of(tx, inventory_id)
    found.add(work.months(by_month))
    by_market = await recomputation.market_totals_of(tx, inventory_id)
    if version.is_final:
        found.add(work.market(await recomputation.parts_of(tx, inventory_id), by_market))
    found.lines, found.coefficients = work.lines, len(stored)
    found.totals = len(totals) + len(by_month) + len(by_market)
    return found


def _as_json(found: Found) -> str:
    document = asdict(found)
    document["alike"] = not found.differences
    return json.dumps(document, indent=2, ensure_ascii=False)


def _as_text(found: Found) -> str:
    held = f"{found.lines} lines by {found.coefficients} coefficients, {found.totals} totals"
    if not found.differences:
        return f"{found.inventory_id}: {held}; every figure is what its lineage gives."
    lines = [f"{item.of}: {item.figure} is {item.stored}, by its lineage {item.recomputed}" for item in found.shown]
    more = found.differences - len(found.shown)
    if more:
        lines.append(f"and {more} more")
    return "\n".join((*lines, f"{found.inventory_id}: {held}; {found.differences} difference(s)."))
