"""SQL of what intensities are stated by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.denominator import DenominatorKind, DenominatorStatement, Topic
from inventory.tables import denominator_statement
from quantities.person import Person

__all__ = ["add", "by_id", "of_locations", "page", "people"]


async def add(tx: AsyncConnection, new: DenominatorStatement) -> None:
    await tx.execute(
        insert(denominator_statement).values(
            id=new.id,
            location_id=new.location_id,
            kind=new.kind,
            topic=new.topic,
            value=new.value,
            valid_from=new.valid_from,
            valid_to=new.valid_to,
            source=new.source,
            stated_by=new.by.name,
            stated_by_subject=new.by.subject,
            stated_at=new.at,
        )
    )


def _statement(row: Row[*tuple[Any, ...]]) -> DenominatorStatement:
    return DenominatorStatement(
        id=row.id,
        location_id=row.location_id,
        kind=DenominatorKind(row.kind),
        topic=None if row.topic is None else Topic(row.topic),
        value=row.value,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        by=Person(subject=row.stated_by_subject, name=row.stated_by),
        at=row.stated_at,
    )


async def by_id(tx: AsyncConnection, statement_id: str) -> DenominatorStatement:
    """That statement; it is there."""
    found = await tx.execute(select(denominator_statement).where(denominator_statement.c.id == statement_id))
    return _statement(found.one())


async def page(
    tx: AsyncConnection, *, location_id: str, limit: int, after: str | None
) -> Sequence[DenominatorStatement]:
    """Every statement of a location, in the order in which they were made."""
    statement = (
        select(denominator_statement)
        .where(denominator_statement.c.location_id == location_id)
        .order_by(denominator_statement.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(denominator_statement.c.id > after)
    return [_statement(row) for row in await tx.execute(statement)]


async def of_locations(
    tx: AsyncConnection, location_ids: Collection[str]
) -> Mapping[str, Sequence[DenominatorStatement]]:
    """Every statement of each location."""
    rows = await tx.execute(select(denominator_statement).where(denominator_statement.c.location_id.in_(location_ids)))
    found: dict[str, list[DenominatorStatement]] = {location_id: [] for location_id in location_ids}
    for row in rows:
        found[row.location_id].append(_statement(row))
    return found


async def people(tx: AsyncConnection, *, location_id: str, year: int) -> Sequence[Person]:
    """All who stated denominators that hold on a day of the year."""
    found = await tx.execute(
        select(denominator_statement.c.stated_by_subject, denominator_statement.c.stated_by)
        .where(
            denominator_statement.c.location_id == location_id,
            denominator_statement.c.valid_from < date(year + 1, 1, 1),
            or_(denominator_statement.c.valid_to.is_(None), denominator_statement.c.valid_to > date(year, 1, 1)),
        )
        .distinct()
    )
    return [Person(subject=subject, name=name) for subject, name in found]
