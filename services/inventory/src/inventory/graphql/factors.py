"""GraphQL types of emission factors."""

from datetime import date
from typing import Self

import strawberry

from inventory.domain import emission_factor

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
        )
