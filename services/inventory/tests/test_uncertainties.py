"""Uncertainty as callers meet it: stated on drafts, on lines and totals, kept with final versions, carried on."""

import asyncio
import re
import threading
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import ANONYMOUS
from contracts.access import Role
from inventory.domain.errors import EntererMayNotApprove
from inventory.migrations import versions
from inventory.uncertainty import simulation
from services.inventory.tests.test_corrections import correct, correct_record

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

STATE = """mutation($input: StateUncertaintyInput!) { stateUncertainty(input: $input) { __typename
    ... on UncertaintyStatement { id inventoryId category quality factorId percent { value unit } reason statedBy }
    ... on Refusal { code found } } }"""
PART = """scope category optional gap coveredPercent { value } covered { value unit } lower { value } upper { value }
    percent { value }"""
KNOWN = f"""{{ location(id: "unon") {{ inventory(year: 2024) {{ id version uncertainty {{ method
    total {{ {PART} }} byScope {{ {PART} }} byCategory {{ {PART} }} }}
    uncertaintyStatements(first: 9) {{ edges {{ node {{ category percent {{ value }} inventoryId }} }} }} }} }} }}"""
SIMULATED = """query($draws: Int!, $seed: Int!) { location(id: "unon") { inventory(year: 2024) { uncertainty {
    simulation(draws: $draws, seed: $seed) { covered { value } lower { value } upper { value } percent { value }
        coveredPercent { value } } } } } }"""
LINES = """{ location(id: "unon") { inventory(year: 2024) { activityRecords(first: 20) { edges { node { category
    emission { co2e { value } uncertainty { percent { value } lower { value } upper { value }
        parts { of source percent { value } statement { reason } } } } } } } } } }"""
STATED = """{ location(id: "unon") { inventory(year: 2024) { activityRecords(first: 9) { edges { node {
    amountUncertainty { value unit }
    emission { uncertainty { percent { value } parts { of source percent { value } } } } } } } } } }"""
GRID = "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured"
GIGIRI = "unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,3000,kWh,,,estimated,,by last year"
DIESEL = "unon,generator_fuel,diesel,2024-01-01,2024-06-30,100,litre,,,measured"
DIESEL_GIGIRI = "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,50,litre,,,estimated,,by the hours that it ran"
LINE = """inventory_id, import_id, location_id, sheet, row_number, category, item, period_start, period_end, amount,
    unit, details, quality, scope, optional, co2e_kg, biogenic_co2_kg"""
KENYA = Decimal("0.08483")
"""kgCO2e per kWh, Ember 2024."""
SUN = Decimal("2.6908")
"""kgCO2e per litre, UNEP SUN 2023."""


async def state(
    inventories: "Inventories", inventory_id: str, *extra: Role, by: str = "unon-technical", **other: Any
) -> dict[str, Any]:
    given = {"inventoryId": inventory_id, "percent": "5", "reason": "class 1 meters"} | other
    given.setdefault("idempotencyKey", str(sorted(given.items())))
    answer = await inventories.ask(inventories.person(by, *extra), STATE, input=given)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["stateUncertainty"]
    return found


async def known(inventories: "Inventories", by: str = "unon-technical") -> dict[str, Any]:
    who = ANONYMOUS if by == "anonymous" else inventories.person(by)
    answer = await inventories.ask(who, KNOWN)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["location"]["inventory"]
    return found


def parts(found: dict[str, Any]) -> dict[str, tuple[Any, Any, Any]]:
    """(Percent, covered percent, why there is none) of the total, the scopes and the categories."""
    every = [found["uncertainty"]["total"], *found["uncertainty"]["byScope"], *found["uncertainty"]["byCategory"]]
    return {
        item["category"] or f"scope {item['scope']}": (
            None if item["percent"] is None else Decimal(item["percent"]["value"]),
            None if item["coveredPercent"] is None else Decimal(item["coveredPercent"]["value"]),
            item["gap"],
        )
        for item in every
    }


async def a_draft(inventories: "Inventories", *rows: str) -> tuple[str, str]:
    """Its id and the factor of its electricity."""
    inventory_id = (await inventories.import_file(inventories.csv(*rows))).inventory_id
    (factor,) = {row["factor_id"] for row in await inventories.rows("coefficient") if "grid" in row["category"]}
    return inventory_id, factor


