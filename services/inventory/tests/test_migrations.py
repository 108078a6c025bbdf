"""What a migration makes of rows that are there already."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import pytest

from chassis.database import Database
from chassis.migrations import migrate
from inventory.store.inventories import totals_of

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls, EmbeddedPostgres
    from services.inventory.tests.conftest import Inventories

BEFORE_0007 = """
CREATE FUNCTION add_to_inventory_total() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
ALTER TABLE activity_record DROP COLUMN coefficient_id, DROP COLUMN scope, DROP COLUMN optional, DROP COLUMN co2e_kg,
    DROP COLUMN biogenic_co2_kg;
DROP TABLE coefficient;
DROP FUNCTION refuse_change_of_coefficient;
CREATE TABLE emission (
    activity_record_id bigint PRIMARY KEY REFERENCES activity_record (id),
    inventory_id text NOT NULL REFERENCES inventory (id), location_id text NOT NULL REFERENCES location (id),
    scope integer NOT NULL, category text NOT NULL, optional boolean NOT NULL, factor_id text NOT NULL,
    factor_release text NOT NULL, explanation text NOT NULL, gwp_set text NOT NULL, gas_kg jsonb NOT NULL,
    co2e_kg numeric NOT NULL, biogenic_co2_kg numeric NOT NULL
);
CREATE TRIGGER emission_adds_to_total AFTER INSERT ON emission REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_to_inventory_total()
"""
LINES = (
    "SELECT r.id, r.amount, r.category, r.scope, r.optional, r.co2e_kg, r.biogenic_co2_kg, c.factor_id, c.gwp_set,"
    " c.kg_per_unit FROM activity_record r LEFT JOIN coefficient c ON c.id = r.coefficient_id ORDER BY r.id"
)


async def test_records_and_emissions_become_lines_with_the_same_figures(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    await inventories.final()
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute("SELECT set_config('app.sensitive_roots', 'secretariat', false)")
    lines = await owner.fetch(LINES)
    totals = await owner.fetch("SELECT * FROM inventory_total ORDER BY 1, 2, 3, 4, 5")
    kept = await owner.fetch(
        "SELECT r.id, r.inventory_id, r.location_id, r.scope, r.category, r.optional, c.factor_id, c.factor_release,"
        " c.explanation, c.gwp_set, (SELECT jsonb_object_agg(key, (value::numeric * r.amount)::text)"
        " FROM jsonb_each_text(c.kg_per_unit)) AS gas_kg, r.co2e_kg, r.biogenic_co2_kg"
        " FROM activity_record r JOIN coefficient c ON c.id = r.coefficient_id"
    )
    # As the revision before it had them.
    await owner.execute(
        "ALTER TABLE activity_record DISABLE TRIGGER USER; ALTER TABLE coefficient DISABLE TRIGGER USER"
    )
    await owner.execute(BEFORE_0007)
    await owner.execute("ALTER TABLE emission DISABLE TRIGGER USER")
    await owner.copy_records_to_table("emission", records=[tuple(row.values()) for row in kept])
    await owner.execute("ALTER TABLE emission ENABLE TRIGGER USER")
    await owner.execute("ALTER TABLE activity_record ENABLE TRIGGER USER")
    migration = import_module("inventory.migrations.versions.0007_one_line_table")
    statements: list[str] = []
    monkeypatch.setattr(migration, "op", SimpleNamespace(execute=statements.append))

    await owner.execute("SELECT set_config('app.roots', '', false), set_config('app.sensitive_roots', '', false)")
    migration.upgrade()
    async with owner.transaction():
        for statement in statements:
            await owner.execute(statement)

    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute("SELECT set_config('app.sensitive_roots', 'secretariat', false)")
    assert await owner.fetch(LINES) == lines
    assert len(lines) == 7
    assert await owner.fetch("SELECT * FROM inventory_total ORDER BY 1, 2, 3, 4, 5") == totals
    await owner.close()


async def test_versions_that_are_final_already_get_their_totals(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    await inventories.final()
    await inventories.import_file(
        inventories.csv("escwa,grid_electricity,,2024-01-01,2024-12-31,9,kWh,,,measured"),
        by=inventories.person("escwa-technical"), location_id="escwa",
    )  # fmt: skip
    kept = "SELECT * FROM inventory_final_total ORDER BY 1, 2, 3, 4"
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    as_approved = await owner.fetch(kept)
    migration = import_module("inventory.migrations.versions.0015_final_totals")
    statements: list[str] = []
    monkeypatch.setattr(migration, "op", SimpleNamespace(execute=statements.append))

    await owner.execute("SELECT set_config('app.roots', '', false)")
    await owner.execute("DROP TABLE inventory_final_total")
    migration.upgrade()
    async with owner.transaction():
        for statement in statements:
            await owner.execute(statement)

    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    assert await owner.fetch(kept) == as_approved != []
    assert len({row["inventory_id"] for row in as_approved}) == 1
    await owner.close()


# A database with data of the first releases, brought forward by Alembic itself.

FINAL_AT = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
REGISTER = """
INSERT INTO location (id, name, kind, parent_id, path, country, valid_from) VALUES
    ('secretariat', 'Secretariat', 'root', NULL, 'secretariat', NULL, '2000-01-01'),
    ('unon', 'UNON', 'office', 'secretariat', 'secretariat.unon', 'KEN', '2000-01-01'),
    ('unon-gigiri', 'Gigiri', 'site', 'unon', 'secretariat.unon.unon-gigiri', 'KEN', '2010-05-01'),
    ('escwa', 'ESCWA', 'office', 'secretariat', 'secretariat.escwa', 'LBN', '2000-01-01');
