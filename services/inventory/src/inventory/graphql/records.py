"""GraphQL types of activity records and their emissions."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Quantity
from chassis.refusals import BadCursor
from inventory.domain.figures import categories_of
from inventory.domain.method import CO2E_UNIT, unit_of
from inventory.domain.record_filter import RecordFilter
from inventory.graphql.evidence import EvidenceFile, evidence_of_record
from inventory.graphql.premises import TakenShare
from inventory.graphql.uncertainty import EmissionUncertainty
from inventory.store import records, taken_shares

if TYPE_CHECKING:
    from inventory.graphql.lineage import RecordLineage

__all__ = ["ActivityRecord", "ActivityRecordFilter", "Emission", "GasMass", "masses", "record_cursor"]

_ID_DIGITS_MAX = 18


@strawberry.type
class GasMass:
    gas: str = strawberry.field(description="CO2e where the factor's publisher does not split by gas.")
    mass: Quantity


def masses(kg_by_gas: dict[str, Decimal]) -> list[GasMass]:
    return [GasMass(gas=gas, mass=Quantity.of(kg, unit_of(gas))) for gas, kg in sorted(kg_by_gas.items())]


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
    amount_uncertainty: Quantity | None = strawberry.field(
        description="Half the width of the amount's 95 % interval, in percent, where the line states it itself."
    )
    quality: str
    note: str | None
    sheet: str
    row: int
    emission: Emission | None = strawberry.field(
        description="Null where none is counted, and where it is by a factor that another entity has of its own."
    )
    stored: strawberry.Private[records.RecordRow]

    @strawberry.field(description="What it is a share of, where it is one of shared premises.")
    async def premises_share(self, info: Info) -> TakenShare | None:
        found = await info.context.loader("share of record", taken_shares.of_records).load(int(self.id))
        return None if found is None else TakenShare.of(found)

    @classmethod
    def of(cls, row: records.RecordRow) -> Self:
        return cls(
            stored=row,
            id=strawberry.ID(str(row.id)),
            location_id=strawberry.ID(row.location_id),
            category=row.category,
            item=row.item,
            period_start=row.period_start,
            period_end=row.period_end,
            amount=Quantity.of(row.amount, row.unit),
            amount_uncertainty=None
            if row.uncertainty_percent is None
            else Quantity.of(row.uncertainty_percent, "percent"),
            quality=row.quality,
            note=row.note,
            sheet=row.sheet,
            row=row.row_number,
            emission=None if row.emission is None else Emission.of(row, row.emission),
        )

    @strawberry.field(description="What its figure comes from: file, factor, conversion, GWPs, versions, steps.")
    async def lineage(
        self, info: Info
    ) -> Annotated["RecordLineage", strawberry.lazy("inventory.graphql.lineage")] | None:
        from inventory.graphql.lineage import lineage_of  # noqa: PLC0415 - which names this module

        return await lineage_of(info, self.stored)

    @strawberry.field(description="Files attached to it, and to the lines of earlier versions that it is a copy of.")
    async def evidence(self, info: Info) -> list[EvidenceFile]:
        return await evidence_of_record(info, self.stored.id)


@strawberry.input(description="Which records; what is left out narrows nothing, and of several values any will do.")
class ActivityRecordFilter:
    categories: list[str] | None = None
    streams: list[str] | None = None
    scopes: list[int] | None = None
    optional: bool | None = None
    qualities: list[str] | None = None
    location_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Sites, and what is under them."
    )
    items: list[str] | None = None
    period_from: date | None = strawberry.field(default=None, description="With at least one day from here on.")
    period_to: date | None = strawberry.field(default=None, description="With at least one day before this one.")
    import_id: strawberry.ID | None = None
    factor_id: strawberry.ID | None = None
    factor_release: str | None = None
    note: str | None = strawberry.field(default=None, description="Part of the note.")

    def wanted(self, *, category: str | None = None) -> RecordFilter:
        """As the domain has it; `category` narrows further."""
        chosen = categories_of(categories=self.categories or (), streams=self.streams or ())
        if category is not None:
            chosen = frozenset({category}) if chosen is None else chosen & {category}
        return RecordFilter(
            categories=chosen,
            scopes=None if self.scopes is None else frozenset(self.scopes),
            optional=self.optional,
            qualities=None if self.qualities is None else frozenset(self.qualities),
            location_ids=None if self.location_ids is None else frozenset(map(str, self.location_ids)),
            items=None if self.items is None else frozenset(self.items),
            period_from=self.period_from,
            period_to=self.period_to,
            import_id=None if self.import_id is None else str(self.import_id),
            factor_id=None if self.factor_id is None else str(self.factor_id),
            factor_release=self.factor_release,
            note=self.note,
        )


def record_cursor(after: str | None) -> int | None:
    """The record that a page begins after. Refuses: BadCursor."""
    if after is not None and not (after.isascii() and after.isdigit() and len(after) <= _ID_DIGITS_MAX):
        raise BadCursor
    return None if after is None else int(after)
