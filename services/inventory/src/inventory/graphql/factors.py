"""GraphQL types of emission factors."""

from datetime import date
from decimal import Decimal
from typing import Self

import strawberry

from inventory.domain import emission_factor
from inventory.graphql.records import GasMass, masses

__all__ = ["EmissionFactor"]


@strawberry.type(description="A factor of the catalogue, as one publisher gave it for one place and time.")
class EmissionFactor:
    id: strawberry.ID
    release: str
    category: str
    key: str
    place: str
    valid_from: date
    valid_to: date
    unit: str
    published_as: str
    publisher: str
    document: str
    table: str
    licence: str
    status: str
    co2e_kg: Decimal | None = strawberry.field(description="Per unit, as published; null where gases alone are given.")
    gwp_set: str | None = strawberry.field(description="Behind the published CO2e.")
    by_gas: list[GasMass] = strawberry.field(description="Per unit; empty where CO2e alone is given.")
    biogenic_co2_kg: Decimal = strawberry.field(description="Per unit, beside the total.")
    private_to: strawberry.ID | None = strawberry.field(description="The location whose own it is; null for all.")
    uncertainty_percent: Decimal | None = strawberry.field(
        description="Half of the 95 % interval, where the publisher gives one."
    )

    @classmethod
    def of(cls, found: emission_factor.EmissionFactor) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            release=found.release,
            category=found.category.value,
            key=found.key,
            place=found.place,
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            unit=found.unit.value,
            published_as=found.published_as,
            publisher=found.publisher,
            document=found.document,
            table=found.table,
            licence=found.licence,
            status=found.status,
            co2e_kg=found.co2e_kg,
            gwp_set=found.gwp_set,
            by_gas=masses(dict(found.kg_by_gas)),
            biogenic_co2_kg=found.biogenic_co2_kg,
            private_to=None if found.private_to is None else strawberry.ID(found.private_to),
            uncertainty_percent=found.uncertainty_percent,
        )