async def test_an_interval_grows_out_of_what_is_stated(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID, GIGIRI)
    assert parts(await known(inventories)) == dict.fromkeys(
        ("scope None", "scope 2", "grid_electricity"), (None, 0, "not_stated")
    )

    await state(inventories, draft, category="grid_electricity", percent="3")
    assert parts(await known(inventories))["scope None"] == (None, 0, "not_stated")
    await state(inventories, draft, factorId=factor, percent="4")

    # One factor for both: the factor's 4 % are of the sum, the meters' 3 % of each: √(0.03²(1² + 3²) + 0.04²·4²) / 4.
    found = await known(inventories)
    assert parts(found) == dict.fromkeys(
        ("scope None", "scope 2", "grid_electricity"), (Decimal("4.650269"), Decimal(100), None)
    )
    interval = found["uncertainty"]["total"]
    assert interval["covered"] == {"value": "339.32", "unit": "kgCO2e"}
    assert Decimal(interval["upper"]["value"]) - Decimal(interval["covered"]["value"]) == pytest.approx(
        4000 * KENYA * Decimal("0.04650269"), rel=Decimal("1e-5")
    )
    assert found["uncertainty"]["method"] == "IPCC_2006_APPROACH_1"


async def test_a_file_states_how_well_each_amount_is_known(inventories: "Inventories") -> None:
    rows = (
        "site,category,item,start,end,amount,unit,generated_kwh,quality,incertitude",
        "unon,grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,measured,3",
        "unon-gigiri,grid_electricity,,2024-01-01,2024-12-31,3000,kWh,,measured,",
        "unon,on_site_renewables,solar,2024-01-01,2024-12-31,10,kWh,12,measured,0.5",
    )
    draft = (await inventories.import_file("\n".join(rows).encode())).inventory_id
    (factor,) = {row["factor_id"] for row in await inventories.rows("coefficient")}
    await state(inventories, draft, factorId=factor, percent="4")

    answer = await inventories.ask(inventories.person("unon-technical"), STATED)
    found = [edge["node"] for edge in answer["data"]["location"]["inventory"]["activityRecords"]["edges"]]

    assert [node["amountUncertainty"] for node in found] == [
        {"value": "3", "unit": "percent"}, None, {"value": "0.5", "unit": "percent"},
    ]  # fmt: skip
    # √(3² + 4²) of the line that states it; a quarter of the total is known.
    assert found[0]["emission"]["uncertainty"]["percent"]["value"] == "5"
    assert [part["source"] for part in found[0]["emission"]["uncertainty"]["parts"]] == ["record", "statement"]
    assert found[1]["emission"]["uncertainty"]["percent"] is None
    assert parts(await known(inventories))["scope None"] == (5, 25, None)
    # What is stated for a set of lines holds where a line says nothing.
    await state(inventories, draft, category="grid_electricity", percent="1")
    assert parts(await known(inventories))["scope None"][:2] == (
        pytest.approx(Decimal("4.138"), abs=Decimal("0.001")),
        100,
    )


