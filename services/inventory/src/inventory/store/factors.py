"""SQL of emission factors: releases, and editions of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category
from inventory.domain.emission_factor import Catalogue, EmissionFactor
from inventory.domain.errors import FactorEditionUnknown
from inventory.domain.factor_release import FactorEdition, FactorRelease
from inventory.tables import (
    emission_factor,
    factor_edition,
    factor_edition_adoption,
    factor_edition_release,
    factor_release,
    private_factor,
)
from quantities import Unit

__all__ = [
    "add_edition",
    "add_release",
    "adopted_edition",
    "by_release_and_id",
    "catalogue_of",
    "edition",
    "editions",
    "factor_in",
    "factors_of",
    "page",
    "releases",
    "values_of",
]

_CATALOGUES_MAX = 8
_CATALOGUES: dict[str, Catalogue] = {}
"""By name and content of the edition: neither it nor its releases ever change, so what was read once holds."""


async def adopted_edition(tx: AsyncConnection) -> str:
    """Name of the edition that new inventories are of: the one adopted last. There is one."""
    newest = await tx.execute(
        select(factor_edition_adoption.c.edition_id)
        .order_by(factor_edition_adoption.c.adopted_at.desc(), factor_edition_adoption.c.edition_id.desc())
        .limit(1)
    )
    return str(newest.scalar_one())


async def catalogue_of(tx: AsyncConnection, edition: str) -> Catalogue:
    """Every factor of an edition. Refuses: FactorEditionUnknown."""
    content_hash = await tx.scalar(select(factor_edition.c.content_hash).where(factor_edition.c.id == edition))
    if content_hash is None:
        raise _unknown(edition)
    known = f"{edition} {content_hash}"
    if known not in _CATALOGUES:
        read = await _read(tx, edition)
        while len(_CATALOGUES) >= _CATALOGUES_MAX:
            del _CATALOGUES[next(iter(_CATALOGUES))]
        _CATALOGUES[known] = read
    return _CATALOGUES[known]


async def _read(tx: AsyncConnection, edition: str) -> Catalogue:
    listed = (
        await tx.scalars(
            select(factor_edition_release.c.release_id)
            .where(factor_edition_release.c.edition_id == edition)
            .order_by(factor_edition_release.c.rank)
        )
    ).all()
    return Catalogue.of(await factors_of(tx, listed), edition=edition, releases=listed)


async def by_release_and_id(tx: AsyncConnection, keys: Sequence[tuple[str, str]]) -> Sequence[EmissionFactor | None]:
    """Each factor by its release and id, None for one that is not there or not for the caller; private ones too."""
    ids = {key for _, key in keys}
    public = await tx.execute(select(emission_factor).where(emission_factor.c.id.in_(ids)))
    found = {(row.release_id, row.id): factor_in(row) for row in public}
    if not found.keys() >= set(keys):
        private = await tx.execute(select(private_factor).where(private_factor.c.id.in_(ids)))
        found |= {(row.release_id, row.id): factor_in(row, private_to=row.location_id) for row in private}
    return [found.get(key) for key in keys]


async def page(
    tx: AsyncConnection, *, edition: str | None, category: str | None, limit: int, after: str | None
) -> Sequence[EmissionFactor]:
    """Factors of an edition by id; of the adopted one where none is named, none of one that is not there."""
    chosen = select(factor_edition_release.c.release_id).where(
        factor_edition_release.c.edition_id == (await adopted_edition(tx) if edition is None else edition)
    )
    statement = (
        select(emission_factor)
        .where(emission_factor.c.release_id.in_(chosen))
        .order_by(emission_factor.c.id)
        .limit(limit)
    )
    if category is not None:
        statement = statement.where(emission_factor.c.category == category)
    if after is not None:
        statement = statement.where(emission_factor.c.id > after)
    return [factor_in(row) for row in await tx.execute(statement)]


async def releases(tx: AsyncConnection) -> Mapping[str, FactorRelease]:
    """Every release by its name."""
    rows = await tx.execute(select(factor_release).order_by(factor_release.c.id))
    return {row.id: FactorRelease(**row._mapping) for row in rows}  # noqa: SLF001 - a row's documented mapping


async def factors_of(tx: AsyncConnection, release_ids: Sequence[str]) -> Sequence[EmissionFactor]:
    """Every factor of these releases, by id."""
    rows = await tx.execute(
        select(emission_factor).where(emission_factor.c.release_id.in_(release_ids)).order_by(emission_factor.c.id)
    )
    return [factor_in(row) for row in rows]


async def add_release(tx: AsyncConnection, new: FactorRelease, factors: Sequence[EmissionFactor]) -> None:
    """A release with all of its factors: the database takes it in whole or not at all."""
    await tx.execute(insert(factor_release).values(**asdict(new)))
    await tx.execute(_ADD_FACTORS, {"rows": orjson.dumps([values_of(factor) for factor in factors]).decode()})


_ADD_FACTORS = text(
    "INSERT INTO emission_factor SELECT f.*"
    " FROM jsonb_populate_recordset(NULL::emission_factor, CAST(:rows AS jsonb)) AS f"
)


def values_of(factor: EmissionFactor) -> dict[str, Any]:
    """A factor as a row; numbers as text, so that none becomes a float on the way."""
    percent = factor.uncertainty_percent
    return {
        "id": factor.id,
        "release_id": factor.release,
        "category": factor.category.value,
        "key": factor.key,
        "place": factor.place,
        "valid_from": factor.valid_from.isoformat(),
        "valid_to": factor.valid_to.isoformat(),
        "unit": factor.unit.value,
        "kg_by_gas": {gas: format(kg, "f") for gas, kg in factor.kg_by_gas.items()},
        "co2e_kg": None if factor.co2e_kg is None else format(factor.co2e_kg, "f"),
        "gwp_set": factor.gwp_set,
        "biogenic_co2_kg": format(factor.biogenic_co2_kg, "f"),
        "uncertainty_percent": None if percent is None else format(percent, "f"),
        "published_as": factor.published_as,
        "publisher": factor.publisher,
        "document": factor.document,
        "document_table": factor.table,
        "year": factor.year,
        "licence": factor.licence,
        "status": factor.status,
    }


async def editions(tx: AsyncConnection) -> Sequence[FactorEdition]:
    """Every edition, in the order of proposal."""
    listed: dict[str, list[str]] = {}
    for edition_id, release_id in await tx.execute(
        select(factor_edition_release.c.edition_id, factor_edition_release.c.release_id).order_by(
            factor_edition_release.c.edition_id, factor_edition_release.c.rank
        )
    ):
        listed.setdefault(edition_id, []).append(release_id)
    rows = await tx.execute(
        select(factor_edition, factor_edition_adoption.c.adopted_at)
        .outerjoin(factor_edition_adoption, factor_edition_adoption.c.edition_id == factor_edition.c.id)
        .order_by(factor_edition.c.proposed_at, factor_edition.c.id)
    )
    return [
        FactorEdition(
            id=row.id,
            description=row.description,
            releases=tuple(listed.get(row.id, ())),
            content_hash=row.content_hash,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            adopted_at=row.adopted_at,
        )
        for row in rows
    ]


async def edition(tx: AsyncConnection, name: str) -> FactorEdition:
    """Refuses: FactorEditionUnknown."""
    found = next((item for item in await editions(tx) if item.id == name), None)
    if found is None:
        raise _unknown(name)
    return found


async def add_edition(tx: AsyncConnection, new: FactorEdition) -> None:
    await tx.execute(
        insert(factor_edition).values(
            id=new.id,
            description=new.description,
            content_hash=new.content_hash,
            release_count=len(new.releases),
            proposed_by=new.proposed_by,
            proposed_at=new.proposed_at,
        )
    )
    await tx.execute(
        text(
            "INSERT INTO factor_edition_release SELECT :id, rank, release"
            " FROM unnest(CAST(:releases AS text[])) WITH ORDINALITY AS r (release, rank)"
        ),
        {"id": new.id, "releases": list(new.releases)},
    )


def _unknown(name: str) -> FactorEditionUnknown:
    return FactorEditionUnknown(
        subject="edition of factors",
        found=name,
        expected="an edition that was proposed",
        message=f"There is no edition '{name}' of emission factors.",
    )


def factor_in(row: Row[*tuple[Any, ...]], *, private_to: str | None = None) -> EmissionFactor:
    """The factor in a row of either table."""
    return EmissionFactor(
        id=row.id,
        release=row.release_id,
        category=Category(row.category),
        key=row.key,
        place=row.place,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        unit=Unit(row.unit),
        kg_by_gas=_masses(row.kg_by_gas),
        co2e_kg=row.co2e_kg,
        gwp_set=row.gwp_set,
        biogenic_co2_kg=row.biogenic_co2_kg,
        uncertainty_percent=row.uncertainty_percent,
        published_as=row.published_as,
        publisher=row.publisher,
        document=row.document,
        table=row.document_table,
        year=row.year,
        licence=row.licence,
        status=row.status,
        private_to=private_to,
    )


def _masses(kg_by_gas: Mapping[str, str]) -> Mapping[str, Decimal]:
    # JSON sorts keys by length and letter; the order that publishers state gases in is ours everywhere.
    order: Sequence[str] = ("CO2", "CH4", "N2O")
    known = [gas for gas in order if gas in kg_by_gas]
    others = [gas for gas in kg_by_gas if gas not in order]
    return MappingProxyType({gas: Decimal(kg_by_gas[gas]) for gas in (*known, *others)})
