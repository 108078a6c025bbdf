"""GraphQL types of sums over many inventories."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Self

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from inventory.domain.figures import Calendar, Dimension, FiguresAsked, Tree, categories_of
from inventory.domain.figures import Figure as DomainFigure
from inventory.domain.method import CO2E_UNIT, unit_of
from inventory.graphql.records import ActivityRecord, record_cursor
from inventory.store import figures as store
from inventory.store import lineage
from inventory.store.records import RecordRow

__all__ = ["Figure", "FigureFilter", "Figures", "LocationFigures"]

strawberry.enum(Dimension, name="FigureDimension", description="What figures are told apart by.")
strawberry.enum(Tree, name="Tree", description="The tree as it is, or as it was in each year.")
strawberry.enum(
    Calendar,
    name="Calendar",
    description="When a year begins: in January, or in July (then it has the name of the year in which it ends).",
)


@strawberry.input
class FigureFilter:
    tree: Tree = Tree.AS_IT_IS
    calendar: Calendar = Calendar.CALENDAR
    year_from: int | None = None
    year_to: int | None = strawberry.field(
        default=None, description="Inclusive. By reporting period, years in which periods end."
    )
    scopes: list[int] = strawberry.field(default_factory=list)
    categories: list[str] = strawberry.field(default_factory=list)
    streams: list[str] = strawberry.field(default_factory=list)
    gases: list[str] = strawberry.field(default_factory=list)
    optional: bool = strawberry.field(
        default=False, description="Those outside the minimum boundary instead: they are never in one sum."
    )

    def asked(
        self, location_id: str, *, by: Sequence[Dimension], as_of: datetime | None, market_based: bool = False
    ) -> FiguresAsked:
        """As the domain has it."""
        return FiguresAsked(
            location_id=location_id,
            by=frozenset(by),
            tree=self.tree,
            calendar=self.calendar,
            as_of=as_of,
            year_from=self.year_from,
            year_to=self.year_to,
            scopes=frozenset(self.scopes),
            categories=categories_of(categories=self.categories, streams=self.streams),
            gases=frozenset(self.gases),
            optional=self.optional,
            market_based=market_based,
        )


@strawberry.type(description="A reporting period of the location that was asked.")
class FigurePeriod:
    start: date
    end: date = strawberry.field(description="First day that no longer belongs to it.")


@strawberry.type(description="One sum. A dimension that was not asked for is null.")
class Figure:
    location_id: strawberry.ID | None
    year: int | None
    month: date | None = strawberry.field(description="Its first day.")
    reporting_period: FigurePeriod | None = strawberry.field(description="Of the location asked, by its calendar.")
    scope: int | None
    category: str | None
    stream: str | None
    gas: str | None
    total: Quantity = strawberry.field(description="CO2e; by gas, the mass of that gas.")
    biogenic_co2: Quantity | None = strawberry.field(description="Beside it; null by gas.")
    apportioned: Quantity | None = strawberry.field(
        description="What of it is of periods longer than a month, by their days; null where months are not asked for."
    )
    records: int
    inventories: int = strawberry.field(description="How many it is of.")
    market_based: Quantity | None = strawberry.field(
        description="The total with scope 2 by the market-based method; null by month or gas, and where it is not known"
        " of all that is in it."
    )

    @classmethod
    def of(cls, found: DomainFigure, periods: Mapping[date, date]) -> Self:
        period = found.reporting_period
        return cls(
            location_id=None if found.location_id is None else strawberry.ID(found.location_id),
            year=found.year,
            month=found.month,
            reporting_period=None if period is None else FigurePeriod(start=period, end=periods[period]),
            scope=found.scope,
            category=found.category,
            stream=found.stream,
            gas=found.gas,
            total=Quantity.of(found.kg, unit_of(found.gas)),
            biogenic_co2=None if found.biogenic_co2_kg is None else Quantity.of(found.biogenic_co2_kg, "kg"),
            apportioned=None
            if found.apportioned_co2e_kg is None
            else Quantity.of(found.apportioned_co2e_kg, CO2E_UNIT),
            records=found.records,
            inventories=found.inventories,
            market_based=None
            if found.market_based_co2e_kg is None
            else Quantity.of(found.market_based_co2e_kg, CO2E_UNIT),
        )


@strawberry.type(description="Sums over the final inventories that you may see.")
class Figures:
    figures: list[Figure]
    withheld: int = strawberry.field(
        description="Inventories left out because their figures by month or gas are for readers of sensitive data."
    )


@strawberry.type
class LocationFigures:
    """Fields of a location about the figures of everything under it."""

    id: strawberry.ID

    @strawberry.field(
        description="Sums of the newest final inventories that you may see, of it and everything under it; `asOf` gives"
        " those that were final then."
    )
    async def figures(
        self,
        info: Info,
        by: list[Dimension],
        filter: FigureFilter | None = None,  # noqa: A002 - GraphQL's name
        as_of: datetime | None = None,
    ) -> Figures:
        asked = (filter or FigureFilter()).asked(
            str(self.id), by=by, as_of=as_of, market_based=_asks_for(info.selected_fields, "marketBased")
        )
        async with info.context.reading() as tx:
            found = await store.figures(tx, asked)
        return Figures(figures=[Figure.of(item, found.periods) for item in found.figures], withheld=found.withheld)

    @strawberry.field(
        description="Records that a figure is made of, as far as you may see them, in the order in which they came:"
        " give the figure's dimensions in the filter, and its location and month beside it. A record of several months"
        " is in each, by its days."
    )
    async def figure_records(  # noqa: PLR0917 - GraphQL's arguments have names
        self,
        info: Info,
        first: int,
        after: str | None = None,
        filter: FigureFilter | None = None,  # noqa: A002 - as above
        as_of: datetime | None = None,
        location_id: strawberry.ID | None = None,
        month: date | None = None,
    ) -> Connection[ActivityRecord]:
        by = [] if month is None else [Dimension.MONTH]
        asked = (filter or FigureFilter()).asked(str(self.id), by=by, as_of=as_of)

        async def load(limit: int, after: str | None) -> Sequence[RecordRow]:
            async with info.context.reading() as tx:
                return await lineage.of_figure(
                    tx,
                    asked,
                    location_id=None if location_id is None else str(location_id),
                    month=month,
                    limit=limit,
                    after=record_cursor(after),
                )

        return await page_of(
            first=first, after=after, load=load, node=ActivityRecord.of, cursor=lambda row: str(row.id)
        )


def _asks_for(selected: Sequence[Selection], name: str) -> bool:
    """Whether a field of that name is among them, or below: what nobody asks for is not looked up."""
    return any(
        (isinstance(field, SelectedField) and field.name == name) or _asks_for(field.selections, name)
        for field in selected
    )
