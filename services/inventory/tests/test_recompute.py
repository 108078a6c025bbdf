"""`recompute`: a version's figures from its lineage alone; what was changed behind the service's back is named."""

import io
import json
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from inventory.commands import recompute
from inventory.domain.inventory import Inventory

if TYPE_CHECKING:
    from conftest import Inventories

ROWS = (
    "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured",
    "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,12.5,us_gallon,,,measured",
    "unon,heating_fuel,wood,2024-01-01,2024-06-30,2,short_ton,,,measured",
    "unon,refrigerant,R-410A,2024-01-01,2024-06-30,0.3333333,kg,,,measured",
    "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured",
    "unon,waste,hazardous,2024-01-01,2024-06-30,7,kg,stored,,measured",
    "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured",
)
FLIGHT = (
    "site,category,class,start,origin,destination,passengers,return,quality\n"
    "unon,air_travel,business,2024-03-01,NBO,GVA,2,yes,measured\n"
)


FORMS = (
    "site,category,item,start,end,amount,unit,phase,capacity,treatment,bod_kg,recovered_ch4_kg,generated_kwh,quality\n"
    "unon,refrigerant,R-134a,2024-01-01,2024-06-30,12.50,kg,installation,11.5,,,,,measured\n"
    "unon,generator_fuel,diesel,2024-01-01,2024-01-31,,,,,,,,1234,measured\n"
    "unon,wastewater,,2024-01-01,2024-01-31,,,,,septic_system,100,1.5,,measured\n"
)


async def told(inventories: "Inventories", inventory_id: str) -> dict[str, Any]:
    """What the command finds, in the same database."""
    async with inventories.database.transaction(["secretariat"]) as tx:
        found = await recompute.recomputed(tx, inventory_id)
    assert found is not None
    return {
        "differences": found.differences,
        "lines": found.lines,
        "shown": [(item.of.split(" ")[0], item.figure) for item in found.shown],
    }


async def buy(inventories: "Inventories") -> None:
    """A certificate for 400 of the 1,000 kWh, at 0.01 kgCO2e per kWh."""
    answer = await inventories.ask(
        inventories.person("unon-technical"),
        "mutation($input: RecordInstrumentInput!) { recordInstrument(input: $input) { __typename } }",
        input={
            "locationId": "unon", "year": 2024, "kind": "ENERGY_ATTRIBUTE_CERTIFICATE", "market": "KEN",
            "source": "wind", "amount": "400", "unit": "kWh", "co2eKgPerKwh": "0.01", "reference": "REC-1",
            "redeemedOn": "2024-12-31", "evidence": "statement of the registry", "idempotencyKey": "r",
        },
    )  # fmt: skip
    assert answer["data"]["recordInstrument"]["__typename"] == "Instrument"


async def a_version(inventories: "Inventories", *, is_final: bool = True) -> Inventory:
    await inventories.import_file(inventories.csv(*ROWS))
    await inventories.import_file(FLIGHT.encode())
    await buy(inventories)
    submitted = await inventories.submit()
    return await inventories.approve(submitted.id) if is_final else submitted


async def behind_its_back(inventories: "Inventories", *statements: str) -> None:
    """As the owner, who can switch off what keeps figures."""
    owner = await asyncpg.connect(inventories.urls.owner)
    tables = (
        "activity_record", "coefficient", "inventory_total", "inventory_gas_total", "inventory_final_total",
        "inventory_month_total", "scope2_part", "inventory_market_total", "emission_factor", "location", "inventory",
    )  # fmt: skip
    for table in tables:
        await owner.execute(
            f"ALTER TABLE {table} DISABLE TRIGGER USER; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"
        )
    for statement in statements:
        done = await owner.execute(statement)
        assert done.split()[-1] != "0", statement
    for table in tables:
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER; ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    await owner.close()


