"""A new release and edition change nothing; a restatement is a new version, approved by two, and both are readable."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from chassis.database import Database
from contracts.access import Role
from inventory import access, catalogue, usecases
from inventory.domain.errors import (
    EntererMayNotApprove,
    FactorEditionUnknown,
    ReasonsMissing,
    RestatementRefused,
)
from inventory.domain.factor_release import FactorRelease
from inventory.store import factors
from inventory.usecases.factors import propose_factor_edition
from services.inventory.tests.adoptions import decide, propose
from services.inventory.tests.conftest import OTHER_ROWS, ROWS
from services.inventory.tests.test_location_changes import move

if TYPE_CHECKING:
    from inventory.domain.inventory import Inventory
    from services.inventory.tests.conftest import Inventories

SUN = "un-sun-2023"
OTHERS = tuple(name for name in catalogue.editions()["un-2025"].releases if name != SUN)
TOTALS = (
    "inventory_total", "inventory_month_total", "inventory_gas_total", "inventory_market_total", "inventory_indicator",
    "activity_record", "coefficient", "inventory", "inventory_step",
)  # fmt: skip


async def new_edition(
    inventories: "Inventories", *, name: str = "un-2026", without: str | None = None, adopted: bool = True
) -> None:
    """UNEP's factors as if a later release had twice as much; perhaps without those of one category."""
    now = datetime.now(UTC)
    members = [
        replace(
            factor, release=f"{SUN}-twice", id=f"{SUN}-twice{factor.id.removeprefix(SUN)}",
            co2e_kg=factor.co2e_kg * 2 if factor.co2e_kg is not None else None,
        )
        for factor in catalogue.release(SUN)
        if factor.category != without
    ]  # fmt: skip
    owner = Database.connect(inventories.urls.owner, pool_size=1)
    async with owner.transaction([]) as tx:
        if f"{SUN}-twice" not in await factors.releases(tx):
            release = FactorRelease(
                id=f"{SUN}-twice", publisher="P", document="D", licence="L", format="un-sun", content_hash="twice",
                factor_count=len(members), loaded_by="operator", loaded_at=now,
            )  # fmt: skip
            await factors.add_release(tx, release, members)
        others = [name for name in OTHERS if without is None or not name.startswith("desnz")]
        await propose_factor_edition(
            tx, now=now, by="operator", name=name, description="for a test", releases=(f"{SUN}-twice", *others)
        )
    await owner.close()
    if adopted:
        await decide(inventories, (await propose(inventories, edition_id=name)).id)


async def correct(inventories: "Inventories", inventory_id: str, edition: str | None, **given: Any) -> "Inventory":
    who = inventories.person("unon-technical")
    async with inventories._transaction(who, access.CORRECT_INVENTORY) as (tx, principal, now):
        return await usecases.correct_inventory(
            tx, principal=principal, now=now, inventory_id=inventory_id, factor_edition=edition,
            **{"reason": "UNEP has published anew"} | given,
        )  # fmt: skip


async def everything(inventories: "Inventories") -> dict[str, list[dict[str, Any]]]:
    return {table: [dict(row) for row in await inventories.rows(table)] for table in TOTALS}


