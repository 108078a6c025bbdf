"""The share of renewable electricity as callers meet it: own, bought, and the grid's average; or why there is none."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from chassis.access import ANONYMOUS
from inventory import catalogue
from services.inventory.tests.test_corrections import correct
from services.inventory.tests.test_instruments import record

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

SHARE = """{ location(id: "unon") { inventory(year: 2024) { renewableShare { share { value unit } atLeast { value }
    own { value } purchased { value } grid { value } unknown { value } total { value } sources gap explanation }
    indicators { name value { value unit } } } } }"""
GRID = "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured"
DIESEL = "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,400,litre,,,measured"
KENYA = catalogue.grid_averages()["KEN"].share


async def share(inventories: "Inventories", by: str = "unon-technical") -> dict[str, Any]:
    who = ANONYMOUS if by == "anonymous" else inventories.person(by)
    answer = await inventories.ask(who, SHARE)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return found


def kwh(found: dict[str, Any]) -> tuple[Decimal, ...]:
    """Own, purchased, of grids, unknown, total."""
    parts = ("own", "purchased", "grid", "unknown", "total")
    return tuple(round(Decimal(found["renewableShare"][part]["value"]), 6) for part in parts)


async def solar(inventories: "Inventories", amount: str) -> None:
    """As a row of own solar power is kept."""
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute(
        "INSERT INTO activity_record (inventory_id, import_id, location_id, sheet, row_number, category, item,"
        " period_start, period_end, amount, unit, details, quality, scope, optional) SELECT inventory_id, import_id,"
        " location_id, sheet, 99, 'on_site_renewables', 'solar', period_start, period_end, $1::text::numeric, 'kWh',"
        " '{}', quality, 1, false FROM activity_record WHERE category = 'grid_electricity' LIMIT 1",
        amount,
    )
    await owner.close()


async def test_the_grid_stands_for_what_has_no_data_of_its_own(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID))

    found = await share(inventories)

    assert Decimal(found["renewableShare"]["share"]["value"]) == pytest.approx(100 * KENYA)
    assert found["renewableShare"]["share"]["unit"] == "percent"
    (source,) = found["renewableShare"]["sources"]
    assert source.startswith("KEN 2023: Our World in Data")


async def test_own_bought_and_generated_electricity_are_told_apart(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv(GRID, DIESEL))
    await solar(inventories, "500")
    await record(inventories, amount="400")
    await record(inventories, amount="100", source="nuclear", reference="N-1", idempotencyKey="n")

    found = await share(inventories)

    # 500 own; 400 wind; 500 of the grid by its average; 100 nuclear and 1000 of generators are not renewable.
    assert kwh(found) == (500, 400, round(500 * KENYA, 6), 0, 2500)
    expected = (900 + 500 * KENYA) / 25
    assert Decimal(found["renewableShare"]["share"]["value"]) == pytest.approx(expected)


async def test_without_an_average_the_share_is_missing_and_not_lower(inventories: "Inventories") -> None:
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.exec_driver_sql("UPDATE location SET country = 'XKX' WHERE id = 'unon'")
    await inventories.import_file(inventories.csv(GRID))
    await record(inventories, amount="400", market="XKX")

    found = (await share(inventories))["renewableShare"]

    assert (found["share"], found["gap"]) == (None, "grid_average_missing")
    assert found["atLeast"] == {"value": "40.0"}
    assert found["explanation"] == "600 kWh are of grids without a known average (XKX)."


async def test_nothing_used_has_no_share(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv("unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured"))

    found = (await share(inventories))["renewableShare"]

    assert (found["share"], found["total"], found["gap"]) == (None, None, "no_data")


async def final(inventories: "Inventories", *rows: str) -> str:
    inventory_id = (await inventories.import_file(inventories.csv(*rows))).inventory_id
    await inventories.submit()
    await inventories.approve(inventory_id)
    return inventory_id


async def test_a_final_version_keeps_its_share_and_is_an_indicator(inventories: "Inventories") -> None:
    await record(inventories, amount="400")
    inventory_id = await final(inventories, GRID)
    kept = await share(inventories)
    await correct(inventories, inventory_id)
    await record(inventories, amount="600", reference="REC-2", idempotencyKey="2")
    corrected = await share(inventories)
    answer = await inventories.ask(
        inventories.person("unon-technical"),
        f'{{ inventory(id: "{inventory_id}") {{ renewableShare {{ share {{ value }} }} }} }}',
    )

    (indicator,) = [item for item in kept["indicators"] if item["name"] == "renewable_share"]
    assert indicator["value"]["unit"] == "percent"
    assert Decimal(indicator["value"]["value"]) == pytest.approx(Decimal(kept["renewableShare"]["share"]["value"]))
    assert Decimal(corrected["renewableShare"]["share"]["value"]) == 100
    assert answer["data"]["inventory"]["renewableShare"]["share"]["value"] == kept["renewableShare"]["share"]["value"]
    said = next(said for fact, said in await inventories.events() if fact == "inventory_finalised")
    assert said["indicators"]["renewable_share"]["unit"] == "percent"


@pytest.mark.parametrize("reader", ["anonymous", "escwa-chair", "unon-member"])
async def test_a_share_is_published_unless_the_fuel_of_few_sites_follows_from_it(
    inventories: "Inventories", reader: str
) -> None:
    open_, closed = [], []
    for rows, found in (((GRID,), open_), ((DIESEL,), closed)):  # each on top of the one before
        inventory_id = (await inventories.import_file(inventories.csv(*rows))).inventory_id
        draft = await share(inventories, "unon-member")
        await inventories.submit()
        await inventories.approve(inventory_id)
        await inventories.is_published(inventory_id)
        found += [draft, await share(inventories, reader), await share(inventories)]
        await correct(inventories, inventory_id)

    assert open_[0] | {"indicators": 0} == open_[1] | {"indicators": 0} == open_[2] | {"indicators": 0}
    assert [item["renewableShare"]["gap"] for item in closed] == ["records_not_shown", "records_not_shown", None]
    assert closed[1]["renewableShare"]["total"] is None
    names = [{item["name"] for item in found["indicators"]} for found in (closed[1], closed[2])]
    assert ["renewable_share" in found for found in names] == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inventory_renewable_share SET own_kwh = 1",
        "DELETE FROM inventory_renewable_share",
        """INSERT INTO inventory_renewable_share SELECT id, location_id, 1, 1, 1, 1, 1, '[]', '[]', NULL, NULL, true
        FROM inventory""",
    ],
)
async def test_the_database_itself_refuses_to_change_a_kept_share(inventories: "Inventories", change: str) -> None:
    await final(inventories, GRID)
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false),"
                        " set_config('app.sensitive_roots', 'secretariat', false)")  # fmt: skip
    if change.startswith("INSERT"):
        # So that what refuses it is the version, not the key.
        await owner.execute("ALTER TABLE inventory_renewable_share DROP CONSTRAINT inventory_renewable_share_pkey")

    with pytest.raises(asyncpg.PostgresError, match=re.compile("cannot be changed")):
        await owner.execute(change)
    await owner.close()

    assert len(await inventories.rows("inventory_renewable_share")) == 1
