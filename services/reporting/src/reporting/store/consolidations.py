"""SQL of consolidated reports and their publication."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import publication
from reporting.domain.consolidated_report import ConsolidatedReport, Member
from reporting.store.figures import figure_of, values_of
from reporting.tables import (
    consolidated_figure,
    consolidated_member,
    consolidated_publication,
    consolidated_report,
)

__all__ = ["add", "by_id", "existing", "for_publication", "newest", "next_version", "publish"]

AnyRow = Row[*tuple[Any, ...]]

_HEAD = select(consolidated_report, consolidated_publication.c.at.label("published_at")).outerjoin(
    consolidated_publication, consolidated_publication.c.consolidated_id == consolidated_report.c.id
)


async def _whole(tx: AsyncConnection, head: AnyRow | None) -> ConsolidatedReport | None:
    if head is None:
        return None
    members = (
        await tx.execute(
            select(consolidated_member)
            .where(consolidated_member.c.consolidated_id == head.id)
            .order_by(consolidated_member.c.member_id)
        )
    ).all()
    figures = await tx.execute(
        select(consolidated_figure)
        .where(consolidated_figure.c.consolidated_id == head.id)
        .order_by(consolidated_figure.c.section, consolidated_figure.c.key)
    )
    return ConsolidatedReport(
        id=head.id,
        location_id=head.location_id,
        year=head.year,
        version=head.version,
        included=tuple(
            Member(
                location_id=row.member_id,
                report_id=row.report_id,
                inventory_id=row.inventory_id,
                inventory_version=row.inventory_version,
                total_kg=row.total_kg,
            )
            for row in members
            if row.report_id is not None
        ),
        missing=tuple(row.member_id for row in members if row.report_id is None),
        figures=tuple(figure_of(row) for row in figures),
        consolidated_by=head.consolidated_by,
        consolidated_at=head.consolidated_at,
        published_at=head.published_at,
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
            consolidated_by=new.consolidated_by,
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
    """Open the report, and the included locations' figures, to everyone."""
    await tx.execute(
        insert(consolidated_publication).values(consolidated_id=report.id, location_id=report.location_id, by=by, at=at)
    )
    await tx.execute(
        insert(publication),
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


async def by_id(tx: AsyncConnection, report_id: str) -> ConsolidatedReport | None:
    return await _whole(tx, (await tx.execute(_HEAD.where(consolidated_report.c.id == report_id))).one_or_none())


async def for_publication(tx: AsyncConnection, report_id: str) -> ConsolidatedReport | None:
    """That report; another publication of it waits until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"publish {report_id}"})
    return await by_id(tx, report_id)


async def existing(tx: AsyncConnection, report_id: str) -> ConsolidatedReport:
    """That report; it is there."""
    found = await by_id(tx, report_id)
    if found is None:
        raise LookupError(report_id)
    return found


async def newest(tx: AsyncConnection, year: int) -> ConsolidatedReport | None:
    """The newest version of the year that the transaction may see."""
    statement = _HEAD.where(consolidated_report.c.year == year).order_by(consolidated_report.c.version.desc()).limit(1)
    return await _whole(tx, (await tx.execute(statement)).one_or_none())
