"""From a total to its records, and from a record to what it comes of; filters, cursors, and who sees what."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from chassis.access import ANONYMOUS, Principal
from chassis.database import Database
from chassis.testing import ROOT
from services.inventory.tests.conftest import ROWS
from services.inventory.tests.test_corrections import WATER, correct, correct_record

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

LIST = """query($id: ID!, $first: Int!, $after: String, $filter: ActivityRecordFilter) { inventory(id: $id) {
    activityRecords(first: $first, after: $after, filter: $filter) {
        edges { cursor node { id category item } } pageInfo { hasNextPage endCursor } } } }"""
LINEAGE = """query($id: ID!) { activityRecord(id: $id) { category amount { value unit } sheet row emission {
    co2e { value } } lineage {
    methodEdition factorEdition factorRelease gwpSet explanation
    inventory { id state steps { action by } } source { fileName contentHash importedBy }
    factor { id release document table publishedAs unit }
    earlier { recordId inventoryId action reason by amount { value } }
    recomputed { __typename ... on Refusal { code } ... on Recomputation { equalsStored co2e { value unit }
        biogenicCo2 { value } byGas { gas mass { value unit } gwp { value unit } citation }
        conversion { recorded { value unit } converted { value unit } unitsPerUnit } } } } } }"""


async def asked(inventories: "Inventories", who: str | Principal, document: str, **variables: Any) -> Any:
    principal = inventories.person(who) if isinstance(who, str) else who
    answer = await inventories.ask(principal, document, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def listed(inventories: "Inventories", inventory_id: str, **wanted: Any) -> list[str]:
    """Categories of the records that a filter leaves."""
    found = await asked(inventories, "unon-technical", LIST, id=inventory_id, first=100, filter=wanted)
    return [edge["node"]["category"] for edge in found["inventory"]["activityRecords"]["edges"]]


async def record_of(inventories: "Inventories", inventory_id: str, category: str, item: str | None = None) -> str:
    """Id of the one record of that kind."""
    found = await asked(inventories, "unon-technical", LIST, id=inventory_id, first=100)
    (one,) = [
        edge["node"]["id"]
        for edge in found["inventory"]["activityRecords"]["edges"]
        if edge["node"]["category"] == category and item in {None, edge["node"]["item"]}
    ]
    return str(one)


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, range(7)),
        ({"categories": ["waste", "water"]}, [4, 5]),
        ({"categories": []}, range(7)),
        ({"streams": ["water"]}, [5]),
        ({"streams": ["water"], "categories": ["waste"]}, []),
        ({"scopes": [2]}, [0]),
        ({"scopes": [1]}, [1, 2, 3, 6]),
        ({"scopes": []}, []),
        ({"optional": True}, [4, 5]),
        ({"optional": False, "scopes": [3]}, []),
        ({"qualities": ["estimated"]}, [6]),
        ({"locationIds": ["unon-gigiri"]}, [1, 6]),
        ({"locationIds": ["unon"]}, range(7)),
        ({"locationIds": ["escwa"]}, []),
        ({"items": ["diesel", "wood"]}, [1, 3]),
        ({"periodFrom": "2024-07-01"}, [0]),
        ({"periodFrom": "2024-12-31"}, [0]),
        ({"periodFrom": "2025-01-01"}, []),
        ({"periodTo": "2024-01-02"}, range(7)),
        ({"periodTo": "2024-01-01"}, []),
        ({"factorId": "ipcc-2006:heating_fuel:wood:tonne:default"}, [3]),
        ({"factorRelease": "ipcc-2006"}, [3]),
        ({"note": "metre"}, []),
        ({"importId": "none"}, []),
    ],
)
async def test_a_filter_leaves_what_it_says(inventories: "Inventories", wanted: dict[str, Any], rows: Any) -> None:
    taken = await inventories.import_file()

    assert await listed(inventories, taken.inventory_id, **wanted) == [ROWS[row].split(",")[1] for row in rows]


async def test_a_note_is_looked_for_as_it_is_written(inventories: "Inventories") -> None:
    head = "site,category,item,start,end,amount,unit,quality,note"
    notes = ("50% Wind", "100_a", "Meter A")
    rows = [f"unon,water,borehole,2024-0{n}-01,2024-0{n}-28,1,m3,measured,{note}" for n, note in enumerate(notes, 1)]
    taken = await inventories.import_file("\n".join((head, *rows)).encode())

    found = {
        note: len(await listed(inventories, taken.inventory_id, note=note)) for note in ("%", "_", "meter", "wInD")
    }

    assert found == {"%": 1, "_": 1, "meter": 1, "wInD": 1}
    assert len(await listed(inventories, taken.inventory_id, importId=taken.id)) == len(notes)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"note": "x" * 201}, "FILTER_TOO_LARGE"),
        ({"items": ["x"] * 60 + [str(n) for n in range(100)]}, "FILTER_TOO_LARGE"),
        ({"periodFrom": "2024-02-01", "periodTo": "2024-02-01"}, "PERIOD_ENDS_BEFORE_START"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    inventories: "Inventories", wanted: dict[str, Any], code: str
) -> None:
    taken = await inventories.import_file()

    answer = await inventories.ask(
        inventories.person("unon-technical"), LIST, id=taken.inventory_id, first=5, filter=wanted
    )

    assert answer["errors"][0]["extensions"]["code"] == code


async def test_pages_are_the_whole_list_also_while_records_come_in(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    found: list[str] = []
    after = None
    while True:
        page = (
            await asked(
                inventories, "unon-technical", LIST, id=taken.inventory_id, first=2, after=after,
                filter={"scopes": [1, 2]},
            )
        )["inventory"]["activityRecords"]  # fmt: skip
        found += [edge["node"]["category"] for edge in page["edges"]]
        if len(found) == 2:
            await inventories.import_file(inventories.other_file())
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    before = [line.split(",")[1] for line in ROWS if line.split(",")[1] not in {"waste", "water"}]
    assert found == [*before, "grid_electricity", "generator_fuel"]


@pytest.mark.parametrize("after", ["x", "-1", "", "9" * 19, "1.5", "\u0663"])
async def test_a_cursor_of_another_list_is_refused(inventories: "Inventories", after: str) -> None:
    taken = await inventories.import_file()

    answer = await inventories.ask(
        inventories.person("unon-technical"), LIST, id=taken.inventory_id, first=5, after=after
    )

    assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_a_record_is_followed_to_all_that_it_comes_of(inventories: "Inventories") -> None:
    final = await inventories.final()
    record_id = await record_of(inventories, final.id, "heating_fuel", "lpg")

    found = (await asked(inventories, "unon-technical", LINEAGE, id=record_id))["activityRecord"]

    lineage = found["lineage"]
    assert found["row"] == ROWS.index(next(line for line in ROWS if "lpg" in line)) + 2
    assert lineage["inventory"] == {
        "id": final.id, "state": "final",
        "steps": [{"action": "submitted", "by": "unon-technical"}, {"action": "approved", "by": "unon-chair"}],
    }  # fmt: skip
    assert lineage["source"]["fileName"] == "data.csv"
    assert len(lineage["source"]["contentHash"]) == 64
    assert lineage["factor"]["id"] == "desnz-2024:heating_fuel:lpg:litre:default"
    assert (lineage["factor"]["release"], lineage["factorRelease"]) == ("desnz-2024", "desnz-2024")
    assert (lineage["methodEdition"], lineage["gwpSet"], lineage["earlier"]) == ("un-2023", "AR5", [])
    again = lineage["recomputed"]
    assert (again["__typename"], again["equalsStored"]) == ("Recomputation", True)
    assert Decimal(again["co2e"]["value"]) == Decimal(found["emission"]["co2e"]["value"])
    assert {gas["gas"]: gas["gwp"]["value"] for gas in again["byGas"]} == {"CH4": "28", "CO2": "1", "N2O": "265"}
    assert all(gas["citation"] for gas in again["byGas"])
    assert again["conversion"]["unitsPerUnit"] == "1"


async def test_every_line_is_recomputed_to_what_is_stored(inventories: "Inventories") -> None:
    rows = (
        *ROWS,
        "unon,generator_fuel,diesel,2024-07-01,2024-12-31,0.125,m3,,,measured",
        "unon,refrigerant,R-410A,2024-01-01,2024-12-31,1250.5,g,,,measured",
    )
    taken = await inventories.import_file(inventories.csv(*rows))
    document = """query($id: ID!) { inventory(id: $id) { activityRecords(first: 100) { edges { node { category
        emission { scope } lineage { recomputed { __typename ... on Recomputation { equalsStored
        conversion { unitsPerUnit converted { unit } } } } } } } } } }"""

    found = await asked(inventories, "unon-technical", document, id=taken.inventory_id)

    nodes = [edge["node"] for edge in found["inventory"]["activityRecords"]["edges"]]
    counted = [node["lineage"]["recomputed"] for node in nodes if node["emission"]]
    assert len(counted) >= len(rows) - 2
    assert all(each["__typename"] == "Recomputation" and each["equalsStored"] for each in counted)
    assert [node["lineage"]["recomputed"] for node in nodes if not node["emission"]] == [None] * (
        len(nodes) - len(counted)
    )
    conversions = [(each["conversion"]["unitsPerUnit"], each["conversion"]["converted"]["unit"]) for each in counted]
    assert ("1000", "litre") in conversions
    assert ("0.001", "kg") in conversions


async def _as_owner(inventories: "Inventories", *statements: str, **values: Any) -> None:
    """What only somebody with the owner's password could do."""
    database = Database.connect(inventories.urls.owner, pool_size=1)
    async with database.transaction([ROOT]) as tx:
        for statement in statements:
            await tx.execute(
                text(statement), {name: value for name, value in values.items() if f":{name}" in statement}
            )
    await database.close()


