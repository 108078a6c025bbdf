"""Where a site is, what fuel it stores and what it burns: for readers of sensitive data there, by every path."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import ANONYMOUS, Principal
from chassis.database import Database
from contracts.access import CAPABILITIES_BY_ROLE, Capability
from inventory.domain.activity_data import Category
from inventory.domain.disclosure import is_sensitive

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

READERS = ("unon-technical", "unon-chair", "coordinator", "auditor")
OTHERS = ("unon-member", "steering", "approver", "escwa-chair", "gigiri-technical", "outside", "anonymous")
"""Some may read activity data at unon, some anywhere else, some nothing: none has the capability at unon."""

PLACE = """id city coordinates { latitude longitude } fuelStocks { fuel stock { value unit } asOf }
    fuelStockHistory(first: 9) { edges { node { capacity { value } stock { value } enteredBy } } }"""
WAYS = {
    "root field": f'{{ location(id: "unon") {{ {PLACE} }} }}',
    "list": f"{{ locations(first: 100) {{ edges {{ node {{ {PLACE} }} }} }} }}",
    "child": f'{{ location(id: "secretariat") {{ children {{ {PLACE} }} }} }}',
    "parent": f'{{ location(id: "unon-gigiri") {{ parent {{ {PLACE} }} }} }}',
    "inventory": f'{{ location(id: "unon") {{ inventory(year: 2024) {{ location {{ {PLACE} }} }} }} }}',
    "entity": f"""{{ _entities(representations: [{{__typename: "Location", id: "unon"}}]) {{
        ... on Location {{ {PLACE} }} }} }}""",
}
RECORDS = {
    "unon-member": {"grid_electricity", "waste", "water"},
    "steering": {"grid_electricity", "waste", "water"},
    "approver": {"grid_electricity", "waste", "water"},
    "gigiri-technical": {"generator_fuel", "heating_fuel"},
}
"""Categories of the records that each of the others sees: a site's team has its own."""
BURNT = """{ location(id: "unon") { inventory(year: 2024) {
    total { value } byScope { scope } byCategory { category } byGas { gas } indicators { name }
    activityRecords(first: 100) { edges { node { category amount { value } emission { co2e { value } } } } } } } }"""


def who(inventories: "Inventories", name: str) -> Principal:
    return ANONYMOUS if name == "anonymous" else inventories.person(name)


def at_unon(value: Any) -> list[dict[str, Any]]:
    """Every object of the answer that is the location unon."""
    if isinstance(value, list):
        return [found for item in value for found in at_unon(item)]
    if not isinstance(value, dict):
        return []
    inside = [found for item in value.values() for found in at_unon(item)]
    return [value, *inside] if value.get("id") == "unon" and "fuelStocks" in value else inside


async def published(inventories: "Inventories") -> None:
    """A final inventory of unon that everyone may see, and what is sensitive beside it."""
    await inventories.state_stock()
    await inventories.state_stock("gigiri-technical", location_id="unon-gigiri")
    await inventories.is_published((await inventories.final()).id)


def test_the_others_of_these_tests_lack_the_capability(inventories: "Inventories") -> None:
    def holds(name: str) -> bool:
        return any(
            Capability.READ_SENSITIVE in CAPABILITIES_BY_ROLE[grant.role]
            and grant.location_id in ("unon", "secretariat")
            for grant in who(inventories, name).grants
        )

    assert [holds(name) for name in READERS] == [True] * len(READERS)
    assert [holds(name) for name in OTHERS] == [False] * len(OTHERS)


@pytest.mark.parametrize("way", WAYS)
async def test_position_and_stocks_are_shown_to_readers_of_sensitive_data_by_every_way_to_a_location(
    inventories: "Inventories", way: str
) -> None:
    await published(inventories)

    for name in (*READERS, *OTHERS):
        answer = await inventories.ask(who(inventories, name), WAYS[way])
        found = at_unon(answer["data"])

        assert "errors" not in answer, answer
        assert len(found) == 1, (name, answer)
        if name in READERS:
            assert found[0] == {
                "id": "unon", "city": "Somewhere", "coordinates": {"latitude": "-1.2345", "longitude": "36.8"},
                "fuelStocks": [{"fuel": "diesel", "stock": {"value": "31234", "unit": "litre"}, "asOf": "2024-12-31"}],
                "fuelStockHistory": {"edges": [{"node": {
                    "capacity": {"value": "52718"}, "stock": {"value": "31234"}, "enteredBy": "unon-technical",
                }}]},
            }, name  # fmt: skip
        else:
            assert found[0] == {
                "id": "unon", "city": None, "coordinates": None, "fuelStocks": [], "fuelStockHistory": {"edges": []},
            }, name  # fmt: skip


async def test_a_right_at_one_site_shows_that_site_and_no_other(inventories: "Inventories") -> None:
    await published(inventories)
    query = "{ locations(first: 100) { edges { node { id coordinates { latitude } fuelStocks { fuel } } } } }"

    answer = await inventories.ask(inventories.person("gigiri-technical"), query)

    nodes = [edge["node"] for edge in answer["data"]["locations"]["edges"]]
    assert len(nodes) == 4
    assert [node["id"] for node in nodes if node["coordinates"] or node["fuelStocks"]] == ["unon-gigiri"]


