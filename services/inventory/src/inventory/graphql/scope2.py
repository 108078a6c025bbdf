"""GraphQL types of scope 2: both figures side by side, and the instruments behind the market-based one."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory import usecases
from inventory.domain import instrument as domain
from inventory.domain import inventory
from inventory.domain.method import CO2E_UNIT
from inventory.domain.scope2 import Excess, MarketBased, Part
from inventory.store import instruments, inventories

__all__ = ["Instrument", "InventoryScope2"]


@strawberry.type(description="The correcting entry that took an instrument back.")
class InstrumentCancellation:
    reason: str
    cancelled_by: str
    cancelled_at: datetime


@strawberry.type(description="A contractual instrument for electricity, of a location and year.")
class Instrument:
    id: strawberry.ID
    location_id: strawberry.ID
    year: int
    kind: str = strawberry.field(description="energy_attribute_certificate, power_purchase_agreement or green_tariff.")
    market: str = strawberry.field(description="Country or grid whose electricity it is of.")
    source: str
    amount: Quantity
    co2e_per_kwh: Quantity = strawberry.field(description="The emission rate that it conveys.")
    reference: str
    redeemed_on: date
    evidence: str
    recorded_by: str
    recorded_at: datetime
    cancellation: InstrumentCancellation | None

    @classmethod
    def of(cls, found: domain.Instrument) -> Self:
        cancelled = found.cancelled
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            year=found.year,
            kind=found.kind.value,
            market=found.market,
            source=found.source,
            amount=Quantity.of(found.amount.value, found.amount.unit),
            co2e_per_kwh=Quantity.of(found.co2e_kg_per_kwh, f"{CO2E_UNIT}/kWh"),
            reference=found.reference,
            redeemed_on=found.redeemed_on,
            evidence=found.evidence,
            recorded_by=found.recorded_by.name,
            recorded_at=found.recorded_at,
            cancellation=None
            if cancelled is None
            else InstrumentCancellation(
                reason=cancelled.reason, cancelled_by=cancelled.by.name, cancelled_at=cancelled.at
            ),
        )


@strawberry.type(description="A part of a site's electricity, by the market-based method.")
class Scope2Part:
    location_id: strawberry.ID
    amount: Quantity
    co2e: Quantity
    basis: str = strawberry.field(description="instrument, residual_mix or location_based.")
    instrument_id: strawberry.ID | None
    explanation: str

    @classmethod
    def of(cls, found: Part) -> Self:
        return cls(
            location_id=strawberry.ID(found.location_id),
            amount=Quantity.of(found.kwh, "kWh"),
            co2e=Quantity.of(found.co2e_kg, CO2E_UNIT),
            basis=found.basis.value,
            instrument_id=None if found.instrument_id is None else strawberry.ID(found.instrument_id),
            explanation=found.explanation,
        )


@strawberry.type(description="What an instrument holds beyond the load of its market: it is not counted.")
class InstrumentExcess:
    instrument_id: strawberry.ID
    amount: Quantity
    explanation: str

    @classmethod
    def of(cls, found: Excess) -> Self:
        return cls(
            instrument_id=strawberry.ID(found.instrument_id),
            amount=Quantity.of(found.kwh, "kWh"),
            explanation=found.explanation,
        )


@strawberry.type(description="Scope 2 by both methods of the GHG Protocol (Scope 2 Guidance, 2015).")
class Scope2:
    location_based: Quantity = strawberry.field(description="In the total of the inventory.")
    market_based: Quantity | None = strawberry.field(
        description="Null in a version that became final before it was worked out."
    )
    total_market_based: Quantity | None = strawberry.field(
        description="The total of the inventory with the market-based figure in the other's place."
    )
    parts: list[Scope2Part] = strawberry.field(description="Electricity part by part, where you may see records.")
    excess: list[InstrumentExcess]


@strawberry.type
class InventoryScope2:
    """Fields of an inventory about scope 2."""

    id: strawberry.ID
    year: int
    state: str
    location_id: strawberry.Private[str]

    @strawberry.field(description="Null where nothing of scope 2 was recorded.")
    async def scope2(self, info: Info) -> Scope2 | None:
        totals: inventory.Totals = await info.context.loader("totals", inventories.totals_of).load(str(self.id))
        location_based = totals.co2e_kg_by_scope.get(2)
        if location_based is None:
            return None
        found: MarketBased | None = await info.context.loader("market based", usecases.market_based_of).load(
            str(self.id)
        )
        parts, excess = ((), ()) if found is None else (found.parts, found.excess)
        if found is not None and self.state != inventory.State.FINAL:
            totals = totals.with_market_based(found.co2e_kg)
        return Scope2(
            location_based=Quantity.of(location_based, CO2E_UNIT),
            market_based=_quantity(totals.scope2_market_co2e_kg),
            total_market_based=_quantity(totals.market_based_co2e_kg),
            parts=[Scope2Part.of(part) for part in parts],
            excess=[InstrumentExcess.of(item) for item in excess],
        )

    @strawberry.field(
        description="Instruments for its location and year, in the order of recording; cancelled ones too."
    )
    async def instruments(self, info: Info, first: int, after: str | None = None) -> Connection[Instrument]:
        async def load(limit: int, after: str | None) -> Sequence[domain.Instrument]:
            async with info.context.reading() as tx:
                return await instruments.page(
                    tx, location_id=self.location_id, year=self.year, limit=limit, after=after
                )

        return await page_of(first=first, after=after, load=load, node=Instrument.of, cursor=lambda row: row.id)


def _quantity(co2e_kg: Decimal | None) -> Quantity | None:
    return None if co2e_kg is None else Quantity.of(co2e_kg, CO2E_UNIT)
