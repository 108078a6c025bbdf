"""SQL of proxies for small offices."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Exists, Row, exists, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.activity_data import Category
from inventory.domain.inventory import Inventory
from inventory.domain.proxy import ComparableUse, Proxy, ProxyEstimate
from inventory.store import corrections
from inventory.store.records import ActivityImport
from inventory.tables import activity_record, proxy_estimate
from quantities import Unit
from quantities.person import Person

__all__ = ["add", "comparable_uses", "copy", "displaced", "has_records", "is_proxy", "of_import", "of_source", "page"]

# The last final version of the year, of every office; also where it was part of another inventory then. What was
# itself extrapolated is no ground to extrapolate from.
_COMPARABLE = text(
    """
    WITH of_version AS (
        SELECT DISTINCT ON (b.of_location_id, b.location_id) b.inventory_id, b.location_id
          FROM inventory_site b WHERE b.year = :year AND b.location_id = ANY (:locations)
         ORDER BY b.of_location_id, b.location_id, b.version DESC
    )
    SELECT r.location_id, r.item, r.details ->> 'treatment' AS treatment, r.unit, sum(r.amount) AS amount
      FROM of_version v
      JOIN activity_record r ON r.inventory_id = v.inventory_id AND r.location_id = v.location_id
     WHERE r.category = :category AND r.quality <> 'extrapolated'
       AND coalesce(r.details ->> 'form', 'amount') = 'amount'
     GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """
)


async def comparable_uses(
    tx: AsyncConnection, location_ids: Sequence[str], *, category: Category, year: int
) -> Sequence[ComparableUse]:
    """What offices that the caller sees recorded of a category, as plain amounts."""
    rows = await tx.execute(_COMPARABLE, {"year": year, "locations": list(location_ids), "category": category.value})
    return [
        ComparableUse(
            location_id=row.location_id,
            item=row.item,
            treatment=row.treatment if category == Category.WASTE else None,
            unit=Unit(row.unit),
            amount=row.amount,
        )
        for row in rows
    ]


def is_proxy() -> Exists:
    """Of a line of activity_record."""
    return exists().where(
        proxy_estimate.c.record_id == activity_record.c.id,
        proxy_estimate.c.inventory_id == activity_record.c.inventory_id,
    )


async def has_records(tx: AsyncConnection, *, inventory_id: str, location_id: str, category: str) -> bool:
    """Whether a site has records of a source that are no proxies."""
    found = select(activity_record.c.id).where(
        activity_record.c.inventory_id == inventory_id,
        activity_record.c.location_id == location_id,
        activity_record.c.category == category,
        ~is_proxy(),
    )
    return await tx.scalar(found.limit(1)) is not None


async def of_source(tx: AsyncConnection, *, inventory_id: str, location_id: str, category: str) -> Sequence[int]:
    """Lines of a site and source that are proxies."""
    found = (
        select(activity_record.c.id)
        .where(
            activity_record.c.inventory_id == inventory_id,
            activity_record.c.location_id == location_id,
            activity_record.c.category == category,
            is_proxy(),
        )
        .order_by(activity_record.c.id)
    )
    return list(await tx.scalars(found))


_DISPLACED = text(
    """
    SELECT r.id FROM activity_record r JOIN proxy_estimate p ON p.record_id = r.id AND p.inventory_id = r.inventory_id
     WHERE r.inventory_id = :inventory_id AND r.import_id <> :import_id
       AND EXISTS (SELECT FROM activity_record n WHERE n.inventory_id = :inventory_id AND n.import_id = :import_id
                   AND n.location_id = r.location_id AND n.category = r.category)
     ORDER BY r.id
    """
)


async def displaced(tx: AsyncConnection, *, inventory_id: str, import_id: str) -> Sequence[int]:
    """Proxies of sites and sources of which an import has records."""
    if await tx.scalar(
        select(proxy_estimate.c.record_id).where(proxy_estimate.c.inventory_id == inventory_id).limit(1)
    ):
        return list(await tx.scalars(_DISPLACED, {"inventory_id": inventory_id, "import_id": import_id}))
    return []


async def add(
    tx: AsyncConnection,
    proxies: Sequence[Proxy],
    *,
    of: Inventory,
    taken: ActivityImport,
    comparable_ids: Sequence[str],
) -> None:
    """Proxies that are the rows of an import, in its order."""
    lines = await tx.scalars(
        select(activity_record.c.id)
        .where(activity_record.c.import_id == taken.id)
        .order_by(activity_record.c.row_number)
    )
    await tx.execute(
        insert(proxy_estimate),
        [
            {
                "record_id": line,
                "inventory_id": of.id,
                "import_id": taken.id,
                "location_id": proxy.location_id,
                "category": proxy.category.value,
                "item": proxy.per_person.item,
                "unit": proxy.per_person.unit.value,
                "personnel": proxy.personnel,
                "per_person": proxy.per_person.amount,
                "amount": proxy.amount,
                "formula": proxy.formula,
                "basis": proxy.per_person.basis,
                "comparable_ids": list(comparable_ids),
                "reason": proxy.reason,
                "estimated_by": taken.imported_by.name,
                "estimated_by_subject": taken.imported_by.subject,
                "estimated_at": taken.imported_at,
            }
            for proxy, line in zip(proxies, lines, strict=True)
        ],
    )


async def copy(tx: AsyncConnection, new: Inventory, *, of: str) -> None:
    await corrections.copy_beside(tx, proxy_estimate, new, of=of)


def _estimate(row: Row[*tuple[Any, ...]]) -> ProxyEstimate:
    return ProxyEstimate(
        inventory_id=row.inventory_id,
        record_id=row.record_id,
        import_id=row.import_id,
        location_id=row.location_id,
        category=Category(row.category),
        item=row.item,
        unit=Unit(row.unit),
        personnel=row.personnel,
        per_person=row.per_person,
        amount=row.amount,
        formula=row.formula,
        basis=row.basis,
        comparable_ids=tuple(row.comparable_ids),
        reason=row.reason,
        by=Person(subject=row.estimated_by_subject, name=row.estimated_by),
        at=row.estimated_at,
    )


async def of_import(tx: AsyncConnection, import_id: str) -> Sequence[ProxyEstimate]:
    """Proxies that were made together, as they were made."""
    found = select(proxy_estimate).where(proxy_estimate.c.import_id == import_id).order_by(proxy_estimate.c.record_id)
    rows = (await tx.execute(found)).all()
    return [_estimate(row) for row in rows if row.inventory_id == rows[0].inventory_id]


async def page(tx: AsyncConnection, *, inventory_id: str, limit: int, after: int | None) -> Sequence[ProxyEstimate]:
    """Every proxy of a version, in the order of its line; also of lines that have given way."""
    statement = (
        select(proxy_estimate)
        .where(proxy_estimate.c.inventory_id == inventory_id)
        .order_by(proxy_estimate.c.record_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(proxy_estimate.c.record_id > after)
    return [_estimate(row) for row in await tx.execute(statement)]
