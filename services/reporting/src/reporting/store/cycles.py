"""SQL of reporting cycles."""

from collections.abc import Sequence

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location
from reporting.domain.cycle import ReportingCycle
from reporting.tables import reporting_cycle, reporting_duty

__all__ = ["add", "by_year", "by_year_for_opening", "paths_of"]


async def add(tx: AsyncConnection, cycle: ReportingCycle) -> None:
    await tx.execute(
        insert(reporting_cycle).values(
            year=cycle.year, due_on=cycle.due_on, opened_by=cycle.opened_by, opened_at=cycle.opened_at
        )
    )
    await tx.execute(
        insert(reporting_duty), [{"year": cycle.year, "location_id": location_id} for location_id in cycle.owing]
    )


async def by_year(tx: AsyncConnection, year: int) -> ReportingCycle | None:
    row = (await tx.execute(select(reporting_cycle).where(reporting_cycle.c.year == year))).one_or_none()
    if row is None:
        return None
    owing = await tx.scalars(
        select(reporting_duty.c.location_id).where(reporting_duty.c.year == year).order_by(reporting_duty.c.location_id)
    )
    return ReportingCycle(
        year=row.year, due_on=row.due_on, owing=tuple(owing), opened_by=row.opened_by, opened_at=row.opened_at
    )


async def by_year_for_opening(tx: AsyncConnection, year: int) -> ReportingCycle | None:
    """That cycle; whoever else would open it waits until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"cycle {year}"})
    return await by_year(tx, year)


async def paths_of(tx: AsyncConnection, location_ids: Sequence[str]) -> dict[str, str]:
    rows = await tx.execute(select(location.c.id, location.c.path).where(location.c.id.in_(location_ids)))
    return {row.id: row.path for row in rows}
