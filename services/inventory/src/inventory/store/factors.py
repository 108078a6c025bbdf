"""SQL of emission factors: releases, and editions of them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category
from inventory.domain.emission_factor import Catalogue, EmissionFactor
from inventory.domain.errors import FactorEditionUnknown
from inventory.tables import emission_factor, factor_edition, factor_edition_adoption, factor_edition_release
from quantities import Unit

__all__ = ["adopted_edition", "catalogue_of", "page"]

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
        raise FactorEditionUnknown(
            subject="edition of factors",
            found=edition,
            expected="an edition that was proposed",
            message=f"There is no edition '{edition}' of emission factors.",
        )
    known = f"{edition} {content_hash}"
    if known not in _CATALOGUES:
        read = await _read(tx, edition)
        while len(_CATALOGUES) >= _CATALOGUES_MAX:
            del _CATALOGUES[next(iter(_CATALOGUES))]
        _CATALOGUES[known] = read
    return _CATALOGUES[known]


async def _read(tx: AsyncConnection, edition: str) -> Catalogue:
    releases = (
        await tx.scalars(
            select(factor_edition_release.c.release_id)
            .where(factor_edition_release.c.edition_id == edition)
            .order_by(factor_edition_release.c.rank)
        )
    ).all()
    rows = await tx.execute(
        select(emission_factor).where(emission_factor.c.release_id.in_(releases)).order_by(emission_factor.c.id)
    )
    return Catalogue.of([_factor(row) for row in rows], edition=edition, releases=releases)


async def page(
    tx: AsyncConnection, *, edition: str | None, category: str | None, limit: int, after: str | None
) -> Sequence[EmissionFactor]:
    """Factors of an edition by id; of the adopted one where none is named, none of one that is not there."""
    releases = select(factor_edition_release.c.release_id).where(
        factor_edition_release.c.edition_id == (await adopted_edition(tx) if edition is None else edition)
    )
    statement = (
        select(emission_factor)
        .where(emission_factor.c.release_id.in_(releases))
        .order_by(emission_factor.c.id)
        .limit(limit)
    )
    if category is not None:
        statement = statement.where(emission_factor.c.category == category)
    if after is not None:
        statement = statement.where(emission_factor.c.id > after)
    return [_factor(row) for row in await tx.execute(statement)]


def _factor(row: Row[*tuple[Any, ...]]) -> EmissionFactor:
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
    )


def _masses(kg_by_gas: Mapping[str, str]) -> Mapping[str, Decimal]:
    # JSON sorts keys by length and letter; the order that publishers state gases in is ours everywhere.
    order: Sequence[str] = ("CO2", "CH4", "N2O")
    known = [gas for gas in order if gas in kg_by_gas]
    others = [gas for gas in kg_by_gas if gas not in order]
    return MappingProxyType({gas: Decimal(kg_by_gas[gas]) for gas in (*known, *others)})