async def burnt(inventories: "Inventories", name: str) -> dict[str, Any]:
    answer = await inventories.ask(who(inventories, name), BURNT)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return found


def categories(found: dict[str, Any]) -> set[str]:
    return {edge["node"]["category"] for edge in found["activityRecords"]["edges"]}


async def test_records_of_fuel_and_what_follows_from_them_are_for_readers_of_sensitive_data(
    inventories: "Inventories",
) -> None:
    await published(inventories)

    full = await burnt(inventories, "unon-chair")

    recorded = {"grid_electricity", "generator_fuel", "vehicle_fuel", "heating_fuel", "waste", "water"}
    assert categories(full) == recorded
    assert full["byGas"] != []
    for name in OTHERS:
        found = await burnt(inventories, name)
        assert categories(found) == RECORDS.get(name, set()), name
        assert found["byGas"] == [], name
        assert {"name": "generator_fuel"} not in found["indicators"], name
        # Official figures stay, for all.
        assert [found[each] for each in ("total", "byScope", "byCategory")] == [
            full[each] for each in ("total", "byScope", "byCategory")
        ], name


async def test_the_database_holds_back_just_the_records_that_the_rule_names(inventories: "Inventories") -> None:
    await inventories.import_file()
    async with inventories.database.transaction(["secretariat"]) as tx:
        stored = (await tx.execute(text("SELECT * FROM activity_record ORDER BY id LIMIT 1"))).mappings().one()
        for number, category in enumerate(Category):
            row = dict(stored) | {"id": 1_000_000 + number, "category": category.value, "details": "{}"}
            names = ", ".join(row)
            values = ", ".join(f":{name}" if name != "details" else "CAST(:details AS jsonb)" for name in row)
            await tx.execute(text(f"INSERT INTO activity_record ({names}) VALUES ({values})"), row)  # noqa: S608

    async with inventories.database.transaction(["secretariat"], sensitive=["escwa"]) as tx:
        seen = set(await tx.scalars(text("SELECT category FROM activity_record")))

    assert seen == {category.value for category in Category if not is_sensitive(category, sites=1)}


async def three_sites(inventories: "Inventories", *amounts: str) -> list[str]:
    """A final inventory of unon with these litres at as many sites, published; the names of what the public sees."""
    rows = []
    for number, litres in enumerate(amounts):
        site = replace(inventories.location("unon-gigiri"), id=f"unon-site-{number}", name=f"Site {number}")
        await inventories.register(site)
        rows.append(f"{site.id},generator_fuel,diesel,2024-01-01,2024-12-31,{litres},litre,,,measured")
    power = "unon,grid_electricity,,2024-01-01,2024-12-31,5,kWh,,,measured"
    await inventories.import_file(inventories.csv(power, *rows))
    final = await inventories.approve((await inventories.submit()).id)
    await inventories.is_published(final.id)
    return [item["name"] for item in (await burnt(inventories, "anonymous"))["indicators"]]


@pytest.mark.parametrize(
    ("amounts", "shown"), [(("9",), False), (("9", "8"), False), (("9", "8", "0"), False), (("9", "8", "7"), True)]
)
async def test_the_sum_of_three_sites_is_for_everyone_and_in_the_event(
    inventories: "Inventories",
    amounts: tuple[str, ...],
    shown: bool,  # noqa: FBT001 - a column of the table
) -> None:
    names = await three_sites(inventories, *amounts)

    assert ("generator_fuel" in names, "electricity" in names) == (shown, True)
    said = next(said for fact, said in await inventories.events() if fact == "inventory_finalised")
    assert set(said["indicators"]) == set(names)
    assert "generator_fuel" in {item["name"] for item in (await burnt(inventories, "auditor"))["indicators"]}


async def test_no_event_says_anything_sensitive(inventories: "Inventories") -> None:
    await published(inventories)

    said = str(await inventories.events())

    for secret in ("Somewhere", "1.2345", "36.8", "31234", "52718", "litre"):
        assert secret not in said
    assert "inventory_finalised" in said


async def test_an_indicator_of_fuel_without_a_decision_stays_closed(inventories: "Inventories") -> None:
    """As the previous release wrote them."""
    final = await inventories.final()
    row = "unon,water,borehole,2023-01-01,2023-12-31,9,m3,,,measured"
    inventory_id = (await inventories.import_file(inventories.csv(row), year=2023)).inventory_id
    async with inventories.database.transaction(["unon"]) as tx:
        values = (
            f"('{inventory_id}', 'unon', 'generator_fuel', 9, 'litre'), ('{inventory_id}', 'unon', 'water', 9, 'm3')"
        )
        await tx.execute(
            text(
                "INSERT INTO inventory_indicator (inventory_id, location_id, indicator, value, unit)"  # noqa: S608
                f" VALUES {values}"
            )
        )
    async with inventories.database.transaction(["unon"], sensitive=[]) as tx:
        seen = {tuple(row) for row in await tx.execute(text("SELECT inventory_id, indicator FROM inventory_indicator"))}

    assert (inventory_id, "water") in seen
    assert {indicator for at, indicator in seen if at in (inventory_id, final.id)}.isdisjoint({"generator_fuel"})