async def test_what_nobody_states_stays_out_and_is_said_to(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID, GIGIRI)

    await state(inventories, draft, quality="measured", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")

    assert parts(await known(inventories))["scope None"] == (5, 25, None)


async def test_each_line_says_how_well_it_is_known_and_by_whom(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID, DIESEL)
    await state(inventories, draft, category="grid_electricity", percent="3", reason="sealed meters")
    await state(inventories, draft, factorId=factor, percent="4", reason="spread of three years")
    async with inventories.database.transaction(["secretariat"]) as tx:
        # As a file will say it of a line.
        await tx.execute(
            text(
                f"INSERT INTO activity_record ({LINE}, coefficient_id, uncertainty_percent)"  # noqa: S608 - ours
                f" SELECT {LINE}, coefficient_id, 0.5 FROM activity_record WHERE category = 'grid_electricity'"
            )
        )

    answer = await inventories.ask(inventories.person("unon-technical"), LINES)

    stated, diesel, own = [edge["node"] for edge in answer["data"]["location"]["inventory"]["activityRecords"]["edges"]]
    assert stated["emission"]["uncertainty"] == {
        "percent": {"value": "5"}, "lower": {"value": "80.58850"}, "upper": {"value": "89.07150"},
        "parts": [
            {"of": "activity", "source": "statement", "percent": {"value": "3"},
             "statement": {"reason": "sealed meters"}},
            {"of": "factor", "source": "statement", "percent": {"value": "4"},
             "statement": {"reason": "spread of three years"}},
        ],
    }  # fmt: skip
    assert diesel["emission"]["uncertainty"] == {"percent": None, "lower": None, "upper": None, "parts": []}
    assert own["emission"]["uncertainty"]["parts"][0] == {
        "of": "activity", "source": "record", "percent": {"value": "0.5"}, "statement": None,
    }  # fmt: skip


async def test_a_published_percent_of_a_factor_is_used_and_not_overruled(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID)
    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.execute(
            text("INSERT INTO coefficient SELECT 1, category, key, unit, scope, optional, factor_id, factor_release,"
                 " gwp_set, explanation, kg_per_unit, co2e_kg_per_unit, biogenic_co2_kg_per_unit, 4 FROM coefficient")
        )  # fmt: skip
        await tx.execute(
            text(
                f"INSERT INTO activity_record ({LINE}, coefficient_id)"  # noqa: S608 - as above
                f" SELECT {LINE}, 1 FROM activity_record"
            )
        )

    refused = await state(inventories, draft, factorId=factor)
    await state(inventories, draft, category="grid_electricity", percent="3")

    assert refused["code"] == "FACTOR_UNCERTAINTY_PUBLISHED"
    assert parts(await known(inventories))["scope None"] == (5, 50, None)


async def test_who_stated_does_not_approve(inventories: "Inventories") -> None:
    draft, _ = await a_draft(inventories, GRID)
    both = inventories.person("unon-chair", Role.TECHNICAL_TEAM)
    answer = await inventories.ask(
        both, STATE,
        input={"inventoryId": draft, "category": "water", "percent": "1", "reason": "r", "idempotencyKey": "k"},
    )  # fmt: skip
    assert answer["data"]["stateUncertainty"]["statedBy"] == "unon-chair"
    await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(draft, by=both)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "UNCERTAINTY_SUBJECT_UNCLEAR"),
        ({"category": "flights"}, "UNCERTAINTY_SUBJECT_UNCLEAR"),
        ({"factorId": "none such"}, "FACTOR_UNUSED"),
        ({"category": "water", "percent": "-1"}, "UNCERTAINTY_OUT_OF_RANGE"),
        ({"category": "water", "percent": "1001"}, "UNCERTAINTY_OUT_OF_RANGE"),
        ({"category": "water", "reason": " "}, "REASONS_MISSING"),
        ({"category": "water", "inventoryId": "none such"}, "NOT_FOUND"),
        ({"category": "water", "by": "escwa-technical"}, "NOT_FOUND"),
        ({"category": "water", "by": "unon-member"}, "NOT_PERMITTED"),
        ({"category": "water", "idempotencyKey": ""}, "IDEMPOTENCY_KEY_MALFORMED"),
    ],
)
async def test_wrong_statements_are_refused_and_leave_nothing(
    inventories: "Inventories", given: dict[str, Any], code: str
) -> None:
    draft, _ = await a_draft(inventories, GRID)

    assert (await state(inventories, draft, **given))["code"] == code
    assert await inventories.rows("uncertainty_statement") == []


async def test_the_same_request_again_states_nothing_more(inventories: "Inventories") -> None:
    draft, _ = await a_draft(inventories, GRID)

    first, again = [await state(inventories, draft, category="water", idempotencyKey="k") for _ in range(2)]

    assert first == again
    assert len(await inventories.rows("uncertainty_statement")) == 1


async def test_nothing_is_stated_of_what_is_submitted_or_final(inventories: "Inventories") -> None:
    draft, _ = await a_draft(inventories, GRID)
    await inventories.submit()
    submitted = await state(inventories, draft, category="water")
    await inventories.approve(draft)
    final = await state(inventories, draft, category="water", percent="6")

    assert (submitted["code"], final["code"]) == ("WRONG_STATE", "INVENTORY_IS_FINAL")


async def test_a_final_version_keeps_its_intervals_and_a_correction_what_was_stated(
    inventories: "Inventories",
) -> None:
    draft, factor = await a_draft(inventories, GRID, GIGIRI)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")
    before = await known(inventories)
    await inventories.submit()
    await inventories.approve(draft)
    kept = await known(inventories)

    second = await correct(inventories, draft)
    carried = await known(inventories)
    await state(inventories, second.id, category="grid_electricity", percent="0")
    changed = await known(inventories)

    assert kept["uncertainty"] == before["uncertainty"] == carried["uncertainty"]
    assert (carried["version"], changed["version"]) == (2, 2)
    assert parts(changed)["scope None"] == (4, 100, None)
    assert [edge["node"]["inventoryId"] for edge in changed["uncertaintyStatements"]["edges"]] == [
        draft, draft, second.id,
    ]  # fmt: skip
    answer = await inventories.ask(
        inventories.person("unon-technical"),
        f'{{ inventory(id: "{draft}") {{ uncertainty {{ total {{ {PART} }} }} }} }}',
    )
    assert answer["data"]["inventory"]["uncertainty"]["total"] == before["uncertainty"]["total"]


