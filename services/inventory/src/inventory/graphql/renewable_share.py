"""GraphQL types of the share of renewable electricity."""

from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Quantity
from inventory import usecases
from inventory.domain import renewable_share as domain

__all__ = ["InventoryRenewableShare"]


@strawberry.type(
    description="Renewable electricity made on site or bought, over all electricity; where what was bought has no data"
    " of its own, the average of the country's grid stands for it (UN-wide method)."
)
class RenewableShare:
    share: Quantity | None = strawberry.field(description="In percent; null where some of it is of unknown origin.")
    at_least: Quantity | None = strawberry.field(description="What is known to be renewable, in percent of all.")
    own: Quantity | None
    purchased: Quantity | None = strawberry.field(description="By instruments for renewable electricity.")
    grid: Quantity | None = strawberry.field(description="By the averages of grids.")
    unknown: Quantity | None = strawberry.field(description="Of grids without a known average.")
    total: Quantity | None = strawberry.field(description="With that of generators.")
    sources: list[str] = strawberry.field(description="Where the averages are published.")
    gap: str | None = strawberry.field(
        description="Why there is no share: no_data, grid_average_missing, not_convertible or records_not_shown."
    )
    explanation: str | None

    @classmethod
    def of(cls, finding: domain.ShareFinding) -> Self:
        found = finding.found
        return cls(
            share=None if found is None else _percent(found.share),
            at_least=None if found is None else _percent(found.at_least),
            own=None if found is None else Quantity.of(found.own_kwh, "kWh"),
            purchased=None if found is None else Quantity.of(found.purchased_kwh, "kWh"),
            grid=None if found is None else Quantity.of(found.grid_kwh, "kWh"),
            unknown=None if found is None else Quantity.of(found.unknown_kwh, "kWh"),
            total=None if found is None else Quantity.of(found.total_kwh, "kWh"),
            sources=[] if found is None else list(found.sources),
            gap=None if finding.gap is None else finding.gap.value,
            explanation=finding.explanation,
        )


def _percent(share: Decimal | None) -> Quantity | None:
    return None if share is None else Quantity.of(100 * share, "percent")


@strawberry.type
class InventoryRenewableShare:
    """The field of an inventory about renewable electricity."""

    id: strawberry.ID

    @strawberry.field(description="Of a final version, as it was then.")
    async def renewable_share(self, info: Info) -> RenewableShare | None:
        found: domain.ShareFinding | None = await info.context.loader(
            "renewable share", usecases.renewable_share_of
        ).load(str(self.id))
        return None if found is None else RenewableShare.of(found)