async def test_a_figure_that_was_tampered_with_does_not_equal(inventories: "Inventories") -> None:
    final = await inventories.final()
    record_id = await record_of(inventories, final.id, "grid_electricity")
    await _as_owner(
        inventories,
        "ALTER TABLE activity_record DISABLE TRIGGER USER",
        "UPDATE activity_record SET co2e_kg = co2e_kg + 0.000001 WHERE id = :id",
        "ALTER TABLE activity_record ENABLE TRIGGER USER",
        id=int(record_id),
    )

    found = await asked(inventories, "unon-technical", LINEAGE, id=record_id)

    assert found["activityRecord"]["lineage"]["recomputed"]["equalsStored"] is False


async def test_a_factor_that_is_gone_is_told(inventories: "Inventories") -> None:
    final = await inventories.final()
    record_id = await record_of(inventories, final.id, "grid_electricity")
    await _as_owner(
        inventories,
        "ALTER TABLE coefficient DISABLE TRIGGER USER",
        "UPDATE coefficient SET factor_id = 'another' WHERE category = 'grid_electricity'",
        "ALTER TABLE coefficient ENABLE TRIGGER USER",
    )

    found = (await asked(inventories, "unon-technical", LINEAGE, id=record_id))["activityRecord"]["lineage"]

    assert (found["factor"], found["recomputed"]) == (
        None, {"__typename": "Refusal", "code": "FACTOR_NOT_IN_RELEASE"},
    )  # fmt: skip


