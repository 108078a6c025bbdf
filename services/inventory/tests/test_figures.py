"""Sums over many inventories: by every dimension, by the tree as it is and was, by both calendars, and for whom."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from chassis.access import ANONYMOUS
from inventory import access, usecases
from inventory.domain.activity_data import Category
from inventory.domain.errors import FiguresTooMany
from inventory.domain.figures import STREAM_BY_CATEGORY, Calendar, Dimension, FiguresAsked, categories_of
from inventory.store.figures import figures
from services.inventory.tests.test_corrections import correct, correct_record
from services.inventory.tests.test_instruments import KENYA, record
from services.inventory.tests.test_location_changes import move

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

DOCUMENT = """query($id: ID!, $by: [FigureDimension!]!, $filter: FigureFilter, $asOf: DateTime) {
    location(id: $id) { figures(by: $by, filter: $filter, asOf: $asOf) { withheld figures {
        locationId year month scope category stream gas records inventories
        total { value unit } biogenicCo2 { value } apportioned { value }
        marketBased { value unit } reportingPeriod { start end } } } } }"""


async def ask(
    inventories: "Inventories", by: str, *, who: str = "coordinator", at: str = "secretariat", **given: Any
) -> dict[str, Any]:
    as_of = given.pop("as_of", None)
    principal = ANONYMOUS if who == "anonymous" else inventories.person(who)
    answer = await inventories.ask(
        principal, DOCUMENT, id=at, by=by.split(), filter=given or None, asOf=as_of and as_of.isoformat()
    )
    if answer.get("errors"):
        return answer
    found: dict[str, Any] = answer["data"]["location"]["figures"]
    return found


def shown(found: dict[str, Any], *names: str) -> dict[Any, Decimal]:
    """Totals by these dimensions."""
    return {tuple(row[name] for name in names): Decimal(row["total"]["value"]) for row in found["figures"]}


async def lines(inventories: "Inventories", *inventory_ids: str) -> list[Any]:
    return [row for row in await inventories.rows("activity_record") if row["inventory_id"] in inventory_ids]


async def final_of(inventories: "Inventories", *rows: str, year: int, at: str = "unon") -> str:
    """A final inventory of that year."""
    team, chair = {
        "unon": ("unon-technical", "unon-chair"),
        "unon-gigiri": ("gigiri-technical", "unon-chair"),
    }[at]
    taken = await inventories.import_file(
        inventories.csv(*rows), by=inventories.person(team), location_id=at, year=year
    )
    async with inventories._transaction(inventories.person(team), access.SUBMIT_INVENTORY) as (tx, principal, now):
        await usecases.submit_inventory(
            tx, principal=principal, now=now, location_id=at, year=year, missing_because="what is missing did not occur"
        )
    return (await inventories.approve(taken.inventory_id, by=inventories.person(chair))).id


def leak(site: str, start: str, end: str, amount: str) -> str:
    """A refrigerant has no factor, and so no year that lacks one."""
    return f"{site},refrigerant,HFC-134a,{start},{end},{amount},kg,,,measured"


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("SCOPE", lambda row: (row["scope"],)),
        ("CATEGORY", lambda row: (row["category"],)),
        ("STREAM", lambda row: (STREAM_BY_CATEGORY[row["category"]],)),
        ("LOCATION SCOPE CATEGORY", lambda row: ("unon", row["scope"], row["category"])),
        ("YEAR", lambda _: (2024,)),
        ("", lambda _: ()),
    ],
)
@pytest.mark.parametrize("optional", [False, True])
async def test_sums_are_those_of_the_lines(inventories: "Inventories", by: str, key: Any, *, optional: bool) -> None:
    final = await inventories.final()
    expected: dict[Any, Decimal] = {}
    for row in await lines(inventories, final.id):
        if row["coefficient_id"] is not None and row["optional"] is optional:
            expected[key(row)] = expected.get(key(row), Decimal(0)) + row["co2e_kg"]

    found = await ask(inventories, by, optional=optional)

    names = ["locationId" if name == "LOCATION" else name.lower() for name in by.split()]
    assert shown(found, *names) == expected != {}
    assert {row["inventories"] for row in found["figures"]} == {1}
    assert found["withheld"] == 0


async def test_gases_are_masses_that_sum_to_the_lines(inventories: "Inventories") -> None:
    final = await inventories.final()
    document = "query($id: ID!) { inventory(id: $id) { byGas { gas mass { value unit } } } }"
    answer = await inventories.ask(inventories.person("coordinator"), document, id=final.id)

    found = await ask(inventories, "GAS")

    expected = {item["gas"]: item["mass"] for item in answer["data"]["inventory"]["byGas"]}
    assert {row["gas"]: row["total"] for row in found["figures"]} == expected
    assert {"CO2", "CH4", "N2O"} <= set(expected)
    one = await ask(inventories, "CATEGORY GAS", gases=["N2O"])
    assert {row["gas"] for row in one["figures"]} == {"N2O"}
    assert [row["total"] for row in one["figures"]] == [expected["N2O"]]


async def test_filters_leave_what_they_name(inventories: "Inventories") -> None:
    await inventories.final()
    whole = shown(await ask(inventories, "SCOPE CATEGORY"), "scope", "category")

    energy = {category for category, stream in STREAM_BY_CATEGORY.items() if stream == "energy"}
    everything: dict[str, Any] = {"scope": {1, 2, 3}, "category": set(STREAM_BY_CATEGORY)}
    for given, kept in (
        ({"scopes": [1]}, {"scope": {1}}),
        ({"categories": ["grid_electricity"]}, {"category": {"grid_electricity"}}),
        ({"streams": ["energy"]}, {"category": energy}),
        ({"streams": ["energy"], "categories": ["vehicle_fuel"]}, {"scope": set()}),
        ({"yearFrom": 2024, "yearTo": 2024}, {}),
        ({"yearTo": 2023}, {"scope": set()}),
        ({"yearFrom": -5, "yearTo": 2147483647}, {}),
    ):
        left = everything | kept
        found = shown(await ask(inventories, "SCOPE CATEGORY", **given), "scope", "category")
        expected = {key: kg for key, kg in whole.items() if key[0] in left["scope"] and key[1] in left["category"]}
        assert found == expected, given


async def test_both_calendars_are_made_of_the_same_months_and_none_is_in_two_years(inventories: "Inventories") -> None:
    await final_of(
        inventories,
        leak("unon", "2023-03-01", "2023-03-31", "1"),
        leak("unon", "2023-06-15", "2023-07-14", "30"),
        leak("unon", "2023-11-01", "2023-11-30", "4"),
        year=2023,
    )
    await final_of(
        inventories,
        leak("unon", "2024-01-01", "2024-01-31", "8"),
        leak("unon", "2024-12-01", "2024-12-31", "16"),
        year=2024,
    )

    months = shown(await ask(inventories, "MONTH"), "month")
    calendar = shown(await ask(inventories, "YEAR"), "year")
    budget = await ask(inventories, "YEAR", calendar="JULY_JUNE")

    expected: dict[Any, Decimal] = {}
    for (month,), kg in months.items():
        year = Calendar.JULY_JUNE.year_of(date.fromisoformat(month))
        expected[(year,)] = expected.get((year,), Decimal(0)) + kg
    assert shown(budget, "year") == expected
    assert set(expected) == {(2023,), (2024,), (2025,)}
    assert sum(expected.values()) == sum(calendar.values()) == sum(months.values())
    # 16 of 30 days are before July; what was split by days is told.
    unit = calendar[(2024,)] / 24
    assert [round(kg / unit, 6) for kg in shown(budget, "year").values()] == [17, 26, 16]
    assert [round(Decimal(row["apportioned"]["value"]) / unit, 6) for row in budget["figures"]] == [16, 14, 0]
    only = await ask(inventories, "YEAR MONTH", calendar="JULY_JUNE", yearFrom=2024, yearTo=2024)
    assert list(shown(only, "year", "month")) == [
        (2024, "2023-07-01"), (2024, "2023-11-01"), (2024, "2024-01-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("AS_IT_IS", {"unon": {}, "escwa": {2023: 7, 2024: 70}}),
        ("AS_IT_WAS", {"unon": {2023: 7}, "escwa": {2024: 70}}),
    ],
)
async def test_a_year_is_summed_by_the_tree_as_it_is_or_as_it_was(
    inventories: "Inventories", tree: str, expected: dict[str, dict[int, int]]
) -> None:
    for year, amount in ((2023, "7"), (2024, "70")):
        row = leak("unon-gigiri", f"{year}-01-01", f"{year}-01-31", amount)
        await final_of(inventories, row, year=year, at="unon-gigiri")
    await move(inventories, on=date(2024, 7, 1))

    for place, who in (("unon", "unon-chair"), ("escwa", "escwa-chair")):
        found = await ask(inventories, "YEAR", who=who, at=place, tree=tree)
        assert {row["year"] for row in found["figures"]} == set(expected[place]), place


async def test_figures_are_those_of_the_newest_final_version_or_of_the_one_that_was_final_then(
    inventories: "Inventories",
) -> None:
    final = await inventories.final()
    before = shown(await ask(inventories, "CATEGORY"), "category")
    then = datetime.now(UTC)
    await asyncio.sleep(0.01)
    draft = await correct(inventories, final.id)
    (grid,) = [row["id"] for row in await lines(inventories, draft.id) if row["category"] == "grid_electricity"]
    cells = {
        "site": "unon", "category": "grid_electricity", "start": "2024-01-01", "end": "2024-12-31",
        "amount": "500", "unit": "kWh", "quality": "measured",
    }  # fmt: skip
    await correct_record(inventories, draft.id, record_id=str(grid), cells=cells)
    assert shown(await ask(inventories, "CATEGORY"), "category") == before
    await inventories.submit()
    await inventories.approve(draft.id)

    now = shown(await ask(inventories, "CATEGORY"), "category")

    assert now == before | {("grid_electricity",): before[("grid_electricity",)] / 2}
    assert shown(await ask(inventories, "CATEGORY", as_of=then), "category") == before
    assert (await ask(inventories, "CATEGORY", as_of=datetime(2020, 1, 1, tzinfo=UTC)))["figures"] == []
    document = """query($asOf: DateTime) { location(id: "unon") { now: inventory(year: 2024) { version }
        then: inventory(year: 2024, asOf: $asOf) { version } first: inventory(year: 2024, version: 1) { version }
        none: inventory(year: 2024, version: 3) { version } } }"""
    answer = await inventories.ask(inventories.person("unon-chair"), document, asOf=then.isoformat())
    assert answer["data"]["location"] == {
        "now": {"version": 2}, "then": {"version": 1}, "first": {"version": 1}, "none": None,
    }  # fmt: skip


CLOSED = [("MONTH", {}), ("CATEGORY MONTH", {}), ("YEAR", {"calendar": "JULY_JUNE"}), ("GAS", {})]


@pytest.mark.parametrize("who", ["unon-member", "steering", "approver"])
@pytest.mark.parametrize(("by", "given"), CLOSED)
async def test_months_and_gases_that_would_show_stored_fuel_are_for_readers_of_sensitive_data(
    inventories: "Inventories", who: str, by: str, given: dict[str, Any]
) -> None:
    """Nothing is better than a part that looks like the whole: the rest follows by subtraction."""
    await inventories.final()

    closed = await ask(inventories, by, who=who, **given)

    assert (closed["figures"], closed["withheld"]) == ([], 1)
    assert (await ask(inventories, by, who="unon-chair", **given))["figures"] != []
    # Where no fuel is in the sum, they are for everyone who reads there.
    other = given | {"categories": ["grid_electricity"]}
    open_ = await ask(inventories, by, who=who, **other)
    assert open_ == await ask(inventories, by, who="unon-chair", **other)
    assert (len(open_["figures"]) > 0, open_["withheld"]) == (True, 0)
    # Years are official figures.
    assert await ask(inventories, "CATEGORY", who=who) == await ask(inventories, "CATEGORY", who="unon-chair")


@pytest.mark.parametrize("who", ["escwa-chair", "outside", "anonymous", "gigiri-technical"])
@pytest.mark.parametrize(("by", "given"), [("CATEGORY", {}), *CLOSED])
async def test_nobody_without_the_right_sees_a_figure_before_it_is_published(
    inventories: "Inventories", who: str, by: str, given: dict[str, Any]
) -> None:
    final = await inventories.final()

    assert await ask(inventories, by, who=who, **given) == {"figures": [], "withheld": 0}

    await inventories.is_published(final.id)
    found = await ask(inventories, by, who=who, **given)
    if by == "CATEGORY":
        assert found == await ask(inventories, by)
    else:
        assert (found["figures"], found["withheld"]) == ([], 1)


@pytest.mark.parametrize(
    ("by", "given"), [("GAS MONTH", {}), ("MONTH", {"gases": ["CO2"]}), ("GAS", {"calendar": "JULY_JUNE"})]
)
async def test_gases_by_month_are_refused(inventories: "Inventories", by: str, given: dict[str, Any]) -> None:
    answer = await ask(inventories, by, **given)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["DIMENSIONS_NOT_COMBINED"]


async def test_too_many_figures_are_refused(inventories: "Inventories") -> None:
    await inventories.final()
    asked = FiguresAsked(location_id="secretariat", by=frozenset({Dimension.CATEGORY}))

    async with inventories.database.transaction(["secretariat"]) as tx:
        count = len((await figures(tx, asked)).figures)
        assert len((await figures(tx, replace(asked, most=count))).figures) == count
        with pytest.raises(FiguresTooMany):
            await figures(tx, replace(asked, most=count - 1))


def test_every_category_is_of_a_stream() -> None:
    assert set(Category) <= set(STREAM_BY_CATEGORY)
    assert categories_of(categories=[], streams=["none such"]) == frozenset()
    assert categories_of(categories=[], streams=[]) is None


async def test_the_market_based_sum_stands_beside_the_other_and_is_no_sum_of_parts(inventories: "Inventories") -> None:
    """Of 1,000 kWh that unon took from the grid an instrument covers 400 with nothing emitted."""
    grid = "unon,grid_electricity,,{0}-01-01,{0}-12-31,1000,kWh,,,measured"
    await record(inventories, year=2024)
    warm = "unon,purchased_heat,heat,2024-01-01,2024-12-31,100,kWh,,,measured"
    await final_of(inventories, grid.format(2024), warm, leak("unon", "2024-02-01", "2024-02-29", "1"), year=2024)
    await final_of(inventories, leak("unon-gigiri", "2024-02-01", "2024-02-29", "2"), year=2024, at="unon-gigiri")

    async def market(by: str, **given: Any) -> dict[Any, tuple[Decimal, Decimal | None]]:
        found = await ask(inventories, by, **given)
        return {
            (row["locationId"], row["scope"], row["category"]): (
                Decimal(row["total"]["value"]),
                None if row["marketBased"] is None else Decimal(row["marketBased"]["value"]),
            )
            for row in found["figures"]
        }

    gas = (await market("SCOPE"))[None, 1, None][0]
    # Heat has no instruments.
    heat = (await market("CATEGORY"))[None, None, "purchased_heat"][0]
    both = 1000 * KENYA + heat, 600 * KENYA + heat
    assert await market("SCOPE") == {(None, 1, None): (gas, gas), (None, 2, None): both}
    assert await market("YEAR") == {(None, None, None): (both[0] + gas, both[1] + gas)}
    assert (await market("CATEGORY"))[None, None, "purchased_heat"] == (heat, heat)
    assert (await market("LOCATION YEAR CATEGORY"))["unon", None, "grid_electricity"] == (1000 * KENYA, 600 * KENYA)
    assert (await market("LOCATION YEAR CATEGORY"))["unon-gigiri", None, "refrigerant"][1] is not None
    # Instruments are matched with the use of a year, and gases have no market.
    assert {found[1] for found in (await market("MONTH")).values()} == {None}
    assert {found[1] for found in (await market("GAS")).values()} == {None}
    # One that became final before instruments were matched has none, and what it is in is no sum of it.
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    await owner.execute("ALTER TABLE inventory_market_total DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM inventory_market_total")
    await owner.close()
    assert await market("SCOPE") == {(None, 1, None): (gas, gas), (None, 2, None): (both[0], None)}
    assert await market("YEAR") == {(None, None, None): (both[0] + gas, None)}


async def test_the_event_says_both_figures(inventories: "Inventories") -> None:
    await record(inventories, year=2024)
    await final_of(inventories, "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured", year=2024)
    await final_of(inventories, leak("unon-gigiri", "2024-02-01", "2024-02-29", "2"), year=2024, at="unon-gigiri")

    said = [fact for name, fact in await inventories.events() if name == "inventory_finalised"]

    names = ("total", "scope2_market_based", "total_market_based")
    assert {name: Decimal(said[0][name]["value"]) for name in names} == {
        "total": 1000 * KENYA, "scope2_market_based": 600 * KENYA, "total_market_based": 600 * KENYA,
    }  # fmt: skip
    assert (said[1]["scope2_market_based"], said[1]["total_market_based"]) == (None, None)
