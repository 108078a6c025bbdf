"""`python -m inventory factors …`: published emission factors in, editions of them proposed.

Runs as the owner of the database (LICHEN_MIGRATION_URL), who alone may add to the catalogue. That new inventories
are of an edition is for two coordinators to decide: `proposeEditionAdoption`, `decideEditionAdoption`.
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations
from chassis.command import settings_of
from chassis.database import Database
from chassis.refusals import NotFound
from chassis.settings import ServiceSettings
from inventory.domain.errors import PublicationRefused
from inventory.domain.publications import Format
from inventory.store import factors
from inventory.usecases.factors import propose_factor_edition, take_publication
from inventory.usecases.private_factors import take_private_factors
from quantities import Refusal
from quantities.person import Person

__all__ = ["main"]

DONE, REFUSED = 0, 1
"""Exit codes."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    asked = _parser().parse_args(arguments)
    settings = settings_of("inventory", ServiceSettings)
    if settings.migration_url is None:
        sys.exit("LICHEN_MIGRATION_URL is not set: the catalogue is added to as the owner of the database")
    try:
        return asyncio.run(_run(asked, settings.migration_url.get_secret_value()))
    except PublicationRefused as refusal:
        for problem in refusal.problems:
            _say(f"line {problem.line}, {problem.column} '{problem.value}': {problem.reason}", to_stderr=True)
        _say(f"{refusal.subject} was refused: {len(refusal.problems)} problems; nothing was taken in", to_stderr=True)
    except Refusal as refusal:
        _say(f"{refusal.code}: {refusal.message}", to_stderr=True)
    except OSError as error:
        _say(f"the file can't be read: {error}", to_stderr=True)
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inventory factors")
    commands = parser.add_subparsers(dest="command", required=True)
    taking = commands.add_parser("import", help="take in a published file: each release of it whole, or nothing")
    taking.add_argument("file", type=Path, help="CSV in UTF-8")
    taking.add_argument("--publisher-format", type=Format, choices=list(Format), required=True, dest="of")
    taking.add_argument("--year", type=int, help="of a file with several, the release of this year alone")
    taking.add_argument("--release", help="name of the release, where it is not to be the publisher's and year's")
    taking.add_argument("--dry-run", action="store_true", help="say what would be, and take nothing in")
    own = commands.add_parser("import-private", help="take in factors that one location has a licence for")
    own.add_argument("file", type=Path, help="CSV in UTF-8")
    own.add_argument("--location", required=True, help="its code; they hold there and below")
    own.add_argument("--release", required=True, help="name of the release, such as iea-2025")
    own.add_argument("--publisher", required=True)
    own.add_argument("--licence", required=True, help="its name")
    own.add_argument("--licence-text", type=Path, required=True, help="file with what the licence allows")
    proposing = commands.add_parser("propose", help="name a selection of releases; it changes nothing by itself")
    proposing.add_argument("edition")
    proposing.add_argument("--releases", required=True, help="in the order in which they hold, with commas between")
    proposing.add_argument("--description", required=True)
    commands.add_parser("list", help="releases and editions")
    for command in (taking, own, proposing):
        command.add_argument("--by", default=getpass.getuser(), help="who does it, for the record: the user name")
    return parser


async def _run(asked: argparse.Namespace, url: str) -> int:
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction([asked.location] if "location" in asked else []) as tx:
            await _do(tx, asked)
            if getattr(asked, "dry_run", False):
                await tx.rollback()
                _say("Dry run: nothing was taken in.")
    finally:
        await database.close()
    return DONE


async def _do(tx: AsyncConnection, asked: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    match asked.command:
        case "import":
            taken = await take_publication(
                tx, now=now, by=asked.by, file_name=asked.file.name, content=asked.file.read_bytes(), of=asked.of,
                year=asked.year, name=asked.release,
            )  # fmt: skip
            read = taken.publication
            _say(f"{asked.file.name}: {read.figures} figures read, {read.used} used for {len(read.factors)} factors")
            _say(f"{read.figures - read.used} figures are for no category of the method, or of another year")
            for release in taken.added:
                _say(f"  {release.id}: {release.factor_count} factors added")
            for known in taken.known:
                _say(f"  {known}: there already, nothing changed")
        case "import-private":
            if await locations.place(tx, asked.location) is None:
                raise NotFound(kind="location", key=asked.location)
            own = await take_private_factors(
                tx, now=now, by=Person(subject=None, name=asked.by), location_id=asked.location, name=asked.release,
                publisher=asked.publisher, licence=asked.licence,
                licence_text=asked.licence_text.read_text(encoding="utf-8"), file_name=asked.file.name,
                content=asked.file.read_bytes(),
            )  # fmt: skip
            _say(f"{own.name}: {own.factor_count} factors, for {own.location_id} and what is under it alone")
        case "propose":
            releases = [name.strip() for name in asked.releases.split(",") if name.strip()]
            edition = await propose_factor_edition(
                tx, now=now, by=asked.by, name=asked.edition, description=asked.description, releases=releases
            )
            _say(f"{edition.id}: proposed, of {len(edition.releases)} releases. No inventory has changed.")
        case _:
            for name, known_release in (await factors.releases(tx)).items():
                _say(f"{name:<24}{known_release.factor_count:>7} factors  {known_release.document}")
            for item in await factors.editions(tx):
                state = "proposed" if item.adopted_at is None else f"adopted {item.adopted_at:%Y-%m-%d}"
                _say(f"{item.id:<24}{state:<20}{', '.join(item.releases)}")


def _say(line: str, *, to_stderr: bool = False) -> None:
    print(line, file=sys.stderr if to_stderr else sys.stdout)
