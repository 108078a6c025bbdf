"""GraphQL types of *offsets*."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

import strawberry
from strawberry.dataloader import DataLoader

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from offsets import store
from offsets.domain import credit, need, position, purchase, statement
from offsets.graphql.scalars import SerialNumber

__all__ = ["CreditBatch", "Location", "NeutralityStatement", "OffsetNeed", "OffsetPosition", "Purchase", "Retirement"]


def _tonnes(tonnes: int) -> Quantity:
    return Quantity.of(Decimal(tonnes), "tCO2e")


@strawberry.type(description="Whole tonnes of a final inventory's total, rounded up: credits come in whole tonnes.")
class OffsetNeed:
    inventory_id: strawberry.ID
    inventory_version: int
    total: Quantity = strawberry.field(description="Exact, as the inventory has it.")
    amount: Quantity

    @classmethod
    def of(cls, found: need.OffsetNeed) -> Self:
        return cls(
            inventory_id=strawberry.ID(found.inventory_id),
            inventory_version=found.inventory_version,
            total=Quantity.of(found.total_kg, "kgCO2e"),
            amount=_tonnes(found.tonnes),
        )


@strawberry.type(description="What somebody did to a purchase after it was requested.")
class PurchaseStep:
    action: str = strawberry.field(description="approved, refused or delivered.")
    by: str
    at: datetime
    reason: str | None = strawberry.field(description="Why it was refused.")

    @classmethod
    def of(cls, found: purchase.PurchaseStep) -> Self:
        return cls(action=found.action.value, by=found.by.name, at=found.at, reason=found.reason)


@strawberry.federation.type(keys=["id"], description="A request for credits, and the steps that others took on it.")
class Purchase:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("offsets.graphql.types")]
    year: int
    amount: Quantity
    justification: str
    state: str = strawberry.field(description="requested, approved, refused or delivered.")
    requested_by: str
    requested_at: datetime
    steps: list[PurchaseStep] = strawberry.field(description="All that happened after the request, oldest first.")

    @classmethod
    def of(cls, found: purchase.Purchase) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location(id=strawberry.ID(found.location_id)),
            year=found.year,
            amount=_tonnes(found.tonnes),
            justification=found.justification,
            state=found.state.value,
            requested_by=found.requested_by.name,
            requested_at=found.requested_at,
            steps=[PurchaseStep.of(step) for step in found.steps],
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("purchases", store.purchases).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="The credits that were delivered; null before.")
    async def batch(self, info: Info) -> Annotated["CreditBatch", strawberry.lazy("offsets.graphql.types")] | None:
        found = await info.context.loader("batches by purchase", store.batches_by_purchase).load(str(self.id))
        return None if found is None else CreditBatch.of(found)


@strawberry.federation.type(keys=["id"], description="Credits of one purchase. One serial is one tonne of CO2e.")
class CreditBatch:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("offsets.graphql.types")]
    year: int
    registry: str
    project: str
    vintage: int
    serial_first: SerialNumber
    serial_last: SerialNumber = strawberry.field(description="Inclusive.")
    amount: Quantity
    retired: Quantity
    free: Quantity = strawberry.field(description="What can still be retired.")
    price_per_tonne: Quantity
    price: Quantity = strawberry.field(description="Of the whole batch.")
    delivered_at: datetime
    purchase_id: strawberry.Private[str]

    @classmethod
    def of(cls, found: credit.CreditBatch) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location(id=strawberry.ID(found.location_id)),
            year=found.year,
            registry=found.series.registry,
            project=found.series.project,
            vintage=found.series.vintage,
            serial_first=SerialNumber(found.serials.first),
            serial_last=SerialNumber(found.serials.last),
            amount=_tonnes(found.serials.tonnes),
            retired=_tonnes(found.retired_tonnes),
            free=_tonnes(found.free_tonnes),
            price_per_tonne=Quantity.of(found.price_per_tonne, f"{found.currency}/tCO2e"),
            price=Quantity.of(found.price, found.currency),
            delivered_at=found.delivered_at,
            purchase_id=found.purchase_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("batches", store.batches).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="The purchase that brought them.")
    async def purchase(self, info: Info) -> Purchase | None:
        return await Purchase.resolve_reference(info, strawberry.ID(self.purchase_id))


@strawberry.federation.type(
    keys=["id"], description="Serials out of circulation for ever, on behalf of a location and a year."
)
class Retirement:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("offsets.graphql.types")]
    year: int
    registry: str
    project: str
    vintage: int
    serial_first: SerialNumber
    serial_last: SerialNumber = strawberry.field(description="Inclusive.")
    amount: Quantity
    retired_at: datetime
    batch_id: strawberry.Private[str]
    retired_by_name: strawberry.Private[str]

    @classmethod
    def of(cls, found: credit.Retirement) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location(id=strawberry.ID(found.location_id)),
            year=found.year,
            registry=found.series.registry,
            project=found.series.project,
            vintage=found.series.vintage,
            serial_first=SerialNumber(found.serials.first),
            serial_last=SerialNumber(found.serials.last),
            amount=_tonnes(found.serials.tonnes),
            retired_at=found.retired_at,
            batch_id=found.batch_id,
            retired_by_name=found.retired_by.name,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("retirements", store.retirements).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="Who did it; null for readers of what is published.")
    async def retired_by(self, info: Info) -> str | None:
        return self.retired_by_name if await info.context.may_read(str(self.location.id)) else None

    @strawberry.field(description="Where the serials come from; null when that batch is not yours to see.")
    async def batch(self, info: Info) -> CreditBatch | None:
        return await CreditBatch.resolve_reference(info, strawberry.ID(self.batch_id))


@strawberry.federation.type(
    keys=["id"], description="What retirements cover of a location's need in a year, by one inventory version."
)
class NeutralityStatement:
    id: strawberry.ID
    location: Annotated["Location", strawberry.lazy("offsets.graphql.types")]
    year: int
    number: int = strawberry.field(description="Counts the statements of the location and year from 1.")
    inventory_id: strawberry.ID
    inventory_version: int
    need: Quantity
    retired: Quantity
    coverage: Quantity = strawberry.field(description="Percent of the need that retirements cover, unrounded.")
    status: str = strawberry.field(description="neutral or partial.")
    issued_at: datetime
    supersedes_id: strawberry.Private[str | None]

    @classmethod
    def of(cls, found: statement.NeutralityStatement) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location=Location(id=strawberry.ID(found.location_id)),
            year=found.year,
            number=found.number,
            inventory_id=strawberry.ID(found.inventory_id),
            inventory_version=found.inventory_version,
            need=_tonnes(found.need_tonnes),
            retired=_tonnes(found.retired_tonnes),
            coverage=Quantity.of(found.coverage_percent, "percent"),
            status=found.status.value,
            issued_at=found.issued_at,
            supersedes_id=found.supersedes_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("statements", store.statements).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="The statement that this one replaced; null for the first.")
    async def supersedes(
        self, info: Info
    ) -> Annotated["NeutralityStatement", strawberry.lazy("offsets.graphql.types")] | None:
        if self.supersedes_id is None:
            return None
        return await NeutralityStatement.resolve_reference(info, strawberry.ID(self.supersedes_id))


@strawberry.type(description="Where a location stands in a year, by its newest final inventory.")
class OffsetPosition:
    year: int
    need: Quantity
    retired: Quantity
    remaining: Quantity = strawberry.field(description="0 where more is retired than needed.")
    inventory_version: int
    basis: OffsetNeed = strawberry.field(description="What the need was counted from.")
    statement: NeutralityStatement | None = strawberry.field(description="The newest; null before any retirement.")

    @classmethod
    def of(cls, found: position.OffsetPosition) -> Self:
        return cls(
            year=found.need.year,
            need=_tonnes(found.need.tonnes),
            retired=_tonnes(found.retired_tonnes),
            remaining=_tonnes(found.remaining_tonnes),
            inventory_version=found.need.inventory_version,
            basis=OffsetNeed.of(found.need),
            statement=NeutralityStatement.of(found.statement) if found.statement else None,
        )


@strawberry.federation.type(keys=["id"])
class Location:
    id: strawberry.ID

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Self:  # noqa: A002 - the key's name
        # The key alone says nothing: each field below reads under the caller's rights.
        return cls(id=id)

    @strawberry.field(description="Need, retired and remaining tonnes of a year; null without a final inventory.")
    async def offset_position(self, info: Info, year: int) -> OffsetPosition | None:
        loader: DataLoader[str, position.OffsetPosition | None] = info.context.loader(
            f"positions {year}", lambda tx, keys: store.positions(tx, keys, year=year)
        )
        found = await loader.load(str(self.id))
        return None if found is None else OffsetPosition.of(found)

    @strawberry.field(description="Credits retired for the location, in the order in which they were.")
    async def credit_retirements(
        self, info: Info, first: int, after: str | None = None, year: int | None = None
    ) -> Connection[Retirement] | None:
        async def load(limit: int, after: str | None) -> list[credit.Retirement]:
            loader: DataLoader[str, Sequence[credit.Retirement]] = info.context.loader(
                f"retirements {limit} {after} {year}",
                lambda tx, keys: store.retirements_page(tx, keys, limit=limit, after=after, year=year),
            )
            return list(await loader.load(str(self.id)))

        return await page_of(first=first, after=after, load=load, node=Retirement.of, cursor=lambda row: row.id)

    @strawberry.field(description="Credits bought by the location, in the order in which they were delivered.")
    async def credit_batches(self, info: Info, first: int, after: str | None = None) -> Connection[CreditBatch] | None:
        async def load(limit: int, after: str | None) -> list[credit.CreditBatch]:
            loader: DataLoader[str, Sequence[credit.CreditBatch]] = info.context.loader(
                f"batches {limit} {after}",
                lambda tx, keys: store.batches_page(tx, keys, limit=limit, after=after),
            )
            return list(await loader.load(str(self.id)))

        return await page_of(first=first, after=after, load=load, node=CreditBatch.of, cursor=lambda row: row.id)

    @strawberry.field(description="Purchases of the location, in the order in which they were requested.")
    async def purchases(self, info: Info, first: int, after: str | None = None) -> Connection[Purchase] | None:
        async def load(limit: int, after: str | None) -> list[purchase.Purchase]:
            loader: DataLoader[str, Sequence[purchase.Purchase]] = info.context.loader(
                f"purchases {limit} {after}",
                lambda tx, keys: store.purchases_page(tx, keys, limit=limit, after=after),
            )
            return list(await loader.load(str(self.id)))

        return await page_of(first=first, after=after, load=load, node=Purchase.of, cursor=lambda row: row.id)