async def test_lines_put_in_by_a_correction_are_known_as_the_others(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")
    await inventories.submit()
    await inventories.approve(draft)
    second = await correct(inventories, draft)

    cells = {"site": "unon-gigiri", "category": "grid_electricity", "start": "2024-01-01", "end": "2024-12-31",
             "amount": "3000", "unit": "kWh", "quality": "measured"}  # fmt: skip
    await correct_record(inventories, second.id, cells=cells)

    assert parts(await known(inventories))["scope None"] == (Decimal("4.650269"), 100, None)


async def test_a_part_of_the_records_is_never_taken_for_the_whole(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID, DIESEL)
    for category in ("grid_electricity", "generator_fuel"):
        await state(inventories, draft, category=category, percent="3")
    await state(inventories, draft, factorId=factor, percent="4")

    seen = {name: parts(await known(inventories, name)) for name in ("unon-technical", "unon-member")}

    fuel_kg, grid_kg = 100 * SUN, 1000 * KENYA
    covered = (100 * grid_kg / (grid_kg + fuel_kg)).normalize()
    assert seen["unon-technical"] == {
        "scope None": (5, pytest.approx(covered, rel=Decimal("1e-6")), None),
        "scope 1": (None, 0, "not_stated"), "generator_fuel": (None, 0, "not_stated"),
        "scope 2": (5, 100, None), "grid_electricity": (5, 100, None),
    }  # fmt: skip
    assert seen["unon-member"] == {
        "scope None": (None, None, "records_not_shown"), "scope 1": (None, None, "records_not_shown"),
        "generator_fuel": (None, None, "records_not_shown"),
        "scope 2": (5, 100, None), "grid_electricity": (5, 100, None),
    }  # fmt: skip


async def published(inventories: "Inventories", *rows: str, quality: str | None) -> None:
    draft, factor = await a_draft(inventories, GRID, *rows)
    (fuel,) = {row["factor_id"] for row in await inventories.rows("coefficient")} - {factor}
    for factor_id in (factor, fuel):
        await state(inventories, draft, factorId=factor_id, percent="4")
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, category="generator_fuel", quality=quality, percent="3")
    await inventories.submit()
    await inventories.approve(draft)
    await inventories.is_published(draft)


@pytest.mark.parametrize("reader", ["anonymous", "unon-member", "escwa-chair", "unon-technical"])
async def test_the_intervals_of_what_is_published_are_for_everyone(inventories: "Inventories", reader: str) -> None:
    await published(inventories, DIESEL, quality=None)

    found = await known(inventories, reader)

    assert {covered for _, covered, _ in parts(found).values()} == {100}
    assert parts(found)["generator_fuel"] == (5, 100, None)
    # Who stated them, and why, is not published.
    assert bool(found["uncertaintyStatements"]["edges"]) == (reader in ("unon-technical", "unon-member"))


@pytest.mark.parametrize("reader", ["anonymous", "unon-member", "escwa-chair"])
async def test_a_known_part_of_a_fuel_of_few_sites_is_not_told_by_its_interval(
    inventories: "Inventories", reader: str
) -> None:
    """Covered emissions of the measured diesel would be those of one site alone."""
    await published(inventories, DIESEL, DIESEL_GIGIRI, quality="measured")

    whole, shown = parts(await known(inventories)), parts(await known(inventories, reader))

    assert whole["generator_fuel"][1] == pytest.approx(Decimal("66.66667"))
    closed = ("scope None", "scope 1", "generator_fuel")
    assert {name: shown[name] for name in closed} == dict.fromkeys(closed, (None, None, "records_not_shown"))
    assert shown["grid_electricity"] == whole["grid_electricity"] == (5, 100, None)


async def simulated(
    inventories: "Inventories", by: str = "unon-technical", *, draws: int = 10_000, seed: int = 1
) -> dict[str, Any]:
    return await inventories.ask(inventories.person(by), SIMULATED, draws=draws, seed=seed)


async def test_a_simulation_agrees_with_error_propagation_and_is_repeated_by_its_seed(
    inventories: "Inventories",
) -> None:
    draft, factor = await a_draft(inventories, GRID, GIGIRI)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")

    first, again, other = [await simulated(inventories, seed=seed) for seed in (1, 1, 2)]

    found = first["data"]["location"]["inventory"]["uncertainty"]["simulation"]
    assert Decimal(found["percent"]["value"]) == pytest.approx(Decimal("4.650269"), rel=Decimal("0.01"))
    assert found["coveredPercent"] == {"value": "100"}
    assert first == again != other


