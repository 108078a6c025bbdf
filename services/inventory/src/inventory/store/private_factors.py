"""SQL of factors that an entity alone may use. Row security shows them to it, to those above and to its own sites."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location, location_closure
from inventory.domain.emission_factor import EmissionFactor
from inventory.domain.private_factors import PrivateRelease
from inventory.store.factors import factor_in, values_of
from inventory.tables import activity_record, coefficient, private_factor, private_factor_release
from quantities.person import Person

__all__ = [
    "add",
    "by_id",
    "by_name",
    "entities_of",
    "factors_of",
    "factors_page",
    "has_hidden_lines",
    "page",
]

_ADD_FACTORS = text(
    "INSERT INTO private_factor SELECT f.*"
    " FROM jsonb_populate_recordset(NULL::private_factor, CAST(:rows AS jsonb)) AS f"
)


async def add(tx: AsyncConnection, new: PrivateRelease, factors: Sequence[EmissionFactor]) -> None:
    """A release with all of its factors: the database takes it in whole or not at all."""
    await tx.execute(
        insert(private_factor_release).values(
            id=new.id,
            location_id=new.location_id,
            name=new.name,
            publisher=new.publisher,
            licence=new.licence,
            licence_text=new.licence_text,
            content_hash=new.content_hash,
            factor_count=new.factor_count,
            loaded_by=new.loaded_by.name,
            loaded_by_subject=new.loaded_by.subject,
            loaded_at=new.loaded_at,
        )
    )
    rows = [values_of(factor) | {"location_id": new.location_id} for factor in factors]
    await tx.execute(_ADD_FACTORS, {"rows": orjson.dumps(rows).decode()})


def _release(row: Row[*tuple[Any, ...]]) -> PrivateRelease:
    return PrivateRelease(
        id=row.id,
        location_id=row.location_id,
        name=row.name,
        publisher=row.publisher,
        licence=row.licence,
        licence_text=row.licence_text,
        content_hash=row.content_hash,
        factor_count=row.factor_count,
        loaded_by=Person(subject=row.loaded_by_subject, name=row.loaded_by),
        loaded_at=row.loaded_at,
    )


async def by_id(tx: AsyncConnection, release_id: str) -> PrivateRelease:
    """That release; it is there."""
    found = await tx.execute(select(private_factor_release).where(private_factor_release.c.id == release_id))
    return _release(found.one())


async def by_name(tx: AsyncConnection, *, location_id: str, name: str) -> PrivateRelease | None:
    found = await tx.execute(
        select(private_factor_release).where(
            private_factor_release.c.location_id == location_id, private_factor_release.c.name == name
        )
    )
    row = found.one_or_none()
    return None if row is None else _release(row)


async def page(tx: AsyncConnection, *, location_id: str, limit: int, after: str | None) -> Sequence[PrivateRelease]:
    """Releases of a location, in the order in which they were loaded."""
    statement = (
        select(private_factor_release)
        .where(private_factor_release.c.location_id == location_id)
        .order_by(private_factor_release.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(private_factor_release.c.id > after)
    return [_release(row) for row in await tx.execute(statement)]


async def factors_page(
    tx: AsyncConnection, *, release_id: str, limit: int, after: str | None
) -> Sequence[EmissionFactor]:
    """Factors of a release, by id."""
    statement = (
        select(private_factor)
        .where(private_factor.c.release_id == release_id)
        .order_by(private_factor.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(private_factor.c.id > after)
    return [factor_in(row, private_to=row.location_id) for row in await tx.execute(statement)]


async def entities_of(tx: AsyncConnection, location_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Locations with factors of their own that each is at or under, nearest first; without those that have none."""
    with_own = select(private_factor_release.c.location_id)
    rows = await tx.execute(
        select(location_closure.c.descendant_id, location_closure.c.ancestor_id)
        .join(location, location.c.id == location_closure.c.ancestor_id)
        .where(location_closure.c.descendant_id.in_(location_ids), location_closure.c.ancestor_id.in_(with_own))
        .order_by(location.c.path.desc())
    )
    found: dict[str, tuple[str, ...]] = {}
    for site, entity in rows:
        found[site] = (*found.get(site, ()), entity)
    return found


async def factors_of(tx: AsyncConnection, entities: Sequence[str]) -> Sequence[EmissionFactor]:
    """Every factor of these entities, in the order of loading."""
    rows = await tx.execute(
        select(private_factor)
        .where(private_factor.c.location_id.in_(entities))
        .order_by(private_factor.c.release_id, private_factor.c.id)
    )
    return [factor_in(row, private_to=row.location_id) for row in rows]


async def has_hidden_lines(tx: AsyncConnection, inventory_id: str) -> bool:
    """Whether lines of it are by factors that another entity has of its own."""
    hidden = (
        select(activity_record.c.id)
        .outerjoin(coefficient, coefficient.c.id == activity_record.c.coefficient_id)
        .where(
            activity_record.c.inventory_id == inventory_id,
            activity_record.c.coefficient_id.is_not(None),
            coefficient.c.id.is_(None),
        )
        .limit(1)
    )
    return (await tx.execute(hidden)).first() is not None