async def by_category(inventories: "Inventories", inventory_id: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in await inventories.rows("inventory_total"):
        if row["inventory_id"] == inventory_id:
            found[row["category"]] = found.get(row["category"], Decimal(0)) + row["co2e_kg"]
    return found


async def test_a_new_release_and_edition_change_no_figure_of_what_is_there(inventories: "Inventories") -> None:
    final = await inventories.final()
    await inventories.import_file(year=2023, content=inventories.csv(ROWS[1].replace("2024", "2023")))
    before = await everything(inventories)

    await new_edition(inventories)

    assert await everything(inventories) == before
    # The draft that was there keeps its edition, also for what is entered from now on; a new one has the new edition.
    await inventories.import_file(year=2023, content=inventories.csv(OTHER_ROWS[1].replace("2024", "2023")))
    await inventories.import_file(year=2025, content=inventories.csv(ROWS[1].replace("2024", "2025")))
    editions = {row["year"]: row["factor_edition"] for row in await inventories.rows("inventory")}
    assert editions == {2023: "un-2025", 2024: "un-2025", 2025: "un-2026"}
    litres = [
        (row["period_start"].year, row["co2e_kg"] / row["amount"])
        for row in await inventories.rows("activity_record")
        if row["category"] == "generator_fuel"
    ]
    assert sorted(litres) == [
        (2023, Decimal("2.6908")), (2023, Decimal("2.6908")), (2024, Decimal("2.6908")), (2025, Decimal("5.3816")),
    ]  # fmt: skip
    assert final.id in {row["id"] for row in before["inventory"]}


async def test_a_restatement_is_a_new_version_by_the_new_edition_and_both_are_readable(
    inventories: "Inventories",
) -> None:
    final = await inventories.final()
    await new_edition(inventories, adopted=False)
    kept = await by_category(inventories, final.id)
    untouched = [row for row in await inventories.rows("activity_record") if row["inventory_id"] == final.id]

    draft = await correct(inventories, final.id, "un-2026")
    submitted = await inventories.submit()
    restated = await inventories.approve(submitted.id)

    assert (draft.version, draft.factor_edition, draft.correction and draft.correction.cause) == (
        2, "un-2026", "method",
    )  # fmt: skip
    new = await by_category(inventories, restated.id)
    twice = {"generator_fuel", "vehicle_fuel"}
    assert new == {category: kg * 2 if category in twice else kg for category, kg in kept.items()}
    assert kept.keys() >= twice
    assert await by_category(inventories, final.id) == kept
    rows = await inventories.rows("activity_record")
    assert [row for row in rows if row["inventory_id"] == final.id] == untouched
    assert sorted(row["corrects_id"] for row in rows if row["inventory_id"] == restated.id) == sorted(
        row["id"] for row in untouched
    )
    answer = await inventories.ask(
        inventories.person("unon-chair"),
        """query($a: ID!, $b: ID!) { a: inventory(id: $a) { ...v } b: inventory(id: $b) { ...v } }
        fragment v on Inventory { version state factorEdition correctionCause total { value }
            activityRecords(first: 9) { edges { node { category emission { explanation } } } } }""",
        a=final.id, b=restated.id,
    )  # fmt: skip
    a, b = answer["data"]["a"], answer["data"]["b"]
    assert [(a["version"], a["state"], a["factorEdition"]), (b["version"], b["state"], b["factorEdition"])] == [
        (1, "final", "un-2025"), (2, "final", "un-2026"),
    ]  # fmt: skip
    assert Decimal(a["total"]["value"]) < Decimal(b["total"]["value"])
    fuel = next(edge["node"] for edge in b["activityRecords"]["edges"] if edge["node"]["category"] == "generator_fuel")
    assert f"Edition un-2026, release {SUN}-twice" in fuel["emission"]["explanation"]


async def test_who_restates_does_not_approve(inventories: "Inventories") -> None:

    final = await inventories.final()
    await new_edition(inventories)
    await correct(inventories, final.id, "un-2026")
    submitted = await inventories.submit(by=inventories.person("unon-chair", Role.TECHNICAL_TEAM))

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id, by=inventories.person("unon-technical", Role.LOCAL_CHAIR))


@pytest.mark.parametrize(
    ("edition", "given", "refusal"),
    [
        ("un-1900", {}, FactorEditionUnknown),
        ("un-2026", {"reason": " "}, ReasonsMissing),
    ],
)
async def test_what_can_not_be_a_restatement_is_refused(
    inventories: "Inventories", edition: str, given: dict[str, str], refusal: type[Exception]
) -> None:
    final = await inventories.final()
    await new_edition(inventories)

    with pytest.raises(refusal):
        await correct(inventories, final.id, edition, **given)
    assert len(await inventories.rows("inventory")) == 1


