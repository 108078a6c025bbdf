"""Releases and editions of emission factors: what the operator takes in and selects."""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import StringIO

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.refusals import NotFound
from inventory import catalogue
from inventory.domain.activity_data import Category, Period
from inventory.domain.emission_factor import Catalogue, LookUp, Place
from inventory.domain.errors import BadWorkbook, CategoryUnknown
from inventory.domain.factor_release import (
    FactorEdition,
    FactorRelease,
    edition_to_propose,
    releases_to_add,
)
from inventory.domain.formula import formula_factor
from inventory.domain.method import GWP_SET_NAME
from inventory.domain.publications import Format, Publication, PublishedRow, read_publication
from inventory.domain.quantification import resolve_coefficient
from inventory.spreadsheet import require_size
from inventory.store import factors, locations, private_factors
from quantities import GwpSet, Refusal, parse_unit

__all__ = [
    "FactorAnswer",
    "PublicationTaken",
    "factor_for",
    "factors_at",
    "factors_for",
    "propose_factor_edition",
    "rows_of",
    "take_publication",
]

_FILE_BYTES_MAX = 50_000_000
_PUBLISHED = (frozenset({"activity", "value"}), frozenset({"Level 1", "GHG/Unit"}))
_HEADER_WITHIN = 50
"""Lines in which a publication comes to its header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAnswer:
    """What an activity of a location would be quantified by."""

    edition: str
    look_up: LookUp | None
    """None where the catalogue is not asked: a formula holds, or nothing is emitted."""
    explanation: str | None
    refusal: Refusal | None
    """Why a line of it would be refused."""


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
    return await _with_own(tx, await locations.places_under(tx, path), edition=edition)


async def factors_at(
    tx: AsyncConnection, location_ids: Collection[str], *, edition: str
) -> tuple[Catalogue, dict[str, Place]]:
    """What may be chosen for these locations, and where each of them is, by code. Refuses: FactorEditionUnknown."""
    # open: as above
    return await _with_own(tx, await locations.places_of(tx, sorted(location_ids)), edition=edition)


async def _with_own(
    tx: AsyncConnection, found: Mapping[str, tuple[str | None, str | None]], *, edition: str
) -> tuple[Catalogue, dict[str, Place]]:
    """With the factors of entities' own, as far as row security shows them."""
    chosen = await factors.catalogue_of(tx, edition)
    entities = await private_factors.entities_of(tx, list(found))
    if entities:
        owners = {entity for nearest_first in entities.values() for entity in nearest_first}
        chosen = chosen.with_private(await private_factors.factors_of(tx, sorted(owners)))
    return chosen, {
        code: Place(country=country, grid=grid, region=catalogue.region_of(country), entities=entities.get(code, ()))
        for code, (country, grid) in found.items()
    }


async def factor_for(
    tx: AsyncConnection, *, category: str, key: str, unit: str, location_id: str, on: date, edition: str | None
) -> FactorAnswer:
    """The factor for an activity of a location on a day, by an edition or the adopted one, and the way to it.

    Refuses: NotFound for a location that the register does not have; FactorEditionUnknown; CategoryUnknown; as
    `parse_unit`.
    """
    # open: the catalogue is for everyone, and an entity's own factors for those whom row security shows them to
    other = await factors.adopted_edition(tx) if edition is None else edition
    chosen, places = await factors_at(tx, [location_id], edition=other)
    if location_id not in places:
        raise NotFound(kind="location", key=location_id)
    if category not in set(Category):
        raise CategoryUnknown(
            subject="category",
            found=category,
            expected=", ".join(Category),
            message=f"There is no category '{category}'; there are {', '.join(Category)}.",
        )
    of, asked_unit, place = Category(category), parse_unit(unit), places[location_id]
    period = Period(start=on, end=on + timedelta(days=1))
    gwp_set = GwpSet.named(GWP_SET_NAME)
    look_up, explanation, refused = None, None, None
    try:
        if not of.is_without_emission and formula_factor(category=of, key=key, gwp_set=gwp_set) is None:
            look_up = chosen.look_up(category=of, key=key, unit=asked_unit, place=place, period=period)
        found = resolve_coefficient(
            category=of, key=key, unit=asked_unit, place=place, period=period, catalogue=chosen, gwp_set=gwp_set
        )
        explanation = None if found is None else found.explanation
    except Refusal as refusal:
        refused = refusal
    return FactorAnswer(edition=other, look_up=look_up, explanation=explanation, refusal=refused)


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
    publication = read_publication(rows_of(content), of=of, year=year)
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


def rows_of(content: bytes, *, headers: frozenset[str] | None = None) -> Iterator[PublishedRow]:
    """Rows of a CSV file below the line that has these columns, or those of a publication.

    What a publication has below no header is its own matter; in a file of these columns it is refused.

    Refuses, in this order, as far as it is read: FileTooLarge, BadWorkbook.
    """
    require_size(content, most=_FILE_BYTES_MAX)
    try:
        # Not splitlines(), which also ends a line at what is a character of a cell, such as U+2028.
        lines = list(StringIO(content.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        raise _bad("it is not text in UTF-8") from error
    header = next(
        (
            number
            for number, line in enumerate(lines[:_HEADER_WITHIN])
            if any(wanted <= _cells(line) for wanted in ((headers,) if headers else _PUBLISHED))
        ),
        None,
    )
    if header is None:
        raise _bad("no line names its columns")
    reader = csv.DictReader(lines[header:], strict=True)
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        for row in reader:
            cells = {column: value or "" for column, value in row.items() if column}
            stray = [*(row.get(None) or ()), row.get("") or ""]
            if headers and any(cell.strip() for cell in stray):
                raise _bad(f"line {header + reader.line_num}: a cell stands below no header")
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
        expected="CSV in UTF-8, with a line that names its columns",
        message=f"The file can't be read: {found}.",
    )
