"""Totals by year, month and gas are those of the lines, exactly, whatever was done to the lines."""

from datetime import date, timedelta
from decimal import MAX_PREC, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from inventory.store import inventories as store

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-12-31,1000.1234567,kWh,,,measured",
    "unon,grid_electricity,,2024-02-10,2024-02-20,77.7,kWh,,,measured,2",
    "unon,vehicle_fuel,petrol,2024-01-15,2024-03-14,33.333,litre,,,measured",
    "unon-gigiri,generator_fuel,diesel,2024-06-30,2024-07-01,12.5,litre,,,measured",
    "unon,heating_fuel,wood,2024-11-01,2024-12-31,2,tonne,,,measured",
    "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured",
    "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured",
)
LAST = date(2024, 12, 31)
KEY = "inventory_id, location_id, scope, category, optional"
LINES = f"""SELECT {KEY}, sum(co2e_kg) AS co2e_kg, sum(biogenic_co2_kg) AS biogenic_co2_kg, count(*) AS records
    FROM activity_record WHERE coefficient_id IS NOT NULL GROUP BY {KEY}"""  # noqa: S608 - a test's own
OF = {
    "inventory_total": f"SELECT {KEY}, co2e_kg, biogenic_co2_kg, records FROM inventory_total",  # noqa: S608
    "inventory_month_total": f"SELECT {KEY}, sum(co2e_kg) AS co2e_kg, sum(biogenic_co2_kg) AS biogenic_co2_kg"  # noqa: S608
    f" FROM inventory_month_total GROUP BY {KEY}",
}
OF_LINE = ", ".join(f"r.{name}" for name in KEY.split(", "))
GASES = f"""SELECT {OF_LINE}, gas.key AS gas, sum(amount * gas.value::numeric) AS kg, count(*) AS records
    FROM activity_record r JOIN coefficient c ON c.id = r.coefficient_id, jsonb_each_text(c.kg_per_unit) AS gas
    GROUP BY {OF_LINE}, gas.key"""  # noqa: S608 - as above


def of_another_meter(row: str) -> str:
    fields = row.split(",")
    is_metered = fields[1] in {"grid_electricity", "water"}
    return ",".join([*fields[:10], "other" + "".join(fields[10:])]) if is_metered else row


