"""What totals that are kept with the lines are worth, and what keeping them costs.

`totals_10000000` asks for the whole Secretariat by location, year and category over that many lines: ours by the
service's own statement, role and row security; the reference is the plainest GROUP BY over the lines, by a superuser,
with no joins and no row security. Both give the same figures to the last digit, or the measure fails.

`rollup_upkeep_100000` puts that many lines into a draft by one INSERT of the serving role, with all keys and checks of
an import; the reference is the same with the triggers off that keep the totals. Each is rolled back.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

import asyncpg
from sqlalchemy import text

from inventory.domain.activity_data import Category
from inventory.domain.figures import Dimension, Figure, FiguresAsked
from inventory.store.figures import figures
from tools.bench.bed import Bed, Parts, bed
from tools.bench.measure import Measure, Reference

__all__ = ["rollup_upkeep", "totals"]

LOCATIONS, SITES, YEARS, LINES = 150, 3, 10, 10_000_000
"""Each location has so many sites, itself among them."""
IMPORTED = 100_000
ROOT = "secretariat"
ASKED = FiguresAsked(
    location_id=ROOT,
    by=frozenset({Dimension.LOCATION, Dimension.YEAR, Dimension.CATEGORY}),
    most=LOCATIONS * YEARS * len(Category),
)
GROUP_BY = """
SELECT inventory_id, category, sum(co2e_kg), sum(biogenic_co2_kg), count(*) FROM activity_record
 WHERE NOT optional AND coefficient_id IS NOT NULL GROUP BY inventory_id, category"""

REGISTER = """
INSERT INTO location (id, name, kind, parent_id, path, valid_from)
SELECT 'place-' || n, 'p', 'office', 'secretariat', 'secretariat.place-' || n, '2000-01-01'
  FROM generate_series(1, $1::integer) n;

INSERT INTO location (id, name, kind, parent_id, path, valid_from)
SELECT 'place-' || n || '-' || s, 's', 'site', 'place-' || n, 'secretariat.place-' || n || '.place-' || n || '-' || s,
       '2000-01-01'
  FROM generate_series(1, $1::integer) n, generate_series(2, $2::integer) s;

INSERT INTO location_closure
SELECT split_part(path, '.', up), id FROM location, generate_series(1, 3) up
 WHERE id LIKE 'place-%' AND split_part(path, '.', up) <> '';

INSERT INTO inventory (id, location_id, year, version, state, gwp_set, opened_by, opened_at)
SELECT 'i-' || n || '-' || y, 'place-' || n, 2014 + y, 1, 'draft', 'AR5', 'x', now()
  FROM generate_series(1, $1::integer) n, generate_series(1, $3::integer) y;

INSERT INTO activity_import (id, inventory_id, location_id, file_name, content_hash, row_count, imported_by,
    imported_at)
SELECT id, id, location_id, 'f', 'h', 1, 'x', now() FROM inventory;

INSERT INTO coefficient
SELECT c.n * 100 + v, c.name, 'k' || v, 'kWh', c.scope, c.optional, 'f', 'r', 'AR5', 'e',
       jsonb_build_object('CO2', (0.1 * v)::text, 'CH4', (0.0001 * v)::text), 0.1028 * v,
       CASE v WHEN 9 THEN 0.01 ELSE 0 END
  FROM unnest($4::text[], $5::integer[], $6::boolean[]) WITH ORDINALITY c (name, scope, optional, n),
       generate_series(1, 9) v
"""
# Spread so that every location, year, category and month has lines.
FILL = """
INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item, period_start,
    period_end, amount, unit, details, quality, scope, optional, coefficient_id, co2e_kg, biogenic_co2_kg)
