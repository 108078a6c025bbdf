"""SQL of consolidated reports and their publication."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.refusals import NotFound
from chassis.tables import publication
from quantities.person import Person
from reporting.domain.consolidated_report import ConsolidatedReport, Member
from reporting.domain.figure import Figure
from reporting.store.figures import figure_of, values_of
from reporting.tables import (
    consolidated_figure,
    consolidated_member,
    consolidated_publication,
    consolidated_report,
)

__all__ = ["add", "by_ids", "existing", "for_publication", "newest", "next_version", "publish"]

AnyRow = Row[*tuple[Any, ...]]

_HEAD = select(consolidated_report, consolidated_publication.c.at.label("published_at")).outerjoin(
    consolidated_publication, consolidated_publication.c.consolidated_id == consolidated_report.c.id
)


async def _whole(tx: AsyncConnection, heads: Sequence[AnyRow]) -> Sequence[ConsolidatedReport]:
    """Each with its members and figures: one statement for all members, one for all figures."""
    ids = [head.id for head in heads]
    if not ids:
        return []
    members: dict[str, list[AnyRow]] = {report_id: [] for report_id in ids}
    for row in await tx.execute(
        select(consolidated_member)
        .where(consolidated_member.c.consolidated_id.in_(ids))
        .order_by(consolidated_member.c.member_id)
    ):
        members[row.consolidated_id].append(row)
    figures: dict[str, list[Figure]] = {report_id: [] for report_id in ids}
    for row in await tx.execute(
        select(consolidated_figure)
        .where(consolidated_figure.c.consolidated_id.in_(ids))
        .order_by(consolidated_figure.c.section, consolidated_figure.c.key)
    ):
        figures[row.consolidated_id].append(figure_of(row))
    return [
        ConsolidatedReport(
            id=head.id,
            location_id=head.location_id,
            year=head.year,
            version=head.version,
            included=tuple(_member(row) for row in members[head.id] if row.report_id is not None),
            missing=tuple(row.member_id for row in members[head.id] if row.report_id is None),
            figures=tuple(figures[head.id]),
            consolidated_by=Person(subject=head.consolidated_by_subject, name=head.consolidated_by),
            consolidated_at=head.consolidated_at,
            published_at=head.published_at,
        )
        for head in heads
    ]


def _member(row: AnyRow) -> Member:
    return Member(
        location_id=row.member_id,
        report_id=row.report_id,
        inventory_id=row.inventory_id,
        inventory_version=row.inventory_version,
        total_kg=row.total_kg,
    )


async def next_version(tx: AsyncConnection, year: int) -> int:
    """The number of the next consolidation; another one of the year waits until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"consolidate {year}"})
    newest_version = await tx.scalar(
        select(func.max(consolidated_report.c.version)).where(consolidated_report.c.year == year)
    )
    return (newest_version or 0) + 1


async def add(tx: AsyncConnection, new: ConsolidatedReport) -> None:
    head = {"consolidated_id": new.id, "location_id": new.location_id}
    await tx.execute(
        insert(consolidated_report).values(
            id=new.id,
            location_id=new.location_id,
            year=new.year,
            version=new.version,
            consolidated_by=new.consolidated_by.name,
            consolidated_by_subject=new.consolidated_by.subject,
            consolidated_at=new.consolidated_at,
        )
    )
    nothing = {"report_id": None, "inventory_id": None, "inventory_version": None, "total_kg": None}
    await tx.execute(
        insert(consolidated_member),
        [
            head
            | {
                "member_id": member.location_id,
                "report_id": member.report_id,
                "inventory_id": member.inventory_id,
                "inventory_version": member.inventory_version,
                "total_kg": member.total_kg,
            }
            for member in new.included
        ]
        + [head | nothing | {"member_id": location_id} for location_id in new.missing],
    )
    await tx.execute(insert(consolidated_figure), [head | values_of(figure) for figure in new.figures])


async def publish(tx: AsyncConnection, report: ConsolidatedReport, *, by: str, at: datetime) -> None:
    """Open the report, and the included locations' figures, to everyone; an earlier version may have opened some."""
    await tx.execute(
        insert(consolidated_publication).values(consolidated_id=report.id, location_id=report.location_id, by=by, at=at)
    )
    await tx.execute(
        upsert(publication).on_conflict_do_nothing(),
        [
            {
                "location_id": member.location_id,
                "year": report.year,
                "inventory_id": member.inventory_id,
                "report_id": report.id,
            }
            for member in report.included
        ],
    )


async def by_ids(tx: AsyncConnection, ids: Sequence[str]) -> Sequence[ConsolidatedReport | None]:
    heads = (await tx.execute(_HEAD.where(consolidated_report.c.id.in_(ids)))).all()
    found = {report.id: report for report in await _whole(tx, heads)}
    return [found.get(report_id) for report_id in ids]


async def for_publication(tx: AsyncConnection, report_id: str) -> ConsolidatedReport | None:
    """That report; another publication of it waits until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"publish {report_id}"})
    (found,) = await by_ids(tx, [report_id])
    return found


async def existing(tx: AsyncConnection, report_id: str) -> ConsolidatedReport:
    """That report. Refuses: NotFound, as for who may no longer see it."""
    (found,) = await by_ids(tx, [report_id])
    if found is None:
        raise NotFound(kind="consolidated report", key=report_id)
    return found


async def newest(tx: AsyncConnection, year: int) -> ConsolidatedReport | None:
    """The newest version of the year that the transaction may see."""
    statement = _HEAD.where(consolidated_report.c.year == year).order_by(consolidated_report.c.version.desc()).limit(1)
    found = await _whole(tx, (await tx.execute(statement)).all())
    return found[0] if found else None
