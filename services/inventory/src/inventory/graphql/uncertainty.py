"""GraphQL types of uncertainty: of a line, of an inventory part by part, and what is stated."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory import usecases
from inventory.domain import uncertainty as domain
from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.method import CO2E_UNIT
from inventory.store import uncertainties
from inventory.store.records import EmissionRow, RecordRow
from inventory.uncertainty.simulation import simulated_apart

__all__ = ["EmissionUncertainty", "InventoryUncertainties", "UncertaintyStatement"]


@strawberry.type(description="An uncertainty stated for lines, or for a factor, of an inventory.")
class UncertaintyStatement:
    id: strawberry.ID
    inventory_id: strawberry.ID = strawberry.field(
        description="The version it was stated for; it holds for those that correct it too."
    )
    category: str | None
    quality: str | None
    factor_id: str | None = strawberry.field(description="Null where it is of lines.")
    percent: Quantity = strawberry.field(description="Half the width of the 95 % interval.")
    reason: str
    stated_by: str
    stated_at: datetime

    @classmethod
    def of(cls, found: domain.UncertaintyStatement) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            inventory_id=strawberry.ID(found.inventory_id),
            category=None if found.category is None else found.category.value,
            quality=None if found.quality is None else found.quality.value,
            factor_id=found.factor_id,
            percent=_percent(found.percent),
            reason=found.reason,
            stated_by=found.by.name,
            stated_at=found.at,
        )


@strawberry.type(description="How well an amount or its factor is known, and who says so.")
class UncertaintySource:
    of: str = strawberry.field(description="activity or factor.")
    percent: Quantity = strawberry.field(description="Half the width of the 95 % interval.")
    source: str = strawberry.field(description="record, statement or publisher.")
    statement: UncertaintyStatement | None

    @classmethod
    def of_percent(cls, found: domain.Percent, *, of: str) -> Self:
        return cls(
            of=of,
            percent=_percent(found.percent),
            source=found.source.value,
            statement=None if found.statement is None else UncertaintyStatement.of(found.statement),
        )


@strawberry.type(description="95 % interval of the emissions of a line (IPCC 2006, volume 1, chapter 3, equation 3.1).")
class EmissionUncertainty:
    percent: Quantity | None = strawberry.field(
        description="Half its width; null where the amount's percent or the factor's is stated by nobody."
    )
    lower: Quantity | None
    upper: Quantity | None
    parts: list[UncertaintySource] = strawberry.field(description="What is stated, of the amount and of the factor.")

    @classmethod
    async def of(cls, info: Info, row: RecordRow, emission: EmissionRow) -> Self:
        stated: domain.StatedPercents = await info.context.loader("stated percents", usecases.stated_percents_of).load(
            row.inventory_id
        )
        found = domain.LineUncertainty(
            activity=stated.of_activity(
                category=Category(row.category), quality=DataQuality(row.quality), own=row.uncertainty_percent
            ),
            factor=stated.of_factor(emission.factor_id, published=emission.factor_uncertainty_percent),
        )
        bounds = found.bounds(emission.co2e_kg)
        parts = (("activity", found.activity), ("factor", found.factor))
        return cls(
            percent=None if found.percent is None else _percent(found.percent),
            lower=None if bounds is None else Quantity.of(bounds[0], CO2E_UNIT),
            upper=None if bounds is None else Quantity.of(bounds[1], CO2E_UNIT),
            parts=[UncertaintySource.of_percent(part, of=of) for of, part in parts if part is not None],
        )


@strawberry.type(description="A 95 % interval of the lines whose amount and factor both have a percent.")
class UncertaintyInterval:
    covered: Quantity = strawberry.field(description="Emissions of these lines: the middle of the interval.")
    lower: Quantity
    upper: Quantity
    percent: Quantity = strawberry.field(description="Half its width, of what is covered.")
    covered_percent: Quantity = strawberry.field(description="What is covered, of all emissions of the part.")

    @classmethod
    def of(cls, found: domain.Interval) -> Self:
        return cls(
            covered=Quantity.of(found.co2e_kg, CO2E_UNIT),
            lower=Quantity.of(found.low_kg, CO2E_UNIT),
            upper=Quantity.of(found.high_kg, CO2E_UNIT),
            percent=_percent(found.percent),
            covered_percent=_percent(found.covered_percent),
        )


@strawberry.type(description="The interval of a part of an inventory, or why there is none.")
class PartUncertainty:
    scope: int | None = strawberry.field(description="Null for the total.")
    category: str | None
    optional: bool = strawberry.field(description="Outside the minimum boundary, apart from the total.")
    covered_percent: Quantity | None = strawberry.field(
        description="Share of the part whose lines and factors have stated uncertainties; null where it is not for you."
    )
    covered: Quantity | None = strawberry.field(description="Emissions of these: the middle of the interval.")
    lower: Quantity | None
    upper: Quantity | None
    percent: Quantity | None = strawberry.field(description="Half its width, of what is covered.")
    gap: str | None = strawberry.field(
        description="Why there is no interval: not_stated, no_emissions or records_not_shown."
    )

    @classmethod
    def of(cls, found: domain.PartUncertainty) -> Self:
        interval = found.interval
        return cls(
            scope=found.part.scope,
            category=None if found.part.category is None else found.part.category.value,
            optional=found.part.is_optional,
            covered_percent=None if found.covered_percent is None else _percent(found.covered_percent),
            covered=None if interval is None else Quantity.of(interval.co2e_kg, CO2E_UNIT),
            lower=None if interval is None else Quantity.of(interval.low_kg, CO2E_UNIT),
            upper=None if interval is None else Quantity.of(interval.high_kg, CO2E_UNIT),
            percent=None if interval is None else _percent(interval.percent),
            gap=None if found.gap is None else found.gap.value,
        )


@strawberry.type(
    description="How well the inventory is known. Errors of amounts are independent; those of a factor are one."
)
class InventoryUncertainty:
    inventory_id: strawberry.Private[str]
    method: str = strawberry.field(
        description="IPCC_2006_APPROACH_1: error propagation, with lines of one factor summed before its percent."
    )
    total: PartUncertainty | None = strawberry.field(description="Null without records of the minimum boundary.")
    by_scope: list[PartUncertainty]
    by_category: list[PartUncertainty]

    @classmethod
    def of(cls, inventory_id: str, found: Sequence[domain.PartUncertainty]) -> Self:
        return cls(
            inventory_id=inventory_id,
            method=domain.APPROACH_1,
            total=next((PartUncertainty.of(item) for item in found if item.part == domain.Part()), None),
            by_scope=[PartUncertainty.of(item) for item in found if item.part.scope and item.part.category is None],
            by_category=[PartUncertainty.of(item) for item in found if item.part.category is not None],
        )

    @strawberry.field(
        description="The total's interval by simulation (IPCC 2006 approach 2), from 1000 to 20000 draws; the same seed"
        " gives the same. Null where nothing is stated, or where you may not see every record."
    )
    async def simulation(self, info: Info, draws: int = 10_000, seed: int = 1) -> UncertaintyInterval | None:
        domain.require_simulation(draws=draws, seed=seed)
        async with info.context.reading() as tx:
            found = await usecases.factor_groups(tx, self.inventory_id)
        if found is None:
            return None
        groups, all_co2e_kg = found
        interval = await simulated_apart(groups, all_co2e_kg=all_co2e_kg, draws=draws, seed=seed)
        return None if interval is None else UncertaintyInterval.of(interval)


@strawberry.type
class InventoryUncertainties:
    """Fields of an inventory about how well it is known."""

    id: strawberry.ID

    @strawberry.field(
        description="95 % intervals of the total, the scopes and the categories; of a final version, as they were then."
    )
    async def uncertainty(self, info: Info) -> InventoryUncertainty | None:
        found: Sequence[domain.PartUncertainty] | None = await info.context.loader(
            "uncertainty", usecases.uncertainty_of
        ).load(str(self.id))
        return None if found is None else InventoryUncertainty.of(str(self.id), found)

    @strawberry.field(
        description="What was stated for this version and for those that it corrects, oldest first; the newest for the"
        " same lines or factor holds."
    )
    async def uncertainty_statements(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[UncertaintyStatement]:
        async def load(limit: int, after: str | None) -> Sequence[domain.UncertaintyStatement]:
            async with info.context.reading() as tx:
                return await uncertainties.page(tx, inventory_id=str(self.id), limit=limit, after=after)

        return await page_of(
            first=first, after=after, load=load, node=UncertaintyStatement.of, cursor=lambda row: row.id
        )


def _percent(value: Decimal) -> Quantity:
    return Quantity.of(value, "percent")
