"""What PostgreSQL keeps of *inventory* whatever the code above it does: what is final, and who sees which rows."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

OURS = ("inventory", "inventory_step", "activity_import", "activity_record", "inventory_total")
PUBLIC = ("inventory", "inventory_total", "inventory_indicator")
CLOSED = ("activity_import", "activity_record")
REFUSED = "permission denied|cannot be changed|violates foreign key"
INSERTS = {
    "activity_import": "INSERT INTO activity_import SELECT 'other', inventory_id, location_id, file_name, 'other',"
    " row_count, imported_by, imported_at FROM activity_import LIMIT 1",
    "activity_record": "INSERT INTO activity_record SELECT id + 1000, inventory_id, import_id, location_id, sheet,"
    " row_number, category, item, period_start, period_end, amount, unit, details, quality, note, coefficient_id,"
    " scope, optional, co2e_kg, biogenic_co2_kg FROM activity_record LIMIT 1",
    "inventory_total": "INSERT INTO inventory_total SELECT inventory_id, location_id, 3, 'other', optional, 1, 0, 1"
    " FROM inventory_total LIMIT 1",
    "inventory_final_total": "INSERT INTO inventory_final_total SELECT id, 3, 'other', false, 1, 0, 1 FROM inventory",
    "inventory_indicator": "INSERT INTO inventory_indicator SELECT id, location_id, 'other', 1, 'kg' FROM inventory",
    "inventory_step": "INSERT INTO inventory_step SELECT id, 9, location_id, 'approved', 'x', now(), NULL"
    " FROM inventory",
}
CHANGES = {
    "inventory": [
        "UPDATE inventory SET state = 'draft'",
        "UPDATE inventory SET version = 2",
        "UPDATE inventory SET final_at = now()",
        "DELETE FROM inventory",
    ],
    "activity_import": ["UPDATE activity_import SET file_name = 'x'", "DELETE FROM activity_import"],
    "activity_record": [
        "UPDATE activity_record SET amount = 0",
        "UPDATE activity_record SET co2e_kg = 2 * co2e_kg",
        "DELETE FROM activity_record",
    ],
    "coefficient": ["UPDATE coefficient SET co2e_kg_per_unit = 0", "DELETE FROM coefficient"],
    "inventory_total": ["UPDATE inventory_total SET co2e_kg = 0", "DELETE FROM inventory_total"],
    "inventory_final_total": ["UPDATE inventory_final_total SET co2e_kg = 0", "DELETE FROM inventory_final_total"],
    "inventory_indicator": ["UPDATE inventory_indicator SET value = 0", "DELETE FROM inventory_indicator"],
    "inventory_step": ["UPDATE inventory_step SET by = 'x'", "DELETE FROM inventory_step"],
}
ALL_CHANGES = [(table, change) for table, changes in CHANGES.items() for change in changes] + list(INSERTS.items())


@pytest.mark.parametrize("role", ["serving", "owner"])
@pytest.mark.parametrize(("table", "change"), ALL_CHANGES)
async def test_what_is_final_cannot_be_changed_by_either_role(
    inventories: "Inventories", role: str, table: str, change: str
) -> None:
    await inventories.final()
    before = await inventories.rows(table)
    database = Database.connect(getattr(inventories.urls, role), pool_size=1)

    with pytest.raises(DBAPIError, match=REFUSED):
        async with database.transaction(["secretariat"]) as tx:
            await tx.execute(text(change))
    await database.close()

    assert await inventories.rows(table) == before


@pytest.mark.parametrize(("table", "insert"), INSERTS.items())
async def test_the_same_row_enters_a_draft(inventories: "Inventories", table: str, insert: str) -> None:
    """So that what refuses it in a final inventory is that it is final."""
    await inventories.import_file()
    before = len(await inventories.rows(table))

    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.execute(text(insert))

    assert len(await inventories.rows(table)) == before + 1


@pytest.mark.parametrize("state", ["submitted", "final"])
async def test_no_row_enters_what_is_submitted_or_final(inventories: "Inventories", state: str) -> None:
    inventory_id = (await inventories.import_file()).inventory_id
    await inventories.submit()
    if state == "final":
        await inventories.approve(inventory_id)

    with pytest.raises(DBAPIError, match="its records cannot be changed"):
        async with inventories.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(INSERTS["activity_record"]))


async def test_another_team_sees_no_row(inventories: "Inventories") -> None:
    await inventories.state_denominator()
    await inventories.final()

    for table in (*OURS, "inventory_indicator", "denominator_statement", "inventory_intensity"):
        assert await inventories.rows(table), table
        assert await inventories.rows(table, roots=("unon",)) == await inventories.rows(table), table
        assert await inventories.rows(table, roots=("escwa",)) == [], table
        assert await inventories.rows(table, roots=()) == [], table


async def test_a_site_sees_its_own_rows_and_not_its_sisters(inventories: "Inventories") -> None:
    await inventories.import_file()

    seen = {row["location_id"] for row in await inventories.rows("activity_record", roots=("unon-gigiri",))}

    assert seen == {"unon-gigiri"}
    assert {row["location_id"] for row in await inventories.rows("activity_record")} == {"unon", "unon-gigiri"}


async def test_what_is_published_is_seen_by_all_without_its_records(inventories: "Inventories") -> None:
    await inventories.state_denominator()
    final = await inventories.final()
    await inventories.import_file(
        inventories.csv("escwa,grid_electricity,,2024-01-01,2024-12-31,7,kWh,,,measured"),
        by=inventories.person("escwa-technical"),
        location_id="escwa",
    )

    await inventories.is_published(final.id)

    for roots in ((), ("escwa",)):
        for table in PUBLIC:
            ours = [
                row
                for row in await inventories.rows(table, roots=roots)
                if row.get("inventory_id", row.get("id")) == final.id
            ]
            theirs = await inventories.rows(table, roots=("unon",))
            # Generators of one site are not for everyone, nor what they follow from: test_sensitive_attributes.py.
            closed = {"generator_fuel", "renewable_share"}
            assert ours == [row for row in theirs if row.get("indicator") not in closed] != [], table
        for table in (*CLOSED, "inventory_step", "denominator_statement", "inventory_intensity"):
            assert [
                row for row in await inventories.rows(table, roots=roots) if row["location_id"].startswith("unon")
            ] == []
    assert {row["location_id"] for row in await inventories.rows("inventory", roots=())} == {"unon"}
