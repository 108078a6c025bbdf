"""GraphQL types of *reporting*."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

import strawberry
from strawberry.dataloader import DataLoader

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from reporting.domain import consolidated_report, cycle, progress_report
from reporting.domain.figure import Figure, Section
from reporting.domain.progress_report import ReportState
from reporting.store import consolidations, reports

__all__ = ["ConsolidatedReport", "Location", "ProgressReport", "ReportingCycle"]

LazyLocation = Annotated["Location", strawberry.lazy("reporting.graphql.types")]


@strawberry.type(description="A frozen figure of a report.")
class ReportFigure:
    section: str = strawberry.field(description="total, scope, category, optional, indicator, progress or neutrality.")
    name: str
    value: Quantity
    note: str | None = strawberry.field(description="A verdict or status that belongs to it.")

    @classmethod
    def of(cls, figure: Figure) -> Self:
        return cls(
            section=figure.section.value,
            name=figure.name,
            value=Quantity.of(figure.value, figure.unit),
            note=figure.note,
        )


@strawberry.type
class ReportedScope:
    scope: int
    co2e: Quantity


@strawberry.type
class ReportedCategory:
    category: str
    optional: bool
    co2e: Quantity


def _scopes(figures: Sequence[Figure]) -> list[ReportedScope]:
    return [
        ReportedScope(scope=int(figure.name), co2e=Quantity.of(figure.value, figure.unit))
        for figure in figures
        if figure.section is Section.SCOPE
    ]


def _categories(figures: Sequence[Figure]) -> list[ReportedCategory]:
    return [
        ReportedCategory(
            category=figure.name,
            optional=figure.section is Section.OPTIONAL,
            co2e=Quantity.of(figure.value, figure.unit),
        )
        for figure in figures
        if figure.section in (Section.CATEGORY, Section.OPTIONAL)
    ]


@strawberry.type(description="What somebody did to a version of a report.")
class ReportStep:
    version: int
    action: str = strawberry.field(description="submitted, returned or accepted.")
    by: str | None = strawberry.field(description="Null for readers of what is published.")
    at: datetime
    reasons: str | None = strawberry.field(description="Why it was returned.")


def _steps(found: progress_report.ProgressReport, *, named: bool) -> list[ReportStep]:
    submitted = ReportStep(
        version=found.version,
        action=ReportState.SUBMITTED.value,
        by=found.submitted_by.name if named else None,
        at=found.submitted_at,
        reasons=None,
    )
    if found.decision is None:
        return [submitted]
    decided = ReportStep(
        version=found.version,
        action=found.decision.action.value,
        by=found.decision.by if named else None,
        at=found.decision.at,
        reasons=found.decision.reasons,
    )
    return [submitted, decided]


@strawberry.federation.type(keys=["id"], description="One location's account of a year, on figures that do not move.")
class ProgressReport:
    id: strawberry.ID
    location: LazyLocation
    year: int
    version: int
    state: str = strawberry.field(description="submitted, returned or accepted.")
    inventory_version: int
    narrative: str
    submitted_at: datetime
    decided_at: datetime | None
    reasons: str | None = strawberry.field(description="Why it was returned.")
    submitter: strawberry.Private[str]
    decider: strawberry.Private[str | None]

    @classmethod
    def of(cls, found: progress_report.ProgressReport) -> Self:
        decision = found.decision
        return cls(
            id=strawberry.ID(found.id),
            location=Location(id=strawberry.ID(found.location_id)),
            year=found.year,
            version=found.version,
            state=found.state.value,
            inventory_version=found.inventory_version,
            narrative=found.narrative,
            submitted_at=found.submitted_at,
            decided_at=decision.at if decision else None,
            reasons=decision.reasons if decision else None,
            submitter=found.submitted_by.name,
            decider=decision.by if decision else None,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("report", reports.by_ids).load(str(id))
        return None if found is None else cls.of(found)

    @strawberry.field(description="Null for readers of what is published.")
    async def submitted_by(self, info: Info) -> str | None:
        return self.submitter if await info.context.may_read(str(self.location.id)) else None

    @strawberry.field(description="Who returned or accepted it; null for readers of what is published.")
    async def decided_by(self, info: Info) -> str | None:
        return self.decider if await info.context.may_read(str(self.location.id)) else None

    @strawberry.field(description="All that happened to this version and those before it that you may see, in order.")
    async def steps(self, info: Info) -> list[ReportStep]:
        named = await info.context.may_read(str(self.location.id))
        loader: DataLoader[tuple[str, int], Sequence[progress_report.ProgressReport]] = info.context.loader(
            "report versions", reports.versions
        )
        versions = await loader.load((str(self.location.id), self.year))
        return [step for found in versions if found.version <= self.version for step in _steps(found, named=named)]

    @strawberry.field(description="All frozen figures.")
    async def figures(self, info: Info) -> list[ReportFigure]:
        return [ReportFigure.of(figure) for figure in await self._figures(info)]

    @strawberry.field
    async def total(self, info: Info) -> Quantity | None:
        found = [figure for figure in await self._figures(info) if figure.section is Section.TOTAL]
        return Quantity.of(found[0].value, found[0].unit) if found else None

    @strawberry.field
    async def by_scope(self, info: Info) -> list[ReportedScope]:
        return _scopes(await self._figures(info))

    @strawberry.field
    async def by_category(self, info: Info) -> list[ReportedCategory]:
        return _categories(await self._figures(info))

    async def _figures(self, info: Info) -> Sequence[Figure]:
        return await info.context.loader("report figures", reports.figures_of).load(str(self.id))


@strawberry.type
class OwingLocation:
    location: LazyLocation
    year: strawberry.Private[int]

    @strawberry.field(description="missing, submitted, returned or accepted; null where you may not read.")
    async def state(self, info: Info) -> str | None:
        if not await info.context.may_read(str(self.location.id)):
            return None
        found = await _newest(info, str(self.location.id), self.year)
        return (ReportState.MISSING if found is None else found.state).value


@strawberry.type(description="A year's reports: who owes one, by when.")
class ReportingCycle:
    year: int
    due_on: date
    owing: list[OwingLocation]

    @classmethod
    def of(cls, found: cycle.ReportingCycle) -> Self:
        return cls(
            year=found.year,
            due_on=found.due_on,
            owing=[
                OwingLocation(location=Location(id=strawberry.ID(location_id)), year=found.year)
                for location_id in found.owing
            ],
        )


@strawberry.type(description="A location that a consolidation includes.")
class IncludedLocation:
    location: LazyLocation
    inventory_version: int
    total: Quantity


@strawberry.type(description="A location that owes a report and has none accepted.")
class MissingLocation:
    location: LazyLocation


@strawberry.federation.type(keys=["id"], description="The Secretariat's totals of a year, with who is in and missing.")
class ConsolidatedReport:
    id: strawberry.ID
    year: int
    version: int
    total: Quantity
    by_scope: list[ReportedScope]
    by_category: list[ReportedCategory]
    included: list[IncludedLocation]
    missing: list[MissingLocation]
    consolidated_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, found: consolidated_report.ConsolidatedReport) -> Self:
        (total,) = (figure for figure in found.figures if figure.section is Section.TOTAL)
        return cls(
            id=strawberry.ID(found.id),
            year=found.year,
            version=found.version,
            total=Quantity.of(total.value, total.unit),
            by_scope=_scopes(found.figures),
            by_category=_categories(found.figures),
            included=[
                IncludedLocation(
                    location=Location(id=strawberry.ID(member.location_id)),
                    inventory_version=member.inventory_version,
                    total=Quantity.of(member.total_kg, total.unit),
                )
                for member in found.included
            ],
            missing=[
                MissingLocation(location=Location(id=strawberry.ID(location_id))) for location_id in found.missing
            ],
            consolidated_at=found.consolidated_at,
            published_at=found.published_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002 - the key's name
        found = await info.context.loader("consolidated report", consolidations.by_ids).load(str(id))
        return None if found is None else cls.of(found)


@strawberry.federation.type(keys=["id"])
class Location:
    id: strawberry.ID

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Self:  # noqa: A002 - the key's name
        # The key alone says nothing: each field below reads under the caller's rights.
        return cls(id=id)

    @strawberry.field(description="The newest version of that year's report that you may see.")
    async def progress_report(self, info: Info, year: int) -> ProgressReport | None:
        found = await _newest(info, str(self.id), year)
        return None if found is None else ProgressReport.of(found)

    @strawberry.field(description="Every version of every year that you may see, oldest first.")
    async def progress_reports(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[ProgressReport] | None:
        async def load(limit: int, after: str | None) -> Sequence[progress_report.ProgressReport]:
            loader: DataLoader[str, Sequence[progress_report.ProgressReport]] = info.context.loader(
                f"reports {limit} {after}",
                lambda tx, keys: reports.pages(tx, keys, limit=limit, after=after),
            )
            return await loader.load(str(self.id))

        return await page_of(first=first, after=after, load=load, node=ProgressReport.of, cursor=lambda row: row.id)


async def _newest(info: Info, location_id: str, year: int) -> progress_report.ProgressReport | None:
    loader: DataLoader[tuple[str, int], progress_report.ProgressReport | None] = info.context.loader(
        "newest report", reports.newest
    )
    return await loader.load((location_id, year))
