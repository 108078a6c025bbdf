"""SQL of progress reports, their frozen figures and the decisions on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.refusals import NotFound
from quantities.person import Person
from reporting.domain.figure import Figure, Figures
from reporting.domain.progress_report import Decision, ProgressReport, ReportState
from reporting.store.figures import figure_of, values_of
from reporting.tables import progress_report, report_decision, report_figure

__all__ = [
    "accepted",
    "add",
    "add_decision",
    "by_ids",
    "earlier_submitters",
    "existing",
    "figures_of",
    "for_decision",
    "newest",
    "newest_for_update",
    "pages",
    "versions",
]

AnyRow = Row[*tuple[Any, ...]]

_WHOLE = select(
    progress_report, report_decision.c.action, report_decision.c.by, report_decision.c.at, report_decision.c.reasons
).outerjoin(report_decision, report_decision.c.report_id == progress_report.c.id)


def _report(row: AnyRow) -> ProgressReport:
    decision = None
    if row.action is not None:
        decision = Decision(action=ReportState(row.action), by=row.by, at=row.at, reasons=row.reasons)
    return ProgressReport(
        id=row.id,
        location_id=row.location_id,
        year=row.year,
        version=row.version,
        inventory_id=row.inventory_id,
        inventory_version=row.inventory_version,
        narrative=row.narrative,
        submitted_by=Person(subject=row.submitted_by_subject, name=row.submitted_by),
        submitted_at=row.submitted_at,
        decision=decision,
    )


async def _lock(tx: AsyncConnection, name: str) -> None:
    """Until the transaction ends; rows that are only ever added can't be locked themselves."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def newest_for_update(tx: AsyncConnection, *, location_id: str, year: int) -> ProgressReport | None:
    """The newest version; another submission for the location and year waits until the transaction ends."""
    await _lock(tx, f"report of {location_id} {year}")
    (found,) = await newest(tx, [(location_id, year)])
    return found


async def for_decision(tx: AsyncConnection, report_id: str) -> ProgressReport | None:
    """That report; another decision on it waits until the transaction ends."""
    await _lock(tx, f"decision on {report_id}")
    (found,) = await by_ids(tx, [report_id])
    return found


async def earlier_submitters(tx: AsyncConnection, report: ProgressReport) -> Sequence[Person]:
    """Who submitted the versions before this one."""
    rows = await tx.execute(
        select(progress_report.c.submitted_by_subject, progress_report.c.submitted_by).where(
            progress_report.c.location_id == report.location_id,
            progress_report.c.year == report.year,
            progress_report.c.version < report.version,
        )
    )
    return [Person(subject=row.submitted_by_subject, name=row.submitted_by) for row in rows]


async def newest(tx: AsyncConnection, keys: Sequence[tuple[str, int]]) -> Sequence[ProgressReport | None]:
    """The newest visible version of each (location, year)."""
    rows = await tx.execute(
        _WHOLE.ext(distinct_on(progress_report.c.location_id, progress_report.c.year))
        .where(
            progress_report.c.location_id.in_({location_id for location_id, _ in keys}),
            progress_report.c.year.in_({year for _, year in keys}),
        )
        .order_by(progress_report.c.location_id, progress_report.c.year, progress_report.c.version.desc())
    )
    found = {(row.location_id, row.year): _report(row) for row in rows}
    return [found.get(key) for key in keys]


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[ProgressReport | None]:
    rows = await tx.execute(_WHOLE.where(progress_report.c.id.in_(ids)))
    found = {row.id: _report(row) for row in rows}
    return [found.get(report_id) for report_id in ids]


async def existing(tx: AsyncConnection, report_id: str) -> ProgressReport:
    """That report. Refuses: NotFound, as for who may no longer see it."""
    (found,) = await by_ids(tx, [report_id])
    if found is None:
        raise NotFound(kind="progress report", key=report_id)
    return found


