"""Releases and editions of emission factors: what the operator takes in, selects and puts in force."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory import catalogue
from inventory.domain.emission_factor import Catalogue, Place
from inventory.domain.errors import BadWorkbook, FileTooLarge
from inventory.domain.factor_release import (
    FactorEdition,
    FactorRelease,
    edition_to_propose,
    releases_to_add,
    require_to_adopt,
)
from inventory.domain.publications import Format, Publication, PublishedRow, read_publication
from inventory.store import factors, locations

__all__ = [
    "PublicationTaken",
    "adopt_factor_edition",
    "factors_for",
    "propose_factor_edition",
    "take_publication",
]

_FILE_BYTES_MAX = 50_000_000
_HEADER_WITHIN = 50
"""Lines in which a publication comes to its header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationTaken:
    """What became of a published file."""

    publication: Publication
    added: tuple[FactorRelease, ...]
    known: tuple[str, ...]
    """Releases of the file that were there already, from the same file."""


async def factors_for(tx: AsyncConnection, *, path: str, edition: str) -> tuple[Catalogue, dict[str, Place]]:
    """What may be chosen for the location at that path and all under it, and where each of them is, by code.

    Refuses: FactorEditionUnknown.
    """
    # open: a part of use cases that have asked for the right
    chosen = await factors.catalogue_of(tx, edition)
    under = await locations.places_under(tx, path)
    return chosen, {
        code: Place(country=country, grid=grid, region=catalogue.region_of(country))
        for code, (country, grid) in under.items()
    }


async def take_publication(
    tx: AsyncConnection,
    *,
    now: datetime,
    by: str,
    file_name: str,
    content: bytes,
    of: Format,
    year: int | None,
    name: str | None,
) -> PublicationTaken:
    """Take in a published file: each of its releases, whole, or nothing. The same file again changes nothing.

    Refuses, in this order: FileTooLarge, BadWorkbook; as `domain.factor_release.releases_to_add`.
    """
    # open: the operator's own, as the owner of the database
    content_hash = sha256(content).hexdigest()
    publication = read_publication(_rows(content), of=of, year=year)
    known = await factors.releases(tx)
    found = releases_to_add(publication, file_name=file_name, content_hash=content_hash, known=known, rename=name)
    added = []
    for release, members in found.items():
        new = FactorRelease(
            id=release,
            publisher=members[0].publisher,
            document=members[0].document,
            licence=members[0].licence,
            format=of.value,
            content_hash=content_hash,
            factor_count=len(members),
            loaded_by=by,
            loaded_at=now,
        )
        await factors.add_release(tx, new, members)
        added.append(new)
    names = publication.releases if name is None else (name,)
    return PublicationTaken(
        publication=publication,
        added=tuple(added),
        known=tuple(release for release in names if release not in found),
    )


async def propose_factor_edition(
    tx: AsyncConnection, *, now: datetime, by: str, name: str, description: str, releases: Sequence[str]
) -> FactorEdition:
    """A named selection of releases. It changes nothing: inventories keep theirs, and new ones the adopted one.

    Refuses: as `domain.factor_release.edition_to_propose`.
    """
    # open: as above
    new = edition_to_propose(
        name=name,
        description=description,
        releases=releases,
        known_editions={item.id for item in await factors.editions(tx)},
        known_releases=await factors.releases(tx),
        factors=await factors.factors_of(tx, releases),
        by=by,
        at=now,
    )
    await factors.add_edition(tx, new)
    return new


async def adopt_factor_edition(tx: AsyncConnection, *, now: datetime, by: str, name: str, reason: str) -> None:
    """Let new inventories be of this edition. Those that are there keep theirs, drafts too.

    Refuses: FactorEditionUnknown; as `domain.factor_release.require_to_adopt`.
    """
    # open: as above
    require_to_adopt(await factors.edition(tx, name), reason=reason)
    await factors.adopt(tx, name, reason=reason.strip(), by=by, at=now)


def _rows(content: bytes) -> Iterator[PublishedRow]:
    if len(content) > _FILE_BYTES_MAX:
        raise FileTooLarge(
            subject="file",
            found=f"{len(content)} bytes",
            expected=f"at most {_FILE_BYTES_MAX} bytes",
            message=f"The file has {len(content)} bytes; at most {_FILE_BYTES_MAX} can be read at once.",
        )
    try:
        lines = content.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise _bad("it is not text in UTF-8") from error
    header = next(
        (
            number
            for number, line in enumerate(lines[:_HEADER_WITHIN])
            if {"activity", "value"} <= _cells(line) or {"Level 1", "GHG/Unit"} <= _cells(line)
        ),
        None,
    )
    if header is None:
        raise _bad("no line names its columns")
    reader = csv.DictReader(lines[header:], strict=True)
    try:
        for row in reader:
            cells = {column: value or "" for column, value in row.items() if column}
            if any(cells.values()):
                yield PublishedRow(line=header + reader.line_num, cells=cells)
    except csv.Error as error:
        raise _bad(f"line {header + reader.line_num}: {error}") from error


def _cells(line: str) -> set[str]:
    return {cell.strip() for cell in next(csv.reader([line]), [])}


def _bad(found: str) -> BadWorkbook:
    return BadWorkbook(
        subject="file",
        found=found,
        expected="the publication as CSV in UTF-8, with the line that names its columns",
        message=f"The file can't be read: {found}.",
    )
