"""`python -m inventory evidence verify`: every file of evidence is there, and is what was attached."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from chassis.command import settings_of
from chassis.database import Database
from inventory.config import InventorySettings
from inventory.domain.evidence import digest
from inventory.store import evidence
from inventory.vault import Vault

__all__ = ["Findings", "main", "verify"]

SOUND, DAMAGED = 0, 1
"""Exit codes."""

FILES_AT_ONCE = 1_000
"""Rows of one statement."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a verification found."""

    files: int = 0
    """That are or were attached."""
    contents: int = 0
    """Distinct ones among them."""
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    """SHA-256 of contents that are not there."""
    damaged: list[str] = field(default_factory=list)
    """SHA-256 of contents that are others now."""
    unused: int = 0
    """Contents that no file names: of attachments that came to nothing. They hurt nobody."""

    @property
    def is_sound(self) -> bool:
        return not (self.missing or self.damaged)


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m inventory evidence")
    parser.add_argument("command", choices=("verify",), help="read every file and compare its SHA-256")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    asked = parser.parse_args(arguments)
    settings = settings_of("inventory", InventorySettings)
    found = asyncio.run(_run(settings))
    print(json.dumps(asdict(found)) if asked.output == "json" else _told(found))  # noqa: T201 - a command speaks
    return SOUND if found.is_sound else DAMAGED


async def _run(settings: InventorySettings) -> Findings:
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=1)
    try:
        return await verify(database, Vault.open(**settings.evidence), root=settings.root_location)
    finally:
        await database.close()


async def verify(database: Database, vault: Vault, *, root: str) -> Findings:
    """Read all contents, one after the other."""
    found = Findings()
    known: set[str] = set()
    after = None
    while True:
        # A transaction for each page: reading contents takes as long as it takes.
        async with database.transaction([root]) as tx:
            rows = await evidence.in_use(tx, limit=FILES_AT_ONCE, after=after)
        found.files += len(rows)
        for _, key in rows:
            if key not in known:
                known.add(key)
                await _read(key, vault=vault, found=found)
        if len(rows) < FILES_AT_ONCE:
            break
        after = rows[-1][0]
    found.contents = len(known)
    async for key in vault.stored():
        found.unused += key not in known
    return found


async def _read(key: str, *, vault: Vault, found: Findings) -> None:
    content = await vault.get(key)
    if content is None:
        found.missing.append(key)
        return
    found.bytes += len(content)
    if digest(content) != key:
        found.damaged.append(key)


def _told(found: Findings) -> str:
    lines = [
        f"{found.files} files, {found.contents} contents, {found.bytes} bytes; {found.unused} contents of no file",
        *(f"MISSING {key}" for key in found.missing),
        *(f"DAMAGED {key}" for key in found.damaged),
        "Every file is there with its hash." if found.is_sound else "Evidence is not whole.",
    ]
    return "\n".join(lines)