async def test_lines_that_the_edition_has_no_factor_for_are_named_and_nothing_is_restated(
    inventories: "Inventories",
) -> None:
    final = await inventories.final()
    await new_edition(inventories, without="vehicle_fuel")
    before = await everything(inventories)

    with pytest.raises(RestatementRefused) as caught:
        await correct(inventories, final.id, "un-2026")

    assert "row 4: " in caught.value.message
    assert "vehicle_fuel, petrol" in caught.value.message
    assert await everything(inventories) == before


COMPARE = """query($edition: String, $at: ID!) {
    compareEditions(first: 10, locationId: $at, edition: $edition) { edges { node {
    inventory { id } edition kept { value } restated { value } missing
    byCategory { category optional kept { value } restated { value } } } } } }"""


async def compared(inventories: "Inventories", who: str, **given: Any) -> list[dict[str, Any]]:
    answer = await inventories.ask(inventories.person(who), COMPARE, **{"at": "unon", "edition": "un-2026"} | given)
    return [edge["node"] for edge in answer["data"]["compareEditions"]["edges"]]


async def test_a_comparison_says_what_a_restatement_would_give_and_stores_nothing(inventories: "Inventories") -> None:
    final = await inventories.final()
    await new_edition(inventories)
    before = await everything(inventories)

    (found,) = await compared(inventories, "unon-chair")

    assert await everything(inventories) == before
    await correct(inventories, final.id, "un-2026")
    restated = await inventories.approve((await inventories.submit()).id)
    told = {row["category"]: Decimal(row["restated"]["value"]) for row in found["byCategory"] if row["restated"]}
    assert told == await by_category(inventories, restated.id)
    kept = {row["category"]: Decimal(row["kept"]["value"]) for row in found["byCategory"] if row["kept"]}
    assert kept == await by_category(inventories, final.id)
    (total,) = [
        row for row in await inventories.rows("inventory_indicator")
        if row["indicator"] == "co2e" and row["inventory_id"] == restated.id
    ]  # fmt: skip
    assert Decimal(found["restated"]["value"]) == total["value"]
    # Now the newest final one is the restated one.
    (now,) = await compared(inventories, "unon-chair", edition="un-2025")
    assert now["inventory"]["id"] == restated.id


async def test_a_comparison_names_what_has_no_factor_and_gives_no_figure_for_it(inventories: "Inventories") -> None:
    await inventories.final()
    await new_edition(inventories, without="vehicle_fuel")

    (found,) = await compared(inventories, "unon-chair")

    assert found["restated"] is None
    assert [row["restated"] for row in found["byCategory"] if row["category"] == "vehicle_fuel"] == [None]
    assert [text for text in found["missing"] if "vehicle_fuel, petrol" in text]


@pytest.mark.parametrize(("who", "count"), [("unon-chair", 1), ("coordinator", 1), ("escwa-chair", 0), ("outside", 0)])
async def test_inventories_are_compared_for_those_who_may_read_all_of_their_records(
    inventories: "Inventories", who: str, count: int
) -> None:
    final = await inventories.final()
    await inventories.is_published(final.id)
    await new_edition(inventories)

    assert len(await compared(inventories, who)) == count
    assert len(await compared(inventories, who, at="secretariat")) == count
    assert await compared(inventories, who, at="nowhere") == []


async def test_inventories_are_compared_in_as_many_statements_as_one(inventories: "Inventories") -> None:
    await inventories.final()
    await new_edition(inventories)
    with inventories.statements() as of_one:
        assert len(await compared(inventories, "coordinator", at="secretariat")) == 1
    site = inventories.csv("unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,3,kWh,,,measured,own meter")
    taken = await inventories.import_file(site, location_id="unon-gigiri")
    await inventories.submit(location_id="unon-gigiri")
    await inventories.approve(taken.inventory_id)

    with inventories.statements() as of_two:
        found = await compared(inventories, "coordinator", at="secretariat")

    assert len({item["inventory"]["id"] for item in found}) == 2
    assert len(of_two) == len(of_one)