SELECT l.inventory_id, l.inventory_id, l.site, 's', l.n, c.category, 'k', l.first, l.first + l.days, l.amount, 'kWh',
       '{}', 'measured', c.scope, c.optional, c.id, l.amount * c.co2e_kg_per_unit,
       l.amount * c.biogenic_co2_kg_per_unit
  FROM (SELECT n, 'i-' || $1::integer || '-' || (1 + n % $3::integer) AS inventory_id,
               'place-' || $1::integer
                   || CASE n / 7 % $4::integer WHEN 0 THEN '' ELSE '-' || (1 + n / 7 % $4::integer) END AS site,
               100 * (1 + n / 11 % $5::integer) + 1 + n / 5 % 9 AS coefficient,
               make_date(2014 + 1 + n % $3::integer, 1 + n / 13 % 12, 1 + n / 17 % 28) AS first,
               1 AS days, (1 + n * 7919 % 1000003)::numeric / 1000 AS amount
          FROM generate_series(0, $2::integer - 1) n) l
  JOIN coefficient c ON c.id = l.coefficient"""
FINAL_TOTALS = """
INSERT INTO inventory_final_total
SELECT inventory_id, scope, category, optional, sum(co2e_kg), sum(biogenic_co2_kg), sum(records)
  FROM inventory_total GROUP BY 1, 2, 3, 4 ORDER BY 1, 3"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    bed: Bed
    above_rules: "asyncpg.Connection[asyncpg.Record]"


@asynccontextmanager
async def _filled(parts: Parts) -> AsyncIterator[Setting]:
    """Locations, empty inventories and coefficients."""
    async with bed(parts, service="inventory") as inventory:
        database = inventory.urls.owner.rpartition("/")[2]
        above_rules = await asyncpg.connect(f"{parts.postgres.admin_url.rpartition('/')[0]}/{database}")
        try:
            counted = list(Category)
            values = {
                1: LOCATIONS, 2: SITES, 3: YEARS, 4: [item.value for item in counted],
                5: [item.scope for item in counted], 6: [item.is_optional for item in counted],
            }  # fmt: skip
            for statement in REGISTER.split(";\n\n"):
                numbers = sorted(number for number in values if f"${number}" in statement)
                renamed = statement
                for place, number in enumerate(numbers, start=1):
                    renamed = renamed.replace(f"${number}", f"${place}")
                await above_rules.execute(renamed, *(values[number] for number in numbers))
            yield Setting(bed=inventory, above_rules=above_rules)
        finally:
            await above_rules.close()


@asynccontextmanager
async def prepare_lines(parts: Parts) -> AsyncIterator[Setting]:
    """The lines, through the triggers that keep totals. What only an import needs is left out: it takes an hour.

    Refuses: RuntimeError where the two sides do not give the same figures.
    """
    async with _filled(parts) as setting:
        owner = setting.above_rules
        keys = await owner.fetch(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'activity_record'::regclass"
        )
        for (name,) in keys:
            await owner.execute(f"ALTER TABLE activity_record DROP CONSTRAINT {name}")
        await owner.execute("DROP INDEX activity_record_by_inventory; DROP INDEX activity_record_by_coefficient")
        await owner.execute("SET synchronous_commit = off")
        for place in range(1, LOCATIONS + 1):
            count = LINES // LOCATIONS + (1 if place <= LINES % LOCATIONS else 0)
            await owner.execute(FILL, place, count, YEARS, SITES, len(Category))
        # As an approval does, for each of them.
        await owner.execute(FINAL_TOTALS)
        await owner.execute("UPDATE inventory SET state = 'final', final_at = now()")
        await owner.execute("VACUUM ANALYZE")
        await _require_equal(setting)
        yield setting


async def _require_equal(setting: Setting) -> None:
    lines = await setting.above_rules.fetch(GROUP_BY)
    places = {row["id"]: row for row in await setting.above_rules.fetch("SELECT id, location_id, year FROM inventory")}
    expected = {
        (places[row[0]]["location_id"], places[row[0]]["year"], row[1]): (row[2], row[3], row[4]) for row in lines
    }
    found = {(item.location_id, item.year, item.category): (item.kg, item.biogenic_co2_kg, item.records)
             for item in await _figures(setting)}  # fmt: skip
    counted = sum(1 for item in Category if not item.is_optional)
    if found != expected or len(found) != LOCATIONS * YEARS * counted:
        message = f"totals and lines differ: {len(found)} and {len(expected)} groups"
        raise RuntimeError(message)


async def _figures(setting: Setting) -> tuple[Figure, ...]:
    async with setting.bed.database.transaction([ROOT]) as tx:
        return (await figures(tx, ASKED)).figures


async def from_totals(setting: Setting) -> float:
    began = time.perf_counter()
    await _figures(setting)
    return (time.perf_counter() - began) * 1000


