"""GraphQL types of lineage: what a record's figure comes from, step by step, and the figure worked out anew."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Quantity, Refusal
from chassis.refusals import Refusal as RefusalError
from inventory.domain import lineage
from inventory.domain.activity_data import Category
from inventory.domain.edition import MethodEdition
from inventory.domain.emission_factor import EmissionFactor as DomainFactor
from inventory.domain.method import CO2E_UNIT
from inventory.graphql.evidence import EvidenceFile, evidence_of_import, evidence_of_record
from inventory.graphql.factors import EmissionFactor
from inventory.graphql.records import masses
from inventory.store import factors, inventories, records
from inventory.store import lineage as store
from quantities import GwpSet
from quantities import Quantity as Amount

if TYPE_CHECKING:
    from inventory.graphql.imports import ActivityImport
    from inventory.graphql.types import Inventory

__all__ = ["RecordLineage", "lineage_of"]


@strawberry.type(description="The amount in the unit of the factor.")
class UnitConversion:
    recorded: Quantity
    converted: Quantity = strawberry.field(description="What the factor is multiplied by.")
    units_per_unit: Decimal = strawberry.field(description="Units of the factor in one unit as recorded.")


@strawberry.type(description="One gas of the figure, and what makes CO2e of it.")
class GasWithGwp:
    gas: str
    mass: Quantity
    gwp: Quantity | None = strawberry.field(
        description="In the GWP set of the figure; null for what is not split by gas."
    )
    citation: str | None = strawberry.field(description="Report, chapter and table of the GWP.")

    @classmethod
    def of(cls, found: lineage.AppliedGwp) -> Self:
        (mass,) = masses({found.gas: found.kg})
        gwp = None if found.kg_co2e_per_kg is None else Quantity.of(found.kg_co2e_per_kg, f"{CO2E_UNIT}/kg")
        return cls(gas=found.gas, mass=mass.mass, gwp=gwp, citation=found.citation)


@strawberry.type(description="The figure worked out anew from its lineage alone: amount, conversion, factor and GWPs.")
class Recomputation:
    co2e: Quantity
    biogenic_co2: Quantity
    by_gas: list[GasWithGwp]
    conversion: UnitConversion
    equals_stored: bool = strawberry.field(description="Whether the stored figures are these, to the last digit.")


RecomputationResult = Annotated[Recomputation | Refusal, strawberry.union("RecomputationResult")]


@strawberry.type(
    description="A line that this one comes of: of the version before, or of this one before it was changed."
)
class EarlierLine:
    record_id: strawberry.ID
    inventory_id: strawberry.ID = strawberry.field(description="The version that the earlier line is or was of.")
    action: str = strawberry.field(description="copied into the next version, or changed.")
    reason: str | None = strawberry.field(description="Why that version follows, or why the line was changed.")
    by: str
    at: datetime
    amount: Quantity = strawberry.field(description="Of the earlier line.")

    @classmethod
    def of(cls, found: store.Earlier) -> Self:
        return cls(
            record_id=strawberry.ID(str(found.record_id)),
            inventory_id=strawberry.ID(found.inventory_id),
            action=found.action,
            reason=found.reason,
            by=found.by,
            at=found.at,
            amount=Quantity.of(found.amount, found.unit),
        )


@strawberry.type(description="What a record's figure comes from, as far as you may see it.")
class RecordLineage:
    row: strawberry.Private[records.RecordRow]
    origin: strawberry.Private[store.Origin]
    method_edition: str | None = strawberry.field(description="Edition of the method that its inventory was made by.")
    factor_edition: str | None = strawberry.field(description="Edition of factors that its inventory is of.")
    factor_release: str | None
    gwp_set: str | None
    explanation: str | None = strawberry.field(description="Why this factor, and how CO2e came about.")

    @strawberry.field(description="The version that it is a line of, with its steps.")
    async def inventory(self, info: Info) -> Annotated["Inventory", strawberry.lazy("inventory.graphql.types")] | None:
        from inventory.graphql.types import Inventory  # noqa: PLC0415 - which names this module

        found = await info.context.loader("inventory", inventories.by_ids).load(self.origin.inventory_id)
        return None if found is None else Inventory.of(found)

    @strawberry.field(description="The file that it came in, by name and hash; sheet and row are on the record.")
    async def source(
        self, info: Info
    ) -> Annotated["ActivityImport", strawberry.lazy("inventory.graphql.imports")] | None:
        from inventory.graphql.imports import ActivityImport  # noqa: PLC0415 - as above

        found = await info.context.loader("imports", records.imports_by_ids).load(self.origin.import_id)
        return None if found is None else ActivityImport.of(found)

    @strawberry.field(
        description="Documents: files of the record, then the file that it came in and what goes with it."
    )
    async def evidence(self, info: Info) -> list[EvidenceFile]:
        of_record = await evidence_of_record(info, self.row.id)
        return [*of_record, *await evidence_of_import(info, self.origin.import_id)]

    @strawberry.field(description="The factor as its release has it; null for a formula, which the explanation cites.")
    async def factor(self, info: Info) -> EmissionFactor | None:
        found = await self._factor(info)
        return None if found is None else EmissionFactor.of(found)

    @strawberry.field(description="What it comes of, newest first: lines of earlier versions, and those it replaced.")
    async def earlier(self, info: Info) -> list[EarlierLine]:
        found: Sequence[store.Earlier] = await info.context.loader("earlier lines", store.earlier_of).load(self.row.id)
        return [EarlierLine.of(item) for item in found]

    @strawberry.field(description="Null where the use is recorded and no emission counted.")
    async def recomputed(self, info: Info) -> RecomputationResult | None:
        emission, origin = self.row.emission, self.origin
        if emission is None or origin.factor_id is None or origin.factor_release is None or origin.key is None:
            return None
        factor = await self._factor(info)
        try:
            found = lineage.recompute(
                lineage.LineOrigin(
                    category=Category(self.row.category),
                    key=origin.key,
                    amount=Amount(self.row.amount, self.row.unit),
                    factor_id=origin.factor_id,
                    factor_release=origin.factor_release,
                    gwp_set=GwpSet.named(emission.gwp_set),
                    edition=MethodEdition.named(origin.method_edition),
                ),
                factor=factor,
            )
        except RefusalError as refusal:
            return Refusal.of(refusal)
        figure = found.quantification
        return Recomputation(
            co2e=Quantity.of(figure.co2e_kg, CO2E_UNIT),
            biogenic_co2=Quantity.of(figure.biogenic_co2_kg, "kg"),
            by_gas=[GasWithGwp.of(gas) for gas in found.gases],
            conversion=UnitConversion(
                recorded=Quantity.of(self.row.amount, self.row.unit),
                converted=Quantity.of(found.amount_in_factor_unit.value, found.amount_in_factor_unit.unit.value),
                units_per_unit=found.factor_units_per_unit,
            ),
            equals_stored=found.equals(
                co2e_kg=emission.co2e_kg, biogenic_co2_kg=emission.biogenic_co2_kg, kg_by_gas=emission.kg_by_gas
            ),
        )

    async def _factor(self, info: Info) -> DomainFactor | None:
        origin = self.origin
        if origin.factor_id is None or origin.factor_release is None:
            return None
        found: DomainFactor | None = await info.context.loader("factors", factors.by_release_and_id).load(
            (origin.factor_release, origin.factor_id)
        )
        return found


async def lineage_of(info: Info, row: records.RecordRow) -> RecordLineage | None:
    """The lineage of a record that the caller sees."""
    origin: store.Origin | None = await info.context.loader("origins", store.origins_of).load(row.id)
    if origin is None:
        return None
    return RecordLineage(
        row=row,
        origin=origin,
        method_edition=origin.method_edition,
        factor_edition=origin.factor_edition,
        factor_release=origin.factor_release,
        gwp_set=origin.gwp_set,
        explanation=None if row.emission is None else row.emission.explanation,
    )