@pytest.mark.parametrize("is_final", [True, False])
async def test_every_figure_of_a_version_follows_from_its_lineage(
    inventories: "Inventories", *, is_final: bool
) -> None:
    version = await a_version(inventories, is_final=is_final)

    assert await told(inventories, version.id) == {"differences": 0, "lines": 8, "shown": []}


HALF_A_WOOD = """UPDATE coefficient SET kg_per_unit = '{"CO2": "1", "CH4": "0.1"}' WHERE category = 'heating_fuel'"""
MORE_PASSENGERS = """UPDATE activity_record SET details = jsonb_set(details, '{passengers}', '"3"')
    WHERE category = 'air_travel'"""


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (
            "UPDATE activity_record SET co2e_kg = co2e_kg + 1e-30 WHERE category = 'generator_fuel'",
            [("line", "kgCO2e")],
        ),
        (
            "UPDATE activity_record SET biogenic_co2_kg = 0 WHERE category = 'heating_fuel'",
            [("line", "kg biogenic CO2")],
        ),
        # Its figures stand as they were; the totals of such lines do not.
        (
            "UPDATE activity_record SET amount = amount * 2 WHERE category = 'refrigerant'",
            [("line", "kgCO2e"), *[("total", "kgCO2e")] * 3, ("total", "kg HFC-125"), ("total", "kg HFC-32")],
        ),
        (
            HALF_A_WOOD,
            [("coefficient", f"kg {gas} per unit") for gas in ("CH4", "CO2", "N2O")],
        ),
        (
            "UPDATE coefficient SET co2e_kg_per_unit = co2e_kg_per_unit * 1.01 WHERE category = 'grid_electricity'",
            [("coefficient", "kgCO2e per unit")],
        ),
        ("UPDATE coefficient SET optional = true WHERE category = 'grid_electricity'", [("coefficient", "optional")]),
        ("UPDATE activity_record SET scope = 3 WHERE category = 'grid_electricity'", [("line", "scope")]),
        (MORE_PASSENGERS, [("line", "passenger-kilometres")]),
        (
            "UPDATE inventory_total SET co2e_kg = co2e_kg - 0.001 WHERE category = 'refrigerant'",
            [("total", "kgCO2e")],
        ),
        ("UPDATE inventory_total SET records = 2 WHERE category = 'refrigerant'", [("total", "lines")]),
        ("DELETE FROM inventory_final_total WHERE category = 'air_travel'", [("total", "kgCO2e")]),
        ("UPDATE inventory_gas_total SET kg = 0 WHERE gas = 'HFC-32'", [("total", "kg HFC-32")]),
        (
            "UPDATE inventory_month_total SET co2e_kg = 1 WHERE category = 'refrigerant' AND month = '2024-02-01'",
            [("total", "kgCO2e")],
        ),
        ("UPDATE scope2_part SET co2e_kg = 1 WHERE basis = 'instrument'", [("market-based", "kgCO2e")] * 2),
        (
            "UPDATE scope2_part SET kwh = kwh + 1, co2e_kg = co2e_kg + 0.01 WHERE basis = 'instrument'",
            [("market-based", "kWh"), ("market-based", "kgCO2e")],
        ),
        ("UPDATE inventory_market_total SET co2e_kg = 0", [("market-based", "kgCO2e")]),
        # The factor that a line is pinned to, as its release has it.
        ("UPDATE emission_factor SET co2e_kg = 2.7 WHERE id LIKE 'un-sun-2023:generator_fuel:diesel:%'", None),
        ("DELETE FROM emission_factor WHERE id LIKE 'un-sun-2023:generator_fuel:diesel:%'", None),
        ("UPDATE inventory SET method_edition = 'un-2008'", []),
    ],
)  # fmt: skip
async def test_what_was_changed_behind_its_back_is_named(
    inventories: "Inventories", statement: str, shown: list[tuple[str, str]] | None
) -> None:
    version = await a_version(inventories)

    await behind_its_back(inventories, statement)
    found = await told(inventories, version.id)

    if shown is None:
        assert ("coefficient", "kgCO2e per unit") in found["shown"] or any(
            "un-sun" in figure for _, figure in found["shown"]
        )
        assert found["differences"] >= 2
    else:
        assert sorted(found["shown"]) == sorted(shown)


