"""GraphQL types of base years."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Quantity
from inventory import usecases
from inventory.domain import base_year
from inventory.domain.method import CO2E_UNIT
from inventory.store import base_years

__all__ = ["BaseYear", "BaseYearProposal", "LocationBaseYears", "Recalculation"]


@strawberry.type
class CategoryAmount:
    category: str
    co2e: Quantity


def _amounts(kg: Mapping[str, Decimal]) -> list[CategoryAmount]:
    return [CategoryAmount(category=name, co2e=Quantity.of(value, CO2E_UNIT)) for name, value in sorted(kg.items())]


@strawberry.type(description="What one thing that happened would change of a base year.")
class RecalculationEffect:
    trigger: str = strawberry.field(description="structural, method or error.")
    cause_id: strawberry.ID = strawberry.field(description="The inventory version, or the location that changed.")
    what: str
    by_category: list[CategoryAmount]


@strawberry.type(description="What a base year would become. Nothing is changed by asking.")
class Recalculation:
    effects: list[RecalculationEffect]
    total: Quantity
    by_category: list[CategoryAmount]
    share: Quantity | None = strawberry.field(description="Cumulative effect, of the base year.")
    is_over_threshold: bool
    missing: list[strawberry.ID] = strawberry.field(
        description="Locations that came in, were there in the base year, and have no final inventory of it."
    )
    organic: list[strawberry.ID] = strawberry.field(
        description="Locations that came in and opened after the base year: growth, which changes nothing."
    )

    @classmethod
    def of(cls, found: base_year.Simulation) -> Self:
        return cls(
            effects=[
                RecalculationEffect(
                    trigger=item.trigger.value,
                    cause_id=strawberry.ID(item.cause_id),
                    what=item.what,
                    by_category=_amounts(item.co2e_kg_by_category),
                )
                for item in found.effects
            ],
            total=Quantity.of(found.co2e_kg, CO2E_UNIT),
            by_category=_amounts(found.co2e_kg_by_category),
            share=_percent(found.share_percent),
            is_over_threshold=found.is_over_threshold,
            missing=[strawberry.ID(code) for code in found.missing],
            organic=[strawberry.ID(code) for code in found.organic],
        )


def _percent(value: Decimal | None) -> Quantity | None:
    return None if value is None else Quantity.of(value, "percent")


@strawberry.type(description="To recalculate a base year, or not to: put to a second person.")
class BaseYearProposal:
    id: strawberry.ID
    recalculate: bool
    share: Quantity | None
    by_category: list[CategoryAmount] = strawberry.field(description="As it would be.")
    reason: str
    proposed_by: str
    proposed_at: datetime
    approved: bool | None = strawberry.field(description="Null while it is not decided.")
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None

    @classmethod
    def of(cls, found: base_year.Proposal) -> Self:
        decision = found.decision
        return cls(
            id=strawberry.ID(found.id),
            recalculate=found.recalculate,
            share=_percent(found.share_percent),
            by_category=_amounts(found.co2e_kg_by_category),
            reason=found.reason,
            proposed_by=found.by.name,
            proposed_at=found.at,
            approved=None if decision is None else decision.approved,
            decided_by=None if decision is None else decision.by.name,
            decided_at=None if decision is None else decision.at,
            decision_reason=None if decision is None else decision.reason,
        )


@strawberry.type(description="What a location measures its changes from, in one version.")
class BaseYear:
    id: strawberry.ID
    number: int
    year: int
    target_id: strawberry.ID | None
    inventory_id: strawberry.ID = strawberry.field(description="The version of the inventory that it rests on.")
    total: Quantity
    by_category: list[CategoryAmount]
    threshold: Quantity = strawberry.field(description="Cumulative effect over which it is recalculated.")
    reason: str
    set_by: str
    set_at: datetime

    @classmethod
    def of(cls, found: base_year.BaseYear) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            number=found.number,
            year=found.year,
            target_id=None if found.target_id is None else strawberry.ID(found.target_id),
            inventory_id=strawberry.ID(found.inventory_id),
            total=Quantity.of(found.co2e_kg, CO2E_UNIT),
            by_category=_amounts(found.co2e_kg_by_category),
            threshold=Quantity.of(found.threshold_percent, "percent"),
            reason=found.reason,
            set_by=found.set_by.name,
            set_at=found.set_at,
        )

    @strawberry.field(description="What was proposed on this version, oldest first.")
    async def proposals(self, info: Info) -> list[BaseYearProposal]:
        found: Sequence[base_year.Proposal] = await info.context.loader("proposals", base_years.proposals_of).load(
            str(self.id)
        )
        return [BaseYearProposal.of(item) for item in found]


@strawberry.type
class LocationBaseYears:
    """Fields of a location about what it measures its changes from."""

    id: strawberry.ID

    @strawberry.field(description="Every version of the base year, newest first: of a target, or the location's own.")
    async def base_years(self, info: Info, target_id: strawberry.ID | None = None) -> list[BaseYear]:
        async with info.context.reading() as tx:
            found = await base_years.history(tx, location_id=str(self.id), target_id=target_id)
        return [BaseYear.of(item) for item in found]

    @strawberry.field(
        description="What the base year would become by all that has happened since, as far as you may see it."
    )
    async def recalculation(self, info: Info, target_id: strawberry.ID | None = None) -> Recalculation | None:
        async with info.context.reading() as tx:
            found = await usecases.simulate_recalculation(tx, location_id=str(self.id), target_id=target_id)
        return None if found is None else Recalculation.of(found)