INSERT INTO location_closure VALUES ('secretariat', 'secretariat'), ('secretariat', 'unon'), ('unon', 'unon'),
    ('secretariat', 'unon-gigiri'), ('unon', 'unon-gigiri'), ('unon-gigiri', 'unon-gigiri'),
    ('secretariat', 'escwa'), ('escwa', 'escwa');
INSERT INTO location_detail (location_id, source) SELECT id, 'a document' FROM location
"""
INVENTORIES = """
INSERT INTO inventory (id, location_id, year, version, state, gwp_set, opened_by, opened_at) VALUES
    ('final', 'unon', 2024, 1, 'draft', 'AR5', 'ann', '2025-01-05'),
    ('draft', 'escwa', 2024, 1, 'draft', 'AR5', 'ann', '2025-01-06');
INSERT INTO activity_import
    (id, inventory_id, location_id, file_name, content_hash, row_count, imported_by, imported_at)
    SELECT 'file of ' || id, id, location_id, 'f.csv', id, 1, 'ann', '2025-01-07' FROM inventory
"""
# Inventory, site, category, item, from, to, amount, unit, treatment; scope, optional, factor, gases, CO2e, biogenic.
GENERATOR = ("unon-gigiri", "generator_fuel", "diesel")
OLD_LINES: list[tuple[Any, ...]] = [
    ("final", "unon", "grid_electricity", "grid", (2024, 1, 1), (2025, 1, 1), "1000", "kWh", None,
     (2, False, "ember", {"CO2e": "84.83"}, "84.83", "0")),
    ("final", *GENERATOR, (2024, 1, 1), (2024, 7, 1), "12.5", "litre", None,
     (1, False, "ipcc", {"CO2": "33.625", "CH4": "0.0001125"}, "33.62815", "0")),
    # A line of nothing takes the coefficient of its like.
    ("final", *GENERATOR, (2024, 7, 1), (2024, 8, 1), "0", "litre", None,
     (1, False, "ipcc", {"CO2": "0", "CH4": "0"}, "0", "0")),
    ("final", "unon", "heating_fuel", "lpg", (2024, 2, 1), (2024, 3, 1), "0", "litre", None,
     (1, False, "ipcc-lpg", {"CO2": "0"}, "0", "0")),
    ("final", "unon", "heating_fuel", "wood", (2024, 1, 1), (2024, 3, 1), "2", "tonne", None,
     (1, False, "ipcc-wood", {"CH4": "9.36"}, "262.08", "3494.4")),
    ("final", "unon", "waste", "food", (2024, 1, 1), (2024, 7, 1), "123.4", "kg", "composting",
     (3, True, "desnz", {"CO2e": "1.09826"}, "1.09826", "0")),
    ("final", "unon", "water", "borehole", (2024, 1, 1), (2024, 7, 1), "70", "m3", None, None),
    ("draft", "escwa", "grid_electricity", "grid", (2024, 3, 1), (2024, 4, 1), "7", "kWh", None,
     (2, False, "ember-lbn", {"CO2e": "4.9"}, "4.9", "0")),
]  # fmt: skip
APPROVED = """
INSERT INTO inventory_step (inventory_id, step, location_id, action, by, at) VALUES
    ('final', 1, 'unon', 'submitted', 'ann', '2025-02-01'), ('draft', 1, 'escwa', 'submitted', 'ann', '2025-02-01'),
    ('draft', 2, 'escwa', 'returned', 'bob', '2025-02-02');
