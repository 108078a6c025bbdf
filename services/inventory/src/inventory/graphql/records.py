"""GraphQL types of activity records and their emissions."""

from datetime import date
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Quantity
from inventory.domain.method import CO2E_UNIT
from inventory.graphql.premises import TakenShare
from inventory.graphql.uncertainty import EmissionUncertainty
from inventory.store import records, taken_shares

__all__ = ["ActivityRecord", "Emission", "GasMass", "masses"]


CO2E = "CO2e"


@strawberry.type
class GasMass:
    gas: str = strawberry.field(description="CO2e where the factor's publisher does not split by gas.")
    mass: Quantity


def masses(kg_by_gas: dict[str, Decimal]) -> list[GasMass]:
    return [
        GasMass(gas=gas, mass=Quantity.of(kg, CO2E_UNIT if gas == CO2E else "kg"))
        for gas, kg in sorted(kg_by_gas.items())
    ]


@strawberry.type(description="Emissions of one record, with all that the figure is traced by.")
class Emission:
    scope: int
    optional: bool
    co2e: Quantity
    by_gas: list[GasMass]
    biogenic_co2: Quantity
    factor_id: str
    factor_release: str
    gwp_set: str
    explanation: str
    record: strawberry.Private[records.RecordRow]
    row: strawberry.Private[records.EmissionRow]

    @strawberry.field(description="Its 95 % interval, from how well the amount and the factor are known.")
    async def uncertainty(self, info: Info) -> EmissionUncertainty:
        return await EmissionUncertainty.of(info, self.record, self.row)

    @classmethod
    def of(cls, record: records.RecordRow, row: records.EmissionRow) -> Self:
        return cls(
            record=record,
            row=row,
            scope=row.scope,
            optional=row.optional,
            co2e=Quantity.of(row.co2e_kg, CO2E_UNIT),
            by_gas=masses(dict(row.kg_by_gas)),
            biogenic_co2=Quantity.of(row.biogenic_co2_kg, "kg"),
            factor_id=row.factor_id,
            factor_release=row.factor_release,
            gwp_set=row.gwp_set,
            explanation=row.explanation,
        )


@strawberry.type(description="One activity of one location in one period, as recorded.")
class ActivityRecord:
    id: strawberry.ID
    location_id: strawberry.ID
    category: str
    item: str
    period_start: date
    period_end: date = strawberry.field(description="The first day that no longer belongs to it.")
    amount: Quantity
    quality: str
    note: str | None
    sheet: str
    row: int
    emission: Emission | None

    @strawberry.field(description="What it is a share of, where it is one of shared premises.")
    async def premises_share(self, info: Info) -> TakenShare | None:
        found = await info.context.loader("share of record", taken_shares.of_records).load(int(self.id))
        return None if found is None else TakenShare.of(found)

    @classmethod
    def of(cls, row: records.RecordRow) -> Self:
        return cls(
            id=strawberry.ID(str(row.id)),
            location_id=strawberry.ID(row.location_id),
            category=row.category,
            item=row.item,
            period_start=row.period_start,
            period_end=row.period_end,
            amount=Quantity.of(row.amount, row.unit),
            quality=row.quality,
            note=row.note,
            sheet=row.sheet,
            row=row.row_number,
            emission=None if row.emission is None else Emission.of(row, row.emission),
        )