async def versions(tx: AsyncConnection, keys: Sequence[tuple[str, int]]) -> Sequence[Sequence[ProgressReport]]:
    """Every visible version of each (location, year), oldest first."""
    rows = await tx.execute(
        _WHOLE.where(
            progress_report.c.location_id.in_({location_id for location_id, _ in keys}),
            progress_report.c.year.in_({year for _, year in keys}),
        ).order_by(progress_report.c.version)
    )
    found: dict[tuple[str, int], list[ProgressReport]] = {}
    for row in rows:
        found.setdefault((row.location_id, row.year), []).append(_report(row))
    return [found.get(key, []) for key in keys]


async def pages(
    tx: AsyncConnection, location_ids: Sequence[str], *, limit: int, after: str | None
) -> Sequence[Sequence[ProgressReport]]:
    """For each location its first `limit` versions after `after` by id: the order in which they were submitted."""
    numbered = (
        select(
            progress_report.c.id,
            func.row_number()
            .over(partition_by=progress_report.c.location_id, order_by=progress_report.c.id)
            .label("place"),
        )
        .where(progress_report.c.location_id.in_(location_ids), *([progress_report.c.id > after] if after else []))
        .subquery()
    )
    rows = await tx.execute(
        _WHOLE.join(numbered, numbered.c.id == progress_report.c.id)
        .where(numbered.c.place <= limit)
        .order_by(progress_report.c.id)
    )
    found: dict[str, list[ProgressReport]] = {location_id: [] for location_id in location_ids}
    for row in rows:
        found[row.location_id].append(_report(row))
    return [found[location_id] for location_id in location_ids]


async def add(tx: AsyncConnection, new: ProgressReport, figures: Figures) -> None:
    """The report and its frozen figures."""
    await tx.execute(
        insert(progress_report).values(
            id=new.id,
            location_id=new.location_id,
            year=new.year,
            version=new.version,
            inventory_id=new.inventory_id,
            inventory_version=new.inventory_version,
            narrative=new.narrative,
            submitted_by_subject=new.submitted_by.subject,
            submitted_by=new.submitted_by.name,
            submitted_at=new.submitted_at,
        )
    )
    head = {"report_id": new.id, "location_id": new.location_id}
    await tx.execute(insert(report_figure), [head | values_of(figure) for figure in figures.figures])


async def add_decision(tx: AsyncConnection, report: ProgressReport, decision: Decision) -> None:
    await tx.execute(
        insert(report_decision).values(
            report_id=report.id,
            location_id=report.location_id,
            action=decision.action,
            by=decision.by,
            at=decision.at,
            reasons=decision.reasons,
        )
    )


async def figures_of(tx: AsyncConnection, report_ids: Sequence[str]) -> Sequence[Sequence[Figure]]:
    rows = await tx.execute(
        select(report_figure)
        .where(report_figure.c.report_id.in_(report_ids))
        .order_by(report_figure.c.section, report_figure.c.key)
    )
    found: dict[str, list[Figure]] = {report_id: [] for report_id in report_ids}
    for row in rows:
        found[row.report_id].append(figure_of(row))
    return [found[report_id] for report_id in report_ids]


async def accepted(tx: AsyncConnection, year: int) -> Mapping[str, tuple[str, Figures]]:
    """Id and frozen figures of each location's accepted report of the year; the newest, should there be several."""
    numbered = (
        select(
            progress_report.c.id,
            func.row_number()
            .over(partition_by=progress_report.c.location_id, order_by=progress_report.c.version.desc())
            .label("place"),
        )
        .join(report_decision, report_decision.c.report_id == progress_report.c.id)
        .where(progress_report.c.year == year, report_decision.c.action == ReportState.ACCEPTED)
        .subquery()
    )
    ids = list(await tx.scalars(select(numbered.c.id).where(numbered.c.place == 1)))
    found = await by_ids(tx, ids)
    figures = await figures_of(tx, ids)
    return {
        report.location_id: (
            report.id,
            Figures(
                inventory_id=report.inventory_id,
                inventory_version=report.inventory_version,
                figures=tuple(of_report),
            ),
        )
        for report, of_report in zip(found, figures, strict=True)
        if report is not None
    }
