"""Root fields of the catalogue of factors: releases, editions, the factor for an activity, and editions compared."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, Refusal, page_of
from inventory.domain import edition_adoption, emission_factor, factor_release, restatement
from inventory.domain.inventory import Inventory as InventoryVersion
from inventory.domain.method import CO2E_UNIT
from inventory.graphql.edition_adoptions import AdoptionProposal
from inventory.graphql.factors import EmissionFactor
from inventory.graphql.types import Inventory
from inventory.store import edition_adoptions, factors, inventories
from inventory.usecases.factors import FactorAnswer, factor_for
from inventory.usecases.restatements import compared_by

__all__ = ["CatalogueQuery"]


@strawberry.type(description="What one publisher published at one time. It never changes.")
class FactorRelease:
    id: strawberry.ID
    publisher: str
    document: str
    licence: str
    format: str = strawberry.field(description="Whose file it was taken from, or shipped.")
    content_hash: str = strawberry.field(description="SHA-256 of that file.")
    factor_count: int
    loaded_at: datetime

    @classmethod
    def of(cls, found: factor_release.FactorRelease) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            publisher=found.publisher,
            document=found.document,
            licence=found.licence,
            format=found.format,
            content_hash=found.content_hash,
            factor_count=found.factor_count,
            loaded_at=found.loaded_at,
        )


@strawberry.type(description="A named selection of releases. Where two answer one question, the earlier one holds.")
class FactorEdition:
    id: strawberry.ID
    edition: str = strawberry.field(description="Its name, which inventories keep.")
    description: str
    release_ids: list[strawberry.ID] = strawberry.field(description="In the order in which they hold.")
    proposed_at: datetime
    adopted_at: datetime | None = strawberry.field(
        description="From when on new inventories are of it; null while it is proposed."
    )

    @classmethod
    def of(cls, found: factor_release.FactorEdition) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            edition=found.id,
            description=found.description,
            release_ids=[strawberry.ID(release) for release in found.releases],
            proposed_at=found.proposed_at,
            adopted_at=found.adopted_at,
        )

    @strawberry.field(
        description="Proposals to adopt it, oldest first: open, approved, refused and withdrawn. For who reads over all"
        " locations; others see none."
    )
    async def adoption_proposals(self, info: Info) -> list[AdoptionProposal]:
        found: Sequence[edition_adoption.AdoptionProposal] = await info.context.loader(
            "adoption proposals", edition_adoptions.proposals_of
        ).load(str(self.id))
        return [AdoptionProposal.of(item) for item in found]


@strawberry.type(description="A place where a factor was looked for, nearest first.")
class FactorTried:
    place: str = strawberry.field(description="A grid, a country, a region, or default: anywhere.")
    outcome: str

    @classmethod
    def of(cls, step: emission_factor.Tried) -> Self:
        beside = ", ".join(other.id for other in step.passed_over)
        if step.factor is not None:
            return cls(place=step.place, outcome=f"{step.factor.id}{f', before {beside}' if beside else ''}")
        units = ", ".join(step.other_units)
        return cls(place=step.place, outcome=f"factors per {units} alone" if units else "no factor that holds then")


@strawberry.type(description="The factor for an activity, a place and a day, and the way to it.")
class FactorFor:
    edition: str
    factor: EmissionFactor | None = strawberry.field(description="Null where there is none, or a formula holds.")
    explanation: str | None
    tried: list[FactorTried]
    refusal: Refusal | None = strawberry.field(description="Why a record of it would be refused.")

    @classmethod
    def of(cls, found: FactorAnswer) -> Self:
        tried = () if found.look_up is None else found.look_up.tried
        factor = None if found.look_up is None else found.look_up.factor
        return cls(
            edition=found.edition,
            factor=None if factor is None else EmissionFactor.of(factor),
            explanation=found.explanation,
            tried=[FactorTried.of(step) for step in tried],
            refusal=None if found.refusal is None else Refusal.of(found.refusal),
        )


@strawberry.type(description="A category's CO2e as it is, and as it would be.")
class CategoryCompared:
    category: str
    optional: bool
    kept: Quantity | None
    restated: Quantity | None = strawberry.field(description="Null where a factor is missing.")

    @classmethod
    def of(cls, found: restatement.CategoryComparison) -> Self:
        return cls(
            category=found.category.value,
            optional=found.optional,
            kept=None if found.kept_co2e_kg is None else Quantity.of(found.kept_co2e_kg, CO2E_UNIT),
            restated=None if found.new_co2e_kg is None else Quantity.of(found.new_co2e_kg, CO2E_UNIT),
        )


@strawberry.type(description="A final inventory as it is, and as it would be by another edition. Nothing is stored.")
class EditionComparison:
    inventory: Inventory
    edition: str = strawberry.field(description="The other edition.")
    kept: Quantity | None = strawberry.field(description="Its total.")
    restated: Quantity | None = strawberry.field(description="Null where a factor is missing.")
    by_category: list[CategoryCompared]
    missing: list[str] = strawberry.field(description="Why records would have no factor in that edition.")

    @classmethod
    def of(cls, found: tuple[InventoryVersion, str, restatement.Comparison]) -> Self:
        version, edition, comparison = found
        return cls(
            inventory=Inventory.of(version),
            edition=edition,
            kept=None if comparison.kept_co2e_kg is None else Quantity.of(comparison.kept_co2e_kg, CO2E_UNIT),
            restated=None if comparison.new_co2e_kg is None else Quantity.of(comparison.new_co2e_kg, CO2E_UNIT),
            by_category=[CategoryCompared.of(item) for item in comparison.categories],
            missing=list(comparison.missing),
        )


Edition = Annotated[str | None, strawberry.argument(description="By default the one that new inventories are of.")]


@strawberry.type
class CatalogueQuery:
    @strawberry.field(description="Releases of emission factors, by name.")
    async def factor_releases(self, info: Info) -> list[FactorRelease]:
        async with info.context.reading() as tx:
            return [FactorRelease.of(found) for found in (await factors.releases(tx)).values()]

    @strawberry.field(description="Editions of emission factors, in the order in which they were proposed.")
    async def factor_editions(self, info: Info) -> list[FactorEdition]:
        async with info.context.reading() as tx:
            return [FactorEdition.of(found) for found in await factors.editions(tx)]

    @strawberry.field(
        description="Which factor an activity of a location would have on a day, and every place that was tried for it."
    )
    async def factor_for(
        self,
        info: Info,
        *,
        category: str,
        item: Annotated[
            str, strawberry.argument(description="By its name in the catalogue; of waste, such as food/composting.")
        ],
        unit: str,
        location_id: strawberry.ID,
        on: date,
        edition: Edition = None,
    ) -> FactorFor:
        async with info.context.reading() as tx:
            return FactorFor.of(
                await factor_for(
                    tx, category=category, key=item, unit=unit, location_id=str(location_id), on=on, edition=edition
                )
            )

    @strawberry.field(
        description="What each final inventory at a location and under it would be by another edition of factors, where"
        " you may read all of its records."
    )
    async def compare_editions(
        self,
        info: Info,
        *,
        location_id: strawberry.ID,
        first: int,
        edition: Edition = None,
        year: int | None = None,
        after: str | None = None,
    ) -> Connection[EditionComparison]:
        async def load(limit: int, after: str | None) -> Sequence[tuple[InventoryVersion, str, restatement.Comparison]]:
            async with info.context.reading() as tx:
                other = await factors.adopted_edition(tx) if edition is None else edition
                found = await inventories.newest_final_under(
                    tx, location_id=str(location_id), year=year, limit=limit, after=after
                )
                by_id = await compared_by(tx, [item.id for item in found], edition=other)
                return [(item, other, by_id[item.id]) for item in found]

        return await page_of(
            first=first, after=after, load=load, node=EditionComparison.of, cursor=lambda row: row[0].id
        )