async def test_an_inventory_of_which_lines_are_hidden_is_not_compared(inventories: "Inventories") -> None:
    """Fuel of a site that moved away is for who reads sensitive data at its new place."""
    await inventories.final()
    await new_edition(inventories)
    assert len(await compared(inventories, "unon-chair")) == 1

    await move(inventories, on=date(2025, 1, 1))

    assert await compared(inventories, "unon-chair") == []
    assert len(await compared(inventories, "coordinator")) == 1


FOR = """query($category: String!, $item: String!, $unit: String!, $on: Date!, $at: ID!, $edition: String) {
    factorFor(category: $category, item: $item, unit: $unit, locationId: $at, on: $on, edition: $edition) {
        edition explanation factor { id co2eKg } tried { place outcome } refusal { code } } }"""
EVERYWHERE = ["KEN", "Africa", "default"]
GOOD = {"category": "grid_electricity", "item": "grid", "unit": "kWh", "on": "2024-05-01", "at": "unon"}


@pytest.mark.parametrize(
    ("given", "factor_id", "tried", "code"),
    [
        ({}, "ember-2024:grid_electricity:grid:MWh:KEN", ["KEN"], None),
        (
            {"category": "generator_fuel", "item": "diesel", "unit": "litre"},
            "un-sun-2023:generator_fuel:diesel:litre:default",
            EVERYWHERE,
            None,
        ),
        ({"category": "generator_fuel", "item": "diesel", "unit": "kWh"}, None, EVERYWHERE, "UNITS_NOT_CONVERTIBLE"),
        ({"category": "purchased_cooling", "item": "chilled_water"}, None, EVERYWHERE, "FACTOR_MISSING"),
        ({"category": "water", "item": "borehole", "unit": "m3"}, None, EVERYWHERE, None),
        ({"category": "refrigerant", "item": "R-410A", "unit": "kg"}, None, [], None),
        ({"category": "refrigerant", "item": "R-999Z", "unit": "kg"}, None, [], "GAS_NOT_IN_GWP_SET"),
        ({"category": "on_site_renewables", "item": "solar"}, None, [], None),
        ({"on": "1990-01-01"}, None, EVERYWHERE, "FACTOR_MISSING"),
    ],
)  # fmt: skip
async def test_the_factor_for_an_activity_and_every_place_that_was_tried(
    inventories: "Inventories", given: dict[str, str], factor_id: str | None, tried: list[str], code: str | None
) -> None:
    answer = await inventories.ask(inventories.person("unon-chair"), FOR, **GOOD | given)

    found = answer["data"]["factorFor"]
    assert (found["factor"] and found["factor"]["id"]) == factor_id
    assert [step["place"] for step in found["tried"]] == tried
    assert (found["refusal"] and found["refusal"]["code"]) == code
    assert found["edition"] == "un-2025"
    if factor_id:
        assert "Edition un-2025, release" in found["explanation"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"at": "nowhere"}, "NOT_FOUND"),
        ({"category": "sunshine"}, "CATEGORY_UNKNOWN"),
        ({"unit": "furlong"}, "UNIT_UNKNOWN"),
        ({"unit": "ton"}, "UNIT_AMBIGUOUS"),
        ({"edition": "un-1900"}, "FACTOR_EDITION_UNKNOWN"),
    ],
)
async def test_a_question_for_a_factor_that_is_none_is_refused(
    inventories: "Inventories", given: dict[str, str], code: str
) -> None:
    answer = await inventories.ask(inventories.person("unon-chair"), FOR, **GOOD | given)

    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_releases_and_editions_are_listed(inventories: "Inventories") -> None:
    answer = await inventories.ask(
        inventories.person("outside"),
        "{ factorReleases { id factorCount contentHash } factorEditions { edition releaseIds adoptedAt } }",
    )

    assert len(answer["data"]["factorReleases"]) == 14
    assert answer["data"]["factorEditions"][0]["releaseIds"] == list(catalogue.editions()["un-2025"].releases)
