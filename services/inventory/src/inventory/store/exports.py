"""SQL of files: rows in the order of their columns, read group by group."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.export import Extent
from inventory.domain.method import CO2E_UNIT
from inventory.store.figures import stream_of

__all__ = ["GROUP", "Version", "records", "totals", "version"]

GROUP = 2_000
"""Rows that are in memory at once."""

_VERSION = (
    "i.id, i.location_id, i.year, i.version, i.state, coalesce(i.final_at, CAST(:now AS timestamptz)),"
    " CAST(:extent AS text), i.method_edition"
)
# Gases of one unit are texts in JSON, exact as they were; numeric keeps every digit of the product.
_GAS = "r.amount * CAST(c.kg_per_unit ->> '{gas}' AS numeric)"

_RECORDS = text(
    f"SELECT {_VERSION}, r.id, r.location_id, r.category, {stream_of('r.category')}, r.scope, r.optional, r.item,"  # noqa: S608 - the code's own parts
    " CAST(r.details AS text), r.period_start, r.period_end - 1, r.amount, r.unit, r.uncertainty_percent, r.quality,"
    " r.note, r.co2e_kg,"
    f" CASE WHEN r.co2e_kg IS NOT NULL THEN '{CO2E_UNIT}' END, {_GAS.format(gas='CO2')}, {_GAS.format(gas='CH4')},"
    f" {_GAS.format(gas='N2O')},"
    " (SELECT CAST(jsonb_object_agg(key, CAST(r.amount * CAST(value AS numeric) AS text)) AS text)"
    "    FROM jsonb_each_text(c.kg_per_unit) WHERE key NOT IN ('CO2', 'CH4', 'N2O', 'CO2e')),"
    " CASE WHEN c.kg_per_unit IS NOT NULL AND NOT c.kg_per_unit ? 'CO2e' THEN 'kg' END, r.biogenic_co2_kg,"
    " CASE WHEN r.biogenic_co2_kg IS NOT NULL THEN 'kg' END, c.factor_id, c.factor_release, c.gwp_set, c.explanation,"
    " m.id, m.file_name, m.content_hash, r.sheet, r.row_number"
    " FROM activity_record r JOIN inventory i ON i.id = r.inventory_id LEFT JOIN coefficient c"
    " ON c.id = r.coefficient_id LEFT JOIN activity_import m ON m.id = r.import_id"
    " WHERE r.inventory_id = :inventory_id AND (CAST(:category AS text) IS NULL OR r.category = :category)"
    " ORDER BY r.id LIMIT :limit"
)

_TOTALS = text(
    f"SELECT {_VERSION}, t.location_id, t.scope, t.category, {stream_of('t.category')}, t.optional, t.co2e_kg,"  # noqa: S608 - as above
    f" m.co2e_kg, '{CO2E_UNIT}', t.biogenic_co2_kg, 'kg', t.records, i.gwp_set"
    " FROM inventory_total t JOIN inventory i ON i.id = t.inventory_id LEFT JOIN inventory_market_total m"
    " ON (m.inventory_id, m.location_id, m.scope, m.category, m.optional)"
    " = (t.inventory_id, t.location_id, t.scope, t.category, t.optional)"
    " WHERE t.inventory_id = :inventory_id"
    ' ORDER BY t.location_id COLLATE "C", t.scope, t.category COLLATE "C", t.optional LIMIT :limit'
)


_FACTS = text(
    "SELECT i.id, i.location_id, l.name AS location_name, i.year, i.version, i.state, i.final_at, i.gwp_set,"
    " i.method_edition FROM inventory i JOIN location l ON l.id = i.location_id WHERE i.id = :inventory_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a file says of the version that it is of."""

    id: str
    location_id: str
    location_name: str
    year: int
    version: int
    state: str
    final_at: datetime | None
    gwp_set: str
    method_edition: str


async def version(tx: AsyncConnection, inventory_id: str) -> Version | None:
    """The version, if it is one that the caller may see."""
    row = (await tx.execute(_FACTS, {"inventory_id": inventory_id})).one_or_none()
    return None if row is None else Version(**row._asdict())


async def records(
    tx: AsyncConnection, *, inventory_id: str, category: str | None, now: datetime, extent: Extent, most: int
) -> AsyncIterator[Sequence[Any]]:
    """Records of a version that the caller may see, as `RECORDS` has them; one more than `most` at the most."""
    values = {"inventory_id": inventory_id, "category": category, "now": now, "extent": extent.value}
    async for group in _groups(tx, _RECORDS, values, most=most):
        yield group


async def totals(
    tx: AsyncConnection, *, inventory_id: str, now: datetime, extent: Extent, most: int
) -> AsyncIterator[Sequence[Any]]:
    """Totals of a version by site and category, as `TOTALS` has them."""
    async for group in _groups(
        tx, _TOTALS, {"inventory_id": inventory_id, "now": now, "extent": extent.value}, most=most
    ):
        yield group


async def _groups(
    tx: AsyncConnection, statement: Any, values: dict[str, Any], *, most: int
) -> AsyncIterator[Sequence[Any]]:
    async with tx.stream(statement, values | {"limit": most + 1}) as found:
        async for group in found.partitions(GROUP):
            yield group