async def from_lines(setting: Setting) -> float:
    began = time.perf_counter()
    await setting.above_rules.fetch(GROUP_BY)
    return (time.perf_counter() - began) * 1000


STAGED = """
CREATE TABLE staged AS
SELECT 'i-1-1' AS inventory_id, 'place-1' || CASE n % 3 WHEN 0 THEN '' ELSE '-' || (1 + n % 3) END AS location_id, n,
       c.category, c.scope, c.optional, c.id AS coefficient_id,
       make_date(2015, CASE WHEN n % 20 = 0 THEN 1 ELSE 1 + n / 13 % 12 END,
           CASE WHEN n % 5 = 1 THEN 1 ELSE 1 + n % 28 END) AS first,
       CASE WHEN n % 20 = 0 THEN 300 WHEN n % 5 = 1 THEN 28 ELSE 1 END AS days,
       (1 + n * 7919 % 1000003)::numeric / 1000 AS amount, c.co2e_kg_per_unit, c.biogenic_co2_kg_per_unit
  FROM generate_series(1, $1::integer) n JOIN coefficient c ON c.id = 100 * (1 + n / 11 % $2::integer) + 1 + n / 5 % 9;

GRANT SELECT ON staged TO inventory_serving
"""
IMPORT = """
INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item, period_start,
    period_end, amount, unit, details, quality, scope, optional, coefficient_id, co2e_kg, biogenic_co2_kg)
SELECT inventory_id, inventory_id, location_id, 's', n, category, 'k', first, first + days, amount, 'kWh', '{}',
       'measured', scope, optional, coefficient_id, amount * co2e_kg_per_unit, amount * biogenic_co2_kg_per_unit
  FROM staged ORDER BY n"""


@asynccontextmanager
async def prepare_import(parts: Parts) -> AsyncIterator[Setting]:
    """One line in twenty is of 300 days, one in five of a month, the others of a day.

    Refuses: RuntimeError where totals are not those of the lines.
    """
    async with _filled(parts) as setting:
        make, grant = STAGED.split(";\n\n")
        await setting.above_rules.execute(make, IMPORTED, len(Category))
        await setting.above_rules.execute(grant)
        await setting.above_rules.execute("ANALYZE staged")
        async with setting.bed.database.engine.connect() as connection:
            await connection.execute(text("SELECT set_config('app.roots', 'secretariat', true),"
                                          " set_config('app.sensitive_roots', 'secretariat', true)"))  # fmt: skip
            await connection.execute(text(IMPORT))
            for table in ("inventory_total", "inventory_month_total"):
                ours, lines = [
                    await connection.scalar(text(f"SELECT sum(co2e_kg) FROM {name}"))
                    for name in (table, "activity_record")
                ]
                if ours != lines or Decimal(0) == ours:
                    message = f"{table} has {ours} kg, the lines {lines}"
                    raise RuntimeError(message)
            await connection.rollback()
        yield setting


async def _imported(setting: Setting) -> float:
    async with setting.bed.database.engine.connect() as connection:
        await connection.execute(text("SELECT set_config('app.roots', 'secretariat', true),"
                                      " set_config('app.sensitive_roots', 'secretariat', true)"))  # fmt: skip
        began = time.perf_counter()
        await connection.execute(text(IMPORT))
        took = (time.perf_counter() - began) * 1000
        await connection.rollback()
    await setting.above_rules.execute("VACUUM activity_record")
    return took


async def kept(setting: Setting) -> float:
    return await _imported(setting)


async def not_kept(setting: Setting) -> float:
    alter = "ALTER TABLE activity_record {} TRIGGER activity_record_adds_to_sums"
    await setting.above_rules.execute(alter.format("DISABLE"))
    try:
        return await _imported(setting)
    finally:
        await setting.above_rules.execute(alter.format("ENABLE"))


totals = Measure(
    name="totals_10000000",
    unit="ms",
    higher_is_better=False,
    prepare=prepare_lines,
    ours=from_totals,
    references=(Reference(against="GROUP BY over the lines, by a superuser", run=from_lines),),
    runs=5,
    warm_up_runs=1,
)
rollup_upkeep = Measure(
    name="rollup_upkeep_100000",
    unit="ms",
    higher_is_better=False,
    prepare=prepare_import,
    ours=kept,
    references=(Reference(against="the same INSERT without totals", run=not_kept),),
)
