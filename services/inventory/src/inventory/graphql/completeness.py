"""GraphQL types of completeness: what is expected of a site, and what there is of it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from chassis.refusals import BadCursor
from inventory.domain import completeness as domain
from inventory.domain.completeness import NotationKey, SourceState
from inventory.domain.inventory import State, Step
from inventory.store import completeness as store
from inventory.store.completeness import Asked, CellFilter

__all__ = [
    "Completeness",
    "InventoryCompleteness",
    "LocationCompleteness",
    "SourceCell",
    "SourceExpectation",
    "SourceStatement",
]

PERSONS = "person"
_CURSOR_PARTS = 3

strawberry.enum(
    NotationKey,
    name="NotationKey",
    description="Notation keys of the IPCC and UNFCCC: NO and NE. Neither is an amount of 0.",
)
strawberry.enum(
    SourceState,
    name="SourceState",
    description="What there is of a source at a site in a month; of several, the weakest.",
)


@strawberry.type(description="How many there are of what there should be.")
class Coverage:
    covered: int
    total: int
    share: Quantity | None = strawberry.field(description="Null of nothing.")

    @classmethod
    def of(cls, found: domain.Coverage) -> Self:
        return cls(covered=found.covered, total=found.total, share=_percent(found.percent))


@strawberry.type(description="Personnel at locations that report, of all; null where a part of it was never stated.")
class StaffCoverage:
    covered: Quantity | None
    total: Quantity | None
    share: Quantity | None

    @classmethod
    def of(cls, found: domain.StaffCoverage) -> Self:
        return cls(covered=_persons(found.covered), total=_persons(found.total), share=_percent(found.percent))


def _percent(value: Decimal | None) -> Quantity | None:
    return None if value is None else Quantity.of(value, "percent")


def _persons(value: Decimal | None) -> Quantity | None:
    return None if value is None else Quantity.of(value, PERSONS)


@strawberry.type(description="Expected cells by what there is of them, and how much of all sites and staff it covers.")
class CompletenessSummary:
    expected: int
    reported: int = strawberry.field(description="Measured, estimated or extrapolated.")
    measured: int
    estimated: int
    extrapolated: int
    not_occurring: int
    not_estimated: int
    missing: int
    unexpected: int = strawberry.field(description="Reported or stated ones beside the expected ones.")
    sites: Coverage = strawberry.field(description="Sites with records, of all that were open in the year.")
    staff: StaffCoverage

    @classmethod
    def of(cls, found: store.Summary) -> Self:
        count = {state: found.by_state.get(state, 0) for state in SourceState}
        return cls(
            expected=sum(count.values()),
            reported=sum(number for state, number in count.items() if state.is_reported),
            measured=count[SourceState.MEASURED],
            estimated=count[SourceState.ESTIMATED],
            extrapolated=count[SourceState.EXTRAPOLATED],
            not_occurring=count[SourceState.NOT_OCCURRING],
            not_estimated=count[SourceState.NOT_ESTIMATED],
            missing=count[SourceState.MISSING],
            unexpected=found.unexpected,
            sites=Coverage.of(found.sites),
            staff=StaffCoverage.of(found.staff),
        )


@strawberry.type(description="One source of one site in one month, or in the year.")
class SourceCell:
    location_id: strawberry.ID
    category: str
    month: date | None = strawberry.field(
        description="Its first day; null for journeys and refrigerants, which are expected in the year."
    )
    expected: bool
    expected_because: str | None = strawberry.field(description="Or why it was declared not to be expected any more.")
    state: SourceState
    reason: str | None = strawberry.field(description="Of a statement.")
    records: int | None

    @classmethod
    def of(cls, found: domain.Cell) -> Self:
        return cls(
            location_id=strawberry.ID(found.location_id),
            category=found.category.value,
            month=found.month,
            expected=found.expected,
            expected_because=found.expected_because,
            state=found.state,
            reason=found.reason,
            records=found.records,
        )


@strawberry.input
class SourceCellFilter:
    states: list[SourceState] = strawberry.field(default_factory=list)
    categories: list[str] = strawberry.field(default_factory=list)
    location_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    expected: bool | None = None


@strawberry.type(description="What sites are expected to report in a year, and what there is of it.")
class Completeness:
    year: int
    asked: strawberry.Private[Asked]

    @strawberry.field
    async def summary(self, info: Info) -> CompletenessSummary:
        async with info.context.reading() as tx:
            return CompletenessSummary.of(await store.summary(tx, self.asked))

    @strawberry.field(description="Cells by site, source and month.")
    async def cells(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        filter: SourceCellFilter | None = None,  # noqa: A002 - GraphQL's name
    ) -> Connection[SourceCell]:
        wanted = CellFilter()
        if filter is not None:
            wanted = CellFilter(
                states=filter.states,
                categories=filter.categories,
                location_ids=[str(code) for code in filter.location_ids],
                expected=filter.expected,
            )

        async def load(limit: int, after: str | None) -> Sequence[domain.Cell]:
            async with info.context.reading() as tx:
                return await store.cells(
                    tx, self.asked, wanted=wanted, limit=limit, after=None if after is None else _key_of(after)
                )

        return await page_of(first=first, after=after, load=load, node=SourceCell.of, cursor=self._cursor)

    def _cursor(self, row: domain.Cell) -> str:
        return f"{row.location_id}/{row.category}/{row.month or date(self.year, 1, 1)}"


def _key_of(cursor: str) -> tuple[str, str, date]:
    parts = cursor.split("/")
    try:
        if len(parts) == _CURSOR_PARTS:
            return parts[0], parts[1], date.fromisoformat(parts[2])
    except ValueError:
        pass
    raise BadCursor


@strawberry.type(description="Taken back: it stays on record.")
class SourceStatementWithdrawal:
    reason: str
    withdrawn_by: str
    withdrawn_at: datetime


@strawberry.type(description="Why a source of a site has no records in these months.")
class SourceStatement:
    id: strawberry.ID
    location_id: strawberry.ID = strawberry.field(description="The site.")
    category: str
    first_month: date
    month_after: date | None = strawberry.field(description="The first month that no longer belongs to it.")
    key: NotationKey
    reason: str
    stated_by: str
    stated_at: datetime
    withdrawal: SourceStatementWithdrawal | None

    @classmethod
    def of(cls, found: domain.SourceStatement) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            category=found.category.value,
            first_month=found.months.first,
            month_after=found.months.next,
            key=found.key,
            reason=found.reason,
            stated_by=found.by.name,
            stated_at=found.at,
            withdrawal=None
            if found.withdrawn is None
            else SourceStatementWithdrawal(
                reason=found.withdrawn.reason,
                withdrawn_by=found.withdrawn.by.name,
                withdrawn_at=found.withdrawn.at,
            ),
        )


@strawberry.type(description="That a site is to report a source from a month on, or is not any more.")
class SourceExpectation:
    id: strawberry.ID
    location_id: strawberry.ID = strawberry.field(description="The site.")
    category: str
    first_month: date
    month_after: date | None = strawberry.field(description="Null from then on.")
    is_expected: bool
    reason: str
    declared_by: str
    declared_at: datetime

    @classmethod
    def of(cls, found: domain.SourceExpectation) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=strawberry.ID(found.location_id),
            category=found.category.value,
            first_month=found.months.first,
            month_after=found.months.next,
            is_expected=found.expected,
            reason=found.reason,
            declared_by=found.by.name,
            declared_at=found.at,
        )


@strawberry.type
class InventoryCompleteness:
    """Fields of an inventory about what is expected of it and what there is."""

    id: strawberry.ID
    year: int
    state: str
    location_id: strawberry.Private[str]
    history: strawberry.Private[tuple[Step, ...]]

    @strawberry.field(
        description="What its sites were expected to report, and what there is; of a final version by the declarations"
        " of then. Null where you may not read records."
    )
    async def completeness(self, info: Info) -> Completeness | None:
        if not await info.context.may_read(self.location_id):
            return None
        as_of = self.history[-1].at if self.state == State.FINAL else None
        return Completeness(
            year=self.year,
            asked=Asked(location_id=self.location_id, year=self.year, inventory_id=str(self.id), as_of=as_of),
        )

    @strawberry.field(description="What is said of sources without records, in the order of entry; withdrawn ones too.")
    async def source_statements(self, info: Info, first: int, after: str | None = None) -> Connection[SourceStatement]:
        async def load(limit: int, after: str | None) -> Sequence[domain.SourceStatement]:
            async with info.context.reading() as tx:
                return await store.statements_of(tx, inventory_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=SourceStatement.of, cursor=lambda row: row.id)


@strawberry.type
class LocationCompleteness:
    """Fields of a location about what is expected of it and of all under it."""

    id: strawberry.ID

    @strawberry.field(
        description="What it and all under it are expected to report in a year, and what the newest versions have."
        " Null where you may not read records."
    )
    async def completeness(self, info: Info, year: int) -> Completeness | None:
        if not date.min.year < year < date.max.year or not await info.context.may_read(str(self.id)):
            return None
        return Completeness(year=year, asked=Asked(location_id=str(self.id), year=year))

    @strawberry.field(description="What was declared about its sources, in the order of entry.")
    async def source_expectations(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[SourceExpectation]:
        async def load(limit: int, after: str | None) -> Sequence[domain.SourceExpectation]:
            async with info.context.reading() as tx:
                return await store.expectations_of(tx, location_id=str(self.id), limit=limit, after=after)

        return await page_of(first=first, after=after, load=load, node=SourceExpectation.of, cursor=lambda row: row.id)