INSERT INTO inventory_step (inventory_id, step, location_id, action, by, at)
    VALUES ('final', 2, 'unon', 'approved', 'bob', '2025-03-01 09:30Z');
UPDATE inventory SET state = 'submitted' WHERE id = 'final';
UPDATE inventory SET state = 'final' WHERE id = 'final';
UPDATE inventory SET state = 'returned' WHERE id = 'draft'
"""


@pytest.fixture
async def old(postgres_server: "EmbeddedPostgres") -> "AsyncIterator[DatabaseUrls]":
    """As the release before lines and emissions were one table left it."""
    name = f"test_old_{uuid.uuid4().hex[:12]}"
    urls = await postgres_server.create_service_database("inventory", database=name)
    await asyncio.to_thread(migrate, "inventory", urls.owner, revision="0006")
    owner = await _owner(urls)
    await owner.execute(REGISTER)
    await owner.execute(INVENTORIES)
    for number, (inventory, site, category, item, start, end, amount, unit, treatment, found) in enumerate(
        OLD_LINES, 1
    ):
        details = "{}" if treatment is None else f'{{"treatment": "{treatment}"}}'
        await owner.execute(
            "INSERT INTO activity_record (id, inventory_id, import_id, location_id, sheet, row_number, category, item,"
            " period_start, period_end, amount, unit, details, quality)"
            " VALUES ($1::bigint, $2::text, 'file of ' || $2::text, $3, 's', 1, $4, $5, $6, $7, $8, $9, $10,"
                " 'measured')",
            number, inventory, site, category, item, date(*start), date(*end), Decimal(amount), unit, details,
        )  # fmt: skip
        if found is not None:
            scope, optional, factor, gases, co2e, biogenic = found
            gas_kg = "{" + ", ".join(f'"{gas}": "{kg}"' for gas, kg in gases.items()) + "}"
            await owner.execute(
                "INSERT INTO emission VALUES ($1, $2, $3, $4, $5, $6, $7, 'release', 'why', 'AR5', $8, $9, $10)",
                number, inventory, site, scope, category, optional, factor, gas_kg, Decimal(co2e), Decimal(biogenic),
            )  # fmt: skip
    for statement in APPROVED.split(";\n"):
        await owner.execute(statement)
    await owner.close()
    yield urls
    await postgres_server.drop_database(name)


async def _owner(urls: "DatabaseUrls") -> "asyncpg.Connection[asyncpg.Record]":
    """Who sees every row."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute("SELECT set_config('app.sensitive_roots', 'secretariat', false)")
    return owner


async def _forward(urls: "DatabaseUrls", revision: str, *asked: str) -> list[list[tuple[Any, ...]]]:
    """What the questions have as answers at that revision."""
    await asyncio.to_thread(migrate, "inventory", urls.owner, revision=revision)
    owner = await _owner(urls)
    found = [[tuple(row) for row in await owner.fetch(question)] for question in asked]
    await owner.close()
    return found


TOTALS = (
    "SELECT inventory_id, location_id, scope, category, optional, co2e_kg, biogenic_co2_kg, records"
    " FROM inventory_total ORDER BY 1, 2, 3, 4, 5"
)


