"""What a migration makes of rows that are there already."""

from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
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
