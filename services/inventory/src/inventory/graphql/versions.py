"""GraphQL types of versions: what a version corrects, and what was done to single lines of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory.domain import correction, inventory
from inventory.store import corrections, inventories

if TYPE_CHECKING:
    from inventory.graphql.types import Inventory

__all__ = ["InventoryVersions", "RecordCorrection"]


@strawberry.type(description="A line that is not there any more, as it was.")
class ReplacedRecord:
    item: str
    period_start: date
    period_end: date
    amount: Quantity
    quality: str
    note: str | None

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Self:
        return cls(
            item=line["item"],
            period_start=date.fromisoformat(line["period_start"]),
            period_end=date.fromisoformat(line["period_end"]),
            amount=Quantity.of(Decimal(str(line["amount"])), line["unit"]),
            quality=line["quality"],
            note=line["note"],
        )


@strawberry.type(description="One line of a draft that was changed, removed or added, and why.")
class RecordCorrection:
    id: strawberry.ID
    action: str = strawberry.field(description="changed, removed or added.")
    location_id: strawberry.ID = strawberry.field(description="The line's site.")
    category: str
    record_id: strawberry.ID | None = strawberry.field(description="The line that is there now.")
    replaced: ReplacedRecord | None = strawberry.field(description="The line that was there.")
    reason: str
    corrected_by: str
    corrected_at: datetime

    @classmethod
    def of(cls, found: correction.RecordCorrection) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            action=found.action.value,
            location_id=strawberry.ID(found.location_id),
            category=found.category,
            record_id=None if found.record_id is None else strawberry.ID(str(found.record_id)),
            replaced=None if found.replaced is None else ReplacedRecord.of(found.replaced),
            reason=found.reason,
            corrected_by=found.by.name,
            corrected_at=found.at,
        )


@strawberry.type
class InventoryVersions:
    """Fields of an inventory about the versions before and after it."""

    id: strawberry.ID
    correction: strawberry.Private[inventory.Correction | None]

    @strawberry.field(description="error or method; null for a first version.")
    def correction_cause(self) -> str | None:
        return None if self.correction is None else self.correction.cause.value

    @strawberry.field(description="Why this version follows the one before it.")
    def correction_reason(self) -> str | None:
        return None if self.correction is None else self.correction.reason

    @strawberry.field(description="The version that this one takes the place of; it stays as it is.")
    async def corrects(self, info: Info) -> Annotated["Inventory", strawberry.lazy("inventory.graphql.types")] | None:
        if self.correction is None:
            return None
        found = await info.context.loader("inventory", inventories.by_ids).load(self.correction.corrects_id)
        return None if found is None else _inventory().of(found)

    @strawberry.field(description="The version that takes the place of this one, if it is one that you may see.")
    async def corrected_by(
        self, info: Info
    ) -> Annotated["Inventory", strawberry.lazy("inventory.graphql.types")] | None:
        found = await info.context.loader("corrections of inventory", inventories.corrections_of).load(str(self.id))
        return None if found is None else _inventory().of(found)

    @strawberry.field(
        description="What was done to single lines of this version. Those of fuel are for readers of sensitive data."
    )
    async def record_corrections(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[RecordCorrection]:
        async def load(limit: int, after: str | None) -> Sequence[correction.RecordCorrection]:
            async with info.context.reading() as tx:
                return await corrections.page(tx, inventory_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=RecordCorrection.of, cursor=lambda row: row.id)


def _inventory() -> "type[Inventory]":
    """The type that has these fields: it names this module, which can't name it before."""
    from inventory.graphql.types import Inventory  # noqa: PLC0415

    return Inventory