async def found(inventories: "Inventories", statement: str, *, but: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    async with inventories.database.transaction(["secretariat"]) as tx:
        rows = [dict(row) for row in (await tx.execute(text(statement))).mappings()]
    return sorted(({name: row[name] for name in row if name not in but} for row in rows), key=str)


async def require_equal_to_the_lines(inventories: "Inventories") -> None:
    lines = await found(inventories, LINES)
    assert await found(inventories, OF["inventory_total"]) == lines
    assert await found(inventories, OF["inventory_month_total"]) == [
        {name: row[name] for name in row if name != "records"} for row in lines
    ]
    gases = f"SELECT {KEY}, gas, kg, records FROM inventory_gas_total"  # noqa: S608
    assert await found(inventories, gases) == await found(inventories, GASES)


async def change(inventories: "Inventories", statement: str, role: str = "owner") -> None:
    database = Database.connect(getattr(inventories.urls, role), pool_size=1)
    try:
        async with database.transaction(["secretariat"]) as tx:
            await tx.execute(text(statement))
    finally:
        await database.close()


CHANGES = {
    "rows taken out": "DELETE FROM activity_record WHERE category IN ('grid_electricity', 'waste')",
    "one of two taken out": "DELETE FROM activity_record WHERE amount = 77.7",
    "all taken out": "DELETE FROM activity_record",
    "amounts changed": "UPDATE activity_record SET amount = amount * 3, co2e_kg = co2e_kg * 3,"
    " biogenic_co2_kg = biogenic_co2_kg * 3",
    "periods changed": "UPDATE activity_record SET period_start = '2024-03-03', period_end = '2024-05-05'",
    "a site changed": "UPDATE activity_record SET location_id = 'unon-gigiri'",
}


@pytest.mark.parametrize("what", ["nothing", *CHANGES])
async def test_totals_follow_every_change_of_the_lines(inventories: "Inventories", what: str) -> None:
    await inventories.import_file(inventories.csv(*ROWS))
    await inventories.import_file(inventories.other_file())

    if what in CHANGES:
        await change(inventories, CHANGES[what])

    await require_equal_to_the_lines(inventories)
    assert (await inventories.rows("inventory_total") == []) is (what == "all taken out")


LONG = (
    "unon,vehicle_fuel,petrol,2024-01-01,2024-06-30,123456789012345.12345678901234567,litre,,,measured",
    "unon,heating_fuel,wood,2024-01-01,2024-06-30,0.00000000000000000007,tonne,,,measured",
    "unon,heating_fuel,lpg,2024-01-01,2024-06-30,0.00000000000000000003,litre,,,measured",
    "unon,generator_fuel,diesel,2024-01-01,2024-06-30,987654321098765.00000000000000000009,litre,,,measured",
)


async def test_totals_that_are_read_have_every_digit_of_the_lines(inventories: "Inventories") -> None:
    taken = await inventories.import_file(inventories.csv(*LONG))
    lines = await inventories.rows("activity_record")

    async with inventories.database.transaction(["secretariat"]) as tx:
        (totals,) = await store.totals_of(tx, [taken.inventory_id])

    with localcontext(prec=MAX_PREC):
        co2e_kg = sum(line["co2e_kg"] for line in lines)
        biogenic_kg = sum(line["biogenic_co2_kg"] for line in lines)
    assert (totals.co2e_kg, totals.co2e_kg_by_scope, totals.biogenic_co2_kg) == (co2e_kg, {1: co2e_kg}, biogenic_kg)


async def test_what_is_taken_out_and_put_back_leaves_every_month_as_it_was(inventories: "Inventories") -> None:
    """Also where a part has no end of digits: parts of one line never depend on the other lines."""
    await inventories.import_file(inventories.csv(*ROWS))
    before = await found(inventories, "SELECT * FROM inventory_month_total")
    await inventories.import_file(inventories.csv(*(of_another_meter(row.replace("33.333", "0.7")) for row in ROWS)))
    second = "(SELECT max(id) FROM activity_import)"

    await change(inventories, f"DELETE FROM activity_record WHERE import_id = {second}")  # noqa: S608

    assert await found(inventories, "SELECT * FROM inventory_month_total") == before


async def test_a_line_is_in_each_of_its_months_by_its_days(inventories: "Inventories") -> None:
    rows = (
        "unon,grid_electricity,,2024-01-30,2024-03-02,33,kWh,,,measured,3",
        "unon,grid_electricity,,2024-02-01,2024-02-29,29,kWh,,,measured,4",
        "unon,grid_electricity,,2024-03-31,2024-04-01,2,kWh,,,measured,5",
        "unon,grid_electricity,,2024-05-31,2024-05-31,1,kWh,,,measured,6",
    )
    await inventories.import_file(inventories.csv(*rows))

    months = sorted(await inventories.rows("inventory_month_total"), key=lambda row: row["month"])
    per_kwh = Decimal((await inventories.rows("coefficient"))[0]["co2e_kg_per_unit"])
    # One kWh a day of each line: 2 days of January, twice 29 of February, 2 and 1 of March, 1 of April, 1 of May.
    assert [round(row["co2e_kg"] / per_kwh, 9) for row in months] == [2, 58, 3, 1, 1]
    assert [round(row["apportioned_co2e_kg"] / per_kwh, 9) for row in months] == [2, 29, 3, 1, 0]
    assert [row["records"] for row in months] == [1, 2, 2, 1, 1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.tuples(
            st.dates(min_value=date(2024, 1, 1), max_value=date(2024, 12, 30)),
            st.integers(min_value=0, max_value=364),
            st.decimals(min_value="0.0000001", max_value="999999", places=7),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda line: line[0],
    )
)
async def test_the_months_of_any_lines_sum_to_them_exactly(inventories: "Inventories", lines: Any) -> None:
    rows = [
        f"unon,grid_electricity,,{start},{min(start + timedelta(days=days), LAST)},{amount:f},kWh,,,measured,{meter}"
        for meter, (start, days, amount) in enumerate(lines)
    ]
    await change(inventories, "DELETE FROM activity_record")
    await inventories.import_file(inventories.csv(*rows))

    await require_equal_to_the_lines(inventories)


@pytest.mark.parametrize("table", ["inventory_total", "inventory_month_total", "inventory_gas_total"])
@pytest.mark.parametrize("role", ["owner", "serving"])
async def test_totals_of_what_is_final_cannot_be_changed_by_either_role(
    inventories: "Inventories", table: str, role: str
) -> None:
    await inventories.final()
    before = await found(inventories, f"SELECT * FROM {table}")  # noqa: S608

    for statement in (f"UPDATE {table} SET records = 9", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(DBAPIError, match=r"cannot be changed|permission denied"):
            await change(inventories, statement, role)

    assert await found(inventories, f"SELECT * FROM {table}") == before  # noqa: S608