# Kept by the database.


@pytest.mark.parametrize("role", ["serving", "owner"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fuel_stock SET stock = 0",
        "DELETE FROM fuel_stock",
        "TRUNCATE fuel_stock",
        "UPDATE site_position SET latitude = 0",
        "DELETE FROM site_position",
    ],
)
async def test_what_was_stated_stays_stated(inventories: "Inventories", role: str, change: str) -> None:
    await inventories.state_stock()
    database = Database.connect(getattr(inventories.urls, role), pool_size=1)

    with pytest.raises(DBAPIError, match=r"permission denied|only ever added to"):
        async with database.transaction(["secretariat"]) as tx:
            await tx.execute(text(change))
    await database.close()

    assert len(await inventories.rows("fuel_stock")) == 1


async def test_a_position_that_the_previous_release_writes_is_kept_apart(inventories: "Inventories") -> None:
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.execute(
            text("INSERT INTO location VALUES ('x1', 'X', 'k', 'unon', 'secretariat.unon.x1', NULL, now())")
        )
        await tx.execute(text("INSERT INTO location_closure VALUES ('secretariat', 'x1'), ('x1', 'x1')"))
        await tx.execute(text("INSERT INTO location_detail VALUES ('x1', 'Town', 1.5, 2.5, NULL, 's')"))

    (detail,) = [row for row in await inventories.rows("location_detail") if row["location_id"] == "x1"]
    assert (detail["city"], detail["latitude"], detail["longitude"]) == (None, None, None)
    (kept,) = [row for row in await inventories.rows("site_position") if row["location_id"] == "x1"]
    assert (kept["city"], float(kept["latitude"]), float(kept["longitude"])) == ("Town", 1.5, 2.5)
    assert all(row["city"] is None for row in await inventories.rows("location_detail"))


# Stating a stock.

STATE = """mutation($input: RecordFuelStockInput!) { recordFuelStock(input: $input) { __typename
    ... on FuelStock { id fuel capacity { value unit } stock { value unit } asOf }
    ... on Refusal { code message } } }"""
GOOD = {
    "locationId": "unon", "fuel": "diesel", "capacity": "52718", "stock": "100.25", "unit": "litre",
    "asOf": "2024-06-30", "idempotencyKey": "one",
}  # fmt: skip


async def state(inventories: "Inventories", name: str, **given: str) -> dict[str, Any]:
    answer = await inventories.ask(who(inventories, name), STATE, input=GOOD | given)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["recordFuelStock"]
    return found


async def test_a_stock_is_stated_once_under_its_key_and_the_newest_day_counts(inventories: "Inventories") -> None:
    first = await state(inventories, "unon-technical")
    again = await state(inventories, "unon-technical")
    later = await state(inventories, "unon-technical", stock="7", asOf="2024-07-31", idempotencyKey="two")
    await state(inventories, "unon-technical", stock="9", asOf="2024-05-31", idempotencyKey="three")
    await state(inventories, "unon-technical", fuel="lpg", unit="kg", stock="3", idempotencyKey="four")

    assert first == again
    assert (first["__typename"], first["stock"]) == ("FuelStock", {"value": "100.25", "unit": "litre"})
    (found,) = at_unon((await inventories.ask(inventories.person("auditor"), WAYS["root field"]))["data"])
    assert found["fuelStocks"] == [
        {"fuel": "diesel", "stock": later["stock"], "asOf": "2024-07-31"},
        {"fuel": "lpg", "stock": {"value": "3", "unit": "kg"}, "asOf": "2024-06-30"},
    ]
    history = [edge["node"]["stock"]["value"] for edge in found["fuelStockHistory"]["edges"]]
    assert history == ["100.25", "7", "9", "3"]


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("anonymous", {}, "NOT_SIGNED_IN"),
        ("unon-chair", {}, "NOT_PERMITTED"),
        ("escwa-technical", {}, "NOT_FOUND"),
        ("gigiri-technical", {}, "NOT_FOUND"),
        ("unon-technical", {"unit": "kWh"}, "UNIT_NOT_OF_FUEL"),
        ("unon-technical", {"stock": "52718.5"}, "STOCK_OUT_OF_RANGE"),
        ("unon-technical", {"fuel": "coal dust"}, "FUEL_UNKNOWN"),
    ],
)
async def test_a_stock_is_refused_with_its_code_and_nothing_is_kept(
    inventories: "Inventories", name: str, given: dict[str, str], code: str
) -> None:
    assert (await state(inventories, name, **given))["code"] == code
    assert await inventories.rows("fuel_stock") == []
