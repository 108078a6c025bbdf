"""SQL of calendars that locations report by."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.figures import Calendar
from inventory.domain.reporting_calendar import CalendarChange
from inventory.tables import reporting_calendar
from quantities.person import Person

__all__ = ["add", "by_id", "in_force", "lock", "own"]


def _change(row: Row[*tuple[Any, ...]]) -> CalendarChange:
    return CalendarChange(
        id=row.id,
        location_id=row.location_id,
        calendar=Calendar(row.calendar),
        valid_from=row.valid_from,
        reason=row.reason,
        set_by=Person(subject=row.set_by_subject, name=row.set_by),
        set_at=row.set_at,
    )


async def lock(tx: AsyncConnection, location_id: str) -> None:
    """Changes of the location's calendar wait for each other until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('reporting calendar ' || :id))"), {"id": location_id})


async def add(tx: AsyncConnection, new: CalendarChange) -> None:
    await tx.execute(
        insert(reporting_calendar).values(
            id=new.id,
            location_id=new.location_id,
            calendar=new.calendar,
            valid_from=new.valid_from,
            reason=new.reason,
            set_by=new.set_by.name,
            set_by_subject=new.set_by.subject,
            set_at=new.set_at,
        )
    )


async def by_id(tx: AsyncConnection, change_id: str) -> CalendarChange:
    """That change; it is there."""
    return _change((await tx.execute(select(reporting_calendar).where(reporting_calendar.c.id == change_id))).one())


async def own(tx: AsyncConnection, location_id: str) -> Sequence[CalendarChange]:
    """Of the location itself, by their days, and of two for one day the later one last."""
    rows = await tx.execute(
        select(reporting_calendar)
        .where(reporting_calendar.c.location_id == location_id)
        .order_by(reporting_calendar.c.valid_from, reporting_calendar.c.id)
    )
    return [_change(row) for row in rows]


_IN_FORCE = text(
    # The path of a location below is the longer one.
    "SELECT asked.id AS of_id, r.* FROM unnest(CAST(:ids AS text[])) AS asked (id) JOIN reporting_calendar r"
    " ON r.location_id = (SELECT c.ancestor_id FROM location_closure c"
    " JOIN location l ON l.id = c.ancestor_id WHERE c.descendant_id = asked.id"
    " AND EXISTS (SELECT FROM reporting_calendar o WHERE o.location_id = c.ancestor_id)"
    " ORDER BY length(l.path) DESC LIMIT 1) ORDER BY r.valid_from, r.id"
)


async def in_force(tx: AsyncConnection, location_ids: Sequence[str]) -> Sequence[Sequence[CalendarChange]]:
    """Of each location its own, or else those of the nearest location above it that has some; by their days."""
    found: dict[str, list[CalendarChange]] = {location_id: [] for location_id in location_ids}
    for row in await tx.execute(_IN_FORCE, {"ids": list(found)}):
        found[row.of_id].append(_change(row))
    return [found[location_id] for location_id in location_ids]