@pytest.mark.parametrize(
    ("inputs", "category"),
    [
        ("'{capacity}', '\"11\"'", "refrigerant"),
        ("'{generated_kwh}', '\"1235\"'", "generator_fuel"),
        ("'{recovered_ch4_kg}', '\"0\"'", "wastewater"),
    ],
)
async def test_an_amount_follows_from_what_was_stated(inventories: "Inventories", inputs: str, category: str) -> None:
    await inventories.import_file(FORMS.encode())
    version = await inventories.submit()
    assert await told(inventories, version.id) == {"differences": 0, "lines": 3, "shown": []}

    await behind_its_back(
        inventories,
        f"UPDATE activity_record SET details = jsonb_set(details, {inputs}) WHERE category = '{category}'",  # noqa: S608
    )

    (shown,) = (await told(inventories, version.id))["shown"]
    assert shown[0] == "line"
    assert shown[1].startswith("amount in")


async def test_the_edition_of_the_method_is_the_versions_own(inventories: "Inventories") -> None:
    await inventories.import_file(inventories.csv("unon,refrigerant,HCFC-22,2024-01-01,2024-06-30,1,kg,,,measured"))
    version = await inventories.submit()
    assert (await told(inventories, version.id))["differences"] == 0

    await behind_its_back(inventories, "UPDATE inventory SET method_edition = 'un-2008'")

    # In that edition HCFC is apart, so it would not be in the total.
    assert ("coefficient", "optional") in (await told(inventories, version.id))["shown"]


async def test_a_line_that_was_passed_over_is_named(inventories: "Inventories") -> None:
    version = await a_version(inventories)

    await behind_its_back(
        inventories,
        "UPDATE activity_record SET coefficient_id = NULL, co2e_kg = NULL, biogenic_co2_kg = NULL"
        " WHERE category = 'generator_fuel'",
    )

    assert ("line", "factor") in (await told(inventories, version.id))["shown"]


async def test_differences_are_counted_beyond_those_that_are_kept(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await a_version(inventories)
    monkeypatch.setattr(recompute, "_SHOWN_MAX", 2)

    await behind_its_back(inventories, "UPDATE activity_record SET co2e_kg = 1 WHERE co2e_kg IS NOT NULL")
    found = await told(inventories, version.id)

    assert (len(found["shown"]), found["differences"]) == (2, 6)


async def test_the_command_says_so_by_its_exit_code(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await a_version(inventories)
    monkeypatch.setenv("LICHEN_DATABASE_URL", inventories.urls.serving)

    async def run(*arguments: str) -> tuple[int, str, str]:
        import asyncio

        out, err = io.StringIO(), io.StringIO()
        code = await asyncio.to_thread(recompute.main, arguments, stdout=out, stderr=err)
        return code, out.getvalue(), err.getvalue()

    code, out, _ = await run(version.id)
    assert (code, "every figure is what its lineage gives" in out) == (0, True)
    code, out, _ = await run(version.id, "--format", "json")
    assert (code, json.loads(out)["alike"], json.loads(out)["lines"]) == (0, True, 8)
    await behind_its_back(inventories, "UPDATE activity_record SET co2e_kg = 1 WHERE category = 'generator_fuel'")
    code, out, _ = await run(version.id)
    assert code == 1
    assert "kgCO2e is 1, by its lineage" in out
    assert (await run("nothing"))[0] == 2
    monkeypatch.setenv("LICHEN_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    code, _, err = await run(version.id)
    assert (code, "can't be read" in err, "nobody:x" in err) == (2, True, False)
    monkeypatch.delenv("LICHEN_DATABASE_URL")
    code, _, err = await run(version.id)
    assert (code, "LICHEN_DATABASE_URL" in err) == (2, True)