async def test_a_line_is_followed_back_through_changes_and_versions(inventories: "Inventories") -> None:
    final = await inventories.final()
    first = await record_of(inventories, final.id, "water")
    draft = await correct(inventories, final.id, reason="a meter was read wrongly")
    copied = await record_of(inventories, draft.id, "water")
    changed = await correct_record(
        inventories, draft.id, record_id=copied, cells=WATER | {"amount": "81"}, reason="one"
    )
    again = await correct_record(
        inventories, draft.id, record_id=str(changed.record_id), cells=WATER | {"amount": "82"}, reason="two"
    )

    found = await asked(inventories, "unon-technical", LINEAGE, id=str(again.record_id))
    start = await asked(inventories, "unon-technical", LINEAGE, id=first)

    chain = found["activityRecord"]["lineage"]["earlier"]
    assert [(each["action"], each["reason"], each["recordId"], each["amount"]["value"]) for each in chain] == [
        ("changed", "two", str(changed.record_id), "81"),
        ("changed", "one", copied, "70"),
        ("copied", "a meter was read wrongly", first, "70"),
    ]
    assert [each["inventoryId"] for each in chain] == [draft.id, draft.id, final.id]
    assert {each["by"] for each in chain} == {"unon-technical"}
    assert start["activityRecord"]["lineage"]["earlier"] == []


@pytest.mark.parametrize("who", ["escwa-technical", "outside", "anonymous", "unon-member"])
async def test_a_record_that_is_not_yours_is_not_there(inventories: "Inventories", who: str) -> None:
    final = await inventories.final()
    await inventories.is_published(final.id)
    record_id = await record_of(inventories, final.id, "generator_fuel")
    principal = ANONYMOUS if who == "anonymous" else inventories.person(who)

    found = [await asked(inventories, principal, LINEAGE, id=each) for each in (record_id, "1" * 17, "x", "", "9" * 40)]

    assert found == [{"activityRecord": None}] * 5


async def test_a_site_sees_the_lineage_of_its_record_in_anothers_inventory(inventories: "Inventories") -> None:
    final = await inventories.final()
    record_id = await record_of(inventories, final.id, "generator_fuel")

    found = (await asked(inventories, "gigiri-technical", LINEAGE, id=record_id))["activityRecord"]["lineage"]

    assert (found["inventory"], found["source"], found["methodEdition"]) == (None, None, None)
    assert found["factor"]["id"].startswith("un-sun-2023:")