async def test_a_simulation_is_bounded_and_is_for_who_sees_every_record(inventories: "Inventories") -> None:
    draft, factor = await a_draft(inventories, GRID, DIESEL)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")

    refused = [
        await simulated(inventories, draws=draws, seed=seed) for draws, seed in ((999, 1), (20_001, 1), (1000, -1))
    ]
    member = await simulated(inventories, "unon-member")

    assert {answer["errors"][0]["extensions"]["code"] for answer in refused} == {"SIMULATION_OUT_OF_RANGE"}
    assert member["data"]["location"]["inventory"]["uncertainty"]["simulation"] is None


async def test_others_are_answered_while_one_simulates(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulation waits here until another request has been answered: on the event loop, that would be never."""
    draft, factor = await a_draft(inventories, GRID)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")
    started, answered, really = threading.Event(), threading.Event(), simulation.simulated

    def held(*args: Any, **given: Any) -> Any:
        started.set()
        assert answered.wait(timeout=10)
        return really(*args, **given)

    monkeypatch.setattr(simulation, "simulated", held)
    simulating = asyncio.create_task(simulated(inventories))
    assert await asyncio.to_thread(started.wait, 10)
    await known(inventories)
    answered.set()

    assert (await simulating)["data"]["location"]["inventory"]["uncertainty"]["simulation"] is not None


CHANGES = {
    "uncertainty_statement": (
        "UPDATE uncertainty_statement SET percent = 1",
        "DELETE FROM uncertainty_statement",
        "TRUNCATE uncertainty_statement",
    ),
    "inventory_uncertainty": (
        "UPDATE inventory_uncertainty SET percent = 1",
        "DELETE FROM inventory_uncertainty",
        """INSERT INTO inventory_uncertainty SELECT inventory_id, part + 99, location_id, scope, category, optional,
        covered_percent, covered_kg, low_kg, high_kg, percent, gap, open_to_all FROM inventory_uncertainty""",
    ),
}


@pytest.mark.parametrize(("table", "change"), [(table, change) for table, all_ in CHANGES.items() for change in all_])
async def test_the_database_itself_refuses_to_change_what_was_stated_and_kept(
    inventories: "Inventories", table: str, change: str
) -> None:
    import asyncpg

    draft, factor = await a_draft(inventories, GRID)
    await state(inventories, draft, category="grid_electricity", percent="3")
    await state(inventories, draft, factorId=factor, percent="4")
    await inventories.submit()
    await inventories.approve(draft)
    before = await inventories.rows(table)
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false),"
                        " set_config('app.sensitive_roots', 'secretariat', false)")  # fmt: skip

    with pytest.raises(asyncpg.PostgresError, match=re.compile("cannot be changed")):
        await owner.execute(change)
    await owner.close()

    assert before
    assert await inventories.rows(table) == before


async def test_no_statement_enters_beside_a_final_version(inventories: "Inventories") -> None:
    draft, _ = await a_draft(inventories, GRID)
    await state(inventories, draft, category="grid_electricity")
    await inventories.submit()

    with pytest.raises(DBAPIError, match="cannot be changed"):
        async with inventories.database.transaction(["secretariat"]) as tx:
            await tx.execute(
                text("INSERT INTO uncertainty_statement SELECT 'another', inventory_id, location_id, category, quality,"
                     " factor_id, percent, reason, stated_by, stated_by_subject, stated_at FROM uncertainty_statement")
            )  # fmt: skip


async def test_a_version_that_was_final_before_has_nothing_stated(inventories: "Inventories") -> None:
    await a_draft(inventories, GRID, DIESEL, "unon,waste,food,2024-01-01,2024-06-30,9,kg,composting,,measured")
    await inventories.submit()
    (version,) = await inventories.rows("inventory")
    await inventories.approve(version["id"])
    kept = await known(inventories)
    (name,) = [found.name for found in iter_modules(versions.__path__) if found.name.endswith("_uncertainty_of_final")]
    fill = import_module(f"inventory.migrations.versions.{name}").FILL
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false),"
                        " set_config('app.sensitive_roots', 'secretariat', false)")  # fmt: skip
    await owner.execute("ALTER TABLE inventory_uncertainty DISABLE TRIGGER USER; DELETE FROM inventory_uncertainty")
    before = await known(inventories)

    for _ in range(2):
        await owner.execute(fill)

    await owner.close()
    assert {gap for _, _, gap in parts(before).values()} == {"records_not_shown"}
    assert (await known(inventories))["uncertainty"] == kept["uncertainty"]
    assert set(parts(kept).values()) == {(None, 0, "not_stated")}