async def test_data_of_the_first_releases_come_forward_with_the_same_figures(old: "DatabaseUrls") -> None:
    (before,) = await _forward(old, "0006", TOTALS)
    assert len(before) == 5

    # 0007: each emission is its amount times a coefficient, exactly, and what has none has none.
    lines, totals = await _forward(
        old, "0007",
        "SELECT r.id, r.scope, r.optional, r.co2e_kg, r.biogenic_co2_kg, c.factor_id, c.gwp_set, c.kg_per_unit,"
        " r.amount, c.co2e_kg_per_unit, c.biogenic_co2_kg_per_unit, c.id FROM activity_record r"
        " LEFT JOIN coefficient c ON c.id = r.coefficient_id ORDER BY r.id",
        TOTALS,
    )  # fmt: skip
    for line, (*_, amount, _, _, found) in zip(lines, OLD_LINES, strict=True):
        _, scope, optional, co2e, biogenic, factor, gwp_set, gases, kept, per_unit, biogenic_per_unit, _ = line
        if found is None:
            assert (scope, optional, co2e, biogenic, factor) == (3, True, None, None, None)
            continue
        assert (scope, optional, factor, gwp_set, kept) == (*found[:3], "AR5", Decimal(amount))
        assert (co2e, biogenic) == (Decimal(found[4]), Decimal(found[5]))
        assert (kept * per_unit, kept * biogenic_per_unit) == (co2e, biogenic)
        by_gas = {gas: kept * Decimal(kg) for gas, kg in _object(gases).items()}
        assert by_gas == {gas: Decimal(kg) for gas, kg in found[3].items()}
    assert lines[1][-1] == lines[2][-1] != lines[3][-1]
    assert totals == before

    # 0009: totals by month and by gas are of the same lines; the year's are what they were.
    months, gases, totals = await _forward(
        old, "0009",
        "SELECT inventory_id, location_id, scope, category, optional, sum(co2e_kg), sum(biogenic_co2_kg),"
        " sum(apportioned_co2e_kg), count(*) FROM inventory_month_total GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
        "SELECT inventory_id, category, gas, kg FROM inventory_gas_total ORDER BY 1, 2, 3",
        TOTALS,
    )  # fmt: skip
    assert totals == before
    assert [row[:7] for row in months] == [row[:7] for row in before]
    # A month by its own line is not apportioned, and one of twelve is in twelve.
    assert {row[3]: (row[7], row[8]) for row in months if row[0] == "draft"} == {"grid_electricity": (0, 1)}
    assert {row[3]: row[8] for row in months if row[0] == "final"} == {
        "grid_electricity": 12, "generator_fuel": 7, "heating_fuel": 2, "waste": 6,
    }  # fmt: skip
    assert gases == [
        ("draft", "grid_electricity", "CO2e", Decimal("4.9")),
        ("final", "generator_fuel", "CH4", Decimal("0.0001125")),
        ("final", "generator_fuel", "CO2", Decimal("33.625")),
        ("final", "grid_electricity", "CO2e", Decimal("84.83")),
        ("final", "heating_fuel", "CH4", Decimal("9.36")),
        ("final", "heating_fuel", "CO2", 0),
        ("final", "waste", "CO2e", Decimal("1.09826")),
    ]

    # 0011: since when a version is final, by its step; 0012: where something of it was recorded.
    instants, sites, lineage = await _forward(
        old, "0012",
        "SELECT id, final_at FROM inventory ORDER BY 1",
        "SELECT inventory_id, location_id, of_location_id, year, version FROM inventory_site ORDER BY 1, 2",
        "SELECT ancestor_id, descendant_id, valid_from, valid_to FROM location_lineage"
        " WHERE descendant_id = 'unon-gigiri' ORDER BY 1",
    )  # fmt: skip
    assert instants == [("draft", None), ("final", FINAL_AT)]
    assert sites == [("final", "unon", "unon", 2024, 1), ("final", "unon-gigiri", "unon", 2024, 1)]
    assert lineage == [
        (above, "unon-gigiri", date(2010, 5, 1), None) for above in ("secretariat", "unon", "unon-gigiri")
    ]

    # 0013: which edition they were made by; no figure by the market was ever worked out for them.
    editions, market, totals = await _forward(
        old, "0013",
        "SELECT DISTINCT method_edition FROM inventory", "SELECT * FROM inventory_market_total", TOTALS,
    )  # fmt: skip
    assert (editions, market, totals) == ([("un-2023",)], [], before)

    # And all the way: every table is as it would be without data in it.
    totals, forced, resting = await _forward(
        old, "head",
        TOTALS,
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND NOT relforcerowsecurity",
        "SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE tgenabled = 'D'",
    )  # fmt: skip
    assert (totals, forced, resting) == (before, [], [])
    database = Database.connect(old.serving, pool_size=1)
    async with database.transaction(["unon"]) as tx:
        (read,) = await totals_of(tx, ["final"])
    await database.close()
    assert (read.co2e_kg, read.optional_co2e_kg, read.biogenic_co2_kg, read.scope2_market_co2e_kg) == (
        Decimal("380.53815"), Decimal("1.09826"), Decimal("3494.4"), None,
    )  # fmt: skip
    owner = await _owner(old)
    for change in ("UPDATE activity_record SET amount = 1", "UPDATE inventory SET final_at = now() WHERE id = 'final'"):
        with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
            await owner.execute(change)
    await owner.close()


def _object(value: Any) -> dict[str, str]:
    found: dict[str, str] = orjson.loads(value)
    return found