CELLS = """query($id: ID!) { inventory(id: $id) {
    byScope { scope co2e { value } records(first: 100) { edges { node { id emission { co2e { value } } } } } }
    byCategory { category optional co2e { value }
        records(first: 1) { edges { node { id } } pageInfo { hasNextPage endCursor } } } } }"""


async def test_each_total_is_the_sum_of_its_records(inventories: "Inventories") -> None:
    final = await inventories.final()

    found = (await asked(inventories, "unon-technical", CELLS, id=final.id))["inventory"]

    for cell in found["byScope"]:
        parts = [Decimal(edge["node"]["emission"]["co2e"]["value"]) for edge in cell["records"]["edges"]]
        assert sum(parts) == Decimal(cell["co2e"]["value"])
        assert parts
    pages = {(cell["category"], cell["optional"]): cell["records"] for cell in found["byCategory"]}
    assert {key: page["pageInfo"]["hasNextPage"] for key, page in pages.items()} == {
        (line.split(",")[1], line.split(",")[1] in {"waste", "water"}): line.split(",")[1] == "heating_fuel"
        for line in ROWS
        if line.split(",")[1] in {category for category, _ in pages}
    }


async def test_totals_asked_for_together_take_a_bounded_number_of_statements(inventories: "Inventories") -> None:
    final = await inventories.final()
    with inventories.statements() as statements:
        await asked(inventories, "unon-technical", CELLS, id=final.id)

    assert len([each for each in statements if "CROSS JOIN LATERAL" in each]) == 1


FIGURE = """query($filter: FigureFilter, $at: ID, $month: Date, $by: [FigureDimension!]!) { location(id: "unon") {
    figures(by: $by, filter: $filter) { figures { locationId year month scope category gas total { value } records } }
    figureRecords(first: 100, filter: $filter, locationId: $at, month: $month) { edges { node { category
        emission { co2e { value } } } } } } }"""


@pytest.mark.parametrize(
    ("given", "by"),
    [
        ({}, []),
        ({"filter": {"scopes": [1]}}, ["SCOPE"]),
        ({"filter": {"categories": ["heating_fuel"], "yearFrom": 2024, "yearTo": 2024}, "at": "unon"}, ["CATEGORY"]),
        ({"filter": {"streams": ["waste"], "optional": True}}, ["STREAM"]),
        ({"filter": {"yearFrom": 2023, "yearTo": 2023}}, ["YEAR"]),
        ({"filter": {"gases": ["CH4"]}}, ["GAS"]),
    ],
)
async def test_a_figure_has_the_records_that_it_is_made_of(
    inventories: "Inventories", given: Mapping[str, Any], by: list[str]
) -> None:
    await inventories.final()

    found = (await asked(inventories, "unon-technical", FIGURE, by=by, **given))["location"]

    parts = [edge["node"]["emission"]["co2e"]["value"] for edge in found["figureRecords"]["edges"]]
    figures = found["figures"]["figures"]
    assert sum(figure["records"] for figure in figures) == len(parts)
    if "GAS" not in by:
        assert sum(map(Decimal, parts)) == sum(Decimal(figure["total"]["value"]) for figure in figures)


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ({"month": "2024-06-15"}, [0, 1, 2, 3, 6]),
        ({"month": "2024-07-01"}, [0]),
        ({"month": "2025-01-01"}, []),
        ({"filter": {"calendar": "JULY_JUNE", "yearFrom": 2025, "yearTo": 2025}}, [0]),
        ({"filter": {"calendar": "JULY_JUNE", "yearFrom": 2024, "yearTo": 2024}}, [0, 1, 2, 3, 6]),
        ({"at": "unon-gigiri"}, []),
    ],
)
async def test_a_month_has_the_records_with_days_in_it(
    inventories: "Inventories", given: Mapping[str, Any], rows: list[int]
) -> None:
    await inventories.final()

    found = (await asked(inventories, "unon-technical", FIGURE, by=[], **given))["location"]

    assert [edge["node"]["category"] for edge in found["figureRecords"]["edges"]] == [
        ROWS[row].split(",")[1] for row in rows
    ]


async def test_records_of_figures_are_for_who_may_see_them(inventories: "Inventories") -> None:
    final = await inventories.final()
    await inventories.is_published(final.id)
    document = '{ location(id: "unon") { figureRecords(first: 9) { edges { node { category } } } } }'

    found = {
        who: [
            edge["node"]["category"]
            for edge in (await asked(inventories, principal, document))["location"]["figureRecords"]["edges"]
        ]
        for who, principal in (
            ("anonymous", ANONYMOUS),
            ("another", inventories.person("escwa-technical")),
            ("steering", inventories.person("steering")),
        )
    }

    assert found == {"anonymous": [], "another": [], "steering": ["grid_electricity"]}
