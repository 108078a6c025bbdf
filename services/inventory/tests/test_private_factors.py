"""Factors that an entity has of its own: chosen before public ones, at it and under it, and seen by nobody else."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.refusals import NotFound, NotPermitted
from contracts.access import Role
from inventory import access, usecases
from inventory.commands.recompute import recomputed
from inventory.domain.errors import (
    BadWorkbook,
    CatalogueMalformed,
    EditionMalformed,
    EntererMayNotApprove,
    ImportRefused,
    LicenceMissing,
    NoFactorsFound,
    PrivateFactorsElsewhere,
    PublicationRefused,
    ReleaseAlreadyThere,
)
from inventory.usecases.factors import rows_of

if TYPE_CHECKING:
    from inventory.domain.private_factors import PrivateRelease
    from services.inventory.tests.conftest import Inventories

HEADER = "category,item,place,valid_from,valid_to,unit,co2e,uncertainty_percent"
GRID = "grid_electricity,grid,KEN,2024-01-01,2025-01-01,kWh,0.123457,5"
COOLING = "purchased_cooling,chilled_water,,2024-01-01,2025-01-01,kWh,0.314159,"
LICENCE = "For this office's own inventory alone; not to be passed on."


async def add(
    inventories: "Inventories", *rows: str, by: str = "unon-technical", at: str = "unon", header: str = HEADER,
    **given: Any,
) -> "PrivateRelease":  # fmt: skip
    good = {
        "name": "iea-2024", "publisher": "IEA", "licence": "IEA terms", "licence_text": LICENCE, "file_name": "own.csv",
        "content": "\n".join((header, *(rows or (GRID, COOLING)))).encode(),
    }  # fmt: skip
    async with inventories._transaction(inventories.person(by), access.ADD_PRIVATE_FACTORS) as (tx, principal, now):
        return await usecases.add_private_factors(tx, principal=principal, now=now, location_id=at, **good | given)


ELECTRICITY = "{site},grid_electricity,,2024-01-01,2024-12-31,1000,kWh,,,measured"
COOLED = "{site},purchased_cooling,chilled_water,2024-01-01,2024-12-31,1000,kWh,,,measured"


async def kg_of(inventories: "Inventories", *rows: str, by: str, at: str) -> list[Decimal]:
    await inventories.import_file(inventories.csv(*rows), by=inventories.person(by), location_id=at)
    return [row["co2e_kg"].normalize() for row in await inventories.rows("activity_record") if row["location_id"] == at]


@pytest.mark.parametrize(
    ("by", "site", "own"),
    [
        ("unon-technical", "unon", True),
        # A site takes the factors of the entity that it is part of, also by its own team.
        ("gigiri-technical", "unon-gigiri", True),
        ("escwa-technical", "escwa", False),
    ],
)
async def test_an_entitys_own_factor_holds_at_it_and_under_it_before_the_public_one(
    inventories: "Inventories", by: str, site: str, *, own: bool
) -> None:
    await add(inventories, GRID.replace("KEN", "LBN"), GRID)

    (kg,) = await kg_of(inventories, ELECTRICITY.format(site=site), by=by, at=site)

    assert (kg == Decimal("123.457")) is own
    (coefficient,) = await inventories.rows("coefficient")
    assert coefficient["location_id"] == ("unon" if own else None)
    assert ("unon's own, IEA, iea-2024" in coefficient["explanation"]) is own
    assert ("Beside edition un-2025, before ember-2024." in coefficient["explanation"]) is own
    assert coefficient["uncertainty_percent"] == (5 if own else None)


async def test_the_nearest_entity_s_factor_is_taken(inventories: "Inventories") -> None:
    await add(inventories, GRID.replace("0.123457", "0.5"), by="gigiri-technical", at="unon-gigiri")
    await add(inventories, by="unon-technical", at="unon")

    assert await kg_of(
        inventories, ELECTRICITY.format(site="unon-gigiri"), by="gigiri-technical", at="unon-gigiri"
    ) == [500]
    assert await kg_of(inventories, ELECTRICITY.format(site="unon"), by="unon-technical", at="unon") == [
        Decimal("123.457")
    ]


async def test_an_own_factor_further_away_does_not_come_before_a_public_one_nearer(inventories: "Inventories") -> None:
    await add(inventories, GRID.replace("KEN", ""))

    (kg,) = await kg_of(inventories, ELECTRICITY.format(site="unon"), by="unon-technical", at="unon")

    assert kg == Decimal("84.83")


async def test_what_nobody_publishes_is_quantified_by_an_own_factor_and_refused_by_name_without(
    inventories: "Inventories",
) -> None:
    with pytest.raises(ImportRefused) as caught:
        await kg_of(inventories, COOLED.format(site="unon"), by="unon-technical", at="unon")
    (problem,) = caught.value.problems
    assert (problem.row, problem.code) == (2, "FACTOR_MISSING")

    await add(inventories)

    assert await kg_of(inventories, COOLED.format(site="unon"), by="unon-technical", at="unon") == [Decimal("314.159")]
    with pytest.raises(ImportRefused):
        await kg_of(inventories, COOLED.format(site="escwa"), by="escwa-technical", at="escwa")


SEEN = """query { privateFactorReleases(locationId: "unon", first: 5) { edges { node {
    name licence licenceText factors(first: 5) { edges { node { co2eKg privateTo } } } } } } }"""
FOR = """query($at: ID!) { factorFor(category: "grid_electricity", item: "grid", unit: "kWh", locationId: $at,
    on: "2024-05-01") { factor { id co2eKg privateTo } explanation tried { place outcome } } }"""


@pytest.mark.parametrize(
    ("who", "listed", "answered"),
    [
        ("unon-chair", True, True),
        ("coordinator", True, True),
        # Who reads at a site of it takes its factor, and is not shown the release.
        ("gigiri-technical", False, True),
        ("escwa-chair", False, False),
        ("outside", False, False),
    ],
)
async def test_it_is_seen_at_the_entity_above_and_below_and_nowhere_else(
    inventories: "Inventories", who: str, *, listed: bool, answered: bool
) -> None:
    release = await add(inventories)
    final = await inventories.import_file(inventories.csv(ELECTRICITY.format(site="unon"), COOLED.format(site="unon")))
    await inventories.approve((await inventories.submit()).id, by=inventories.person("approver", Role.LOCAL_CHAIR))
    await inventories.is_published(final.inventory_id)
    person = inventories.person(who)

    releases = (await inventories.ask(person, SEEN))["data"]["privateFactorReleases"]["edges"]
    found = (await inventories.ask(person, FOR, at="unon"))["data"]["factorFor"]
    public = await inventories.ask(
        person, '{ emissionFactors(first: 100, category: "purchased_cooling") { edges { node { id } } } }'
    )

    assert [edge["node"]["licenceText"] for edge in releases] == ([LICENCE] if listed else [])
    assert (found["factor"]["privateTo"] == "unon") is answered
    assert ("0.123457" in str(found)) is answered
    assert public["data"]["emissionFactors"]["edges"] == []
    roots = tuple(grant.location_id for grant in person.grants)
    for table in ("private_factor_release", "private_factor", "coefficient"):
        rows = [row for row in await inventories.rows(table, roots=roots) if row["location_id"] is not None]
        assert bool(rows) is answered, table
    everything = await inventories.ask(
        person,
        """query($id: ID!) { inventory(id: $id) { total { value } byCategory { co2e { value } } byGas { gas }
            activityRecords(first: 9) { edges { node { amount { value } emission { factorId explanation } } } }
            scope2 { locationBased { value } parts { explanation } } } }""",
        id=final.inventory_id,
    )  # fmt: skip
    # The totals of a published inventory are for everyone; what they are made of is not.
    assert everything["data"]["inventory"]["total"] is not None
    assert release.id not in str(everything) or answered
    assert ("0.123457" in str(everything)) is (who in {"unon-chair", "coordinator"})


RECOMPUTED = """query($id: ID!) { inventory(id: $id) { activityRecords(first: 9) { edges { node { lineage {
    factor { privateTo co2eKg } recomputed { __typename ... on Recomputation { equalsStored co2e { value } }
        ... on Refusal { code message } } } } } } } }"""


async def test_a_figure_by_an_own_factor_is_recomputed_from_its_lineage(inventories: "Inventories") -> None:
    await add(inventories)
    taken = await inventories.import_file(inventories.csv(ELECTRICITY.format(site="unon"), COOLED.format(site="unon")))

    answer = await inventories.ask(inventories.person("unon-technical"), RECOMPUTED, id=taken.inventory_id)
    async with inventories.database.transaction(["secretariat"]) as tx:
        found = await recomputed(tx, taken.inventory_id)

    lines = [edge["node"]["lineage"] for edge in answer["data"]["inventory"]["activityRecords"]["edges"]]
    assert [line["factor"]["privateTo"] for line in lines] == ["unon", "unon"]
    assert [line["recomputed"]["__typename"] for line in lines] == ["Recomputation"] * 2
    assert all(line["recomputed"]["equalsStored"] for line in lines)
    assert found is not None
    assert (found.lines, found.shown) == (2, [])


async def test_the_same_file_again_changes_nothing_and_another_under_the_name_is_refused(
    inventories: "Inventories",
) -> None:
    first = await add(inventories)

    assert await add(inventories) == first
    with pytest.raises(ReleaseAlreadyThere):
        await add(inventories, GRID)
    assert len(await inventories.rows("private_factor_release")) == 1
    assert len(await inventories.rows("private_factor")) == 2


async def test_no_line_that_is_there_changes(inventories: "Inventories") -> None:
    await inventories.import_file()
    before = [await inventories.rows(table) for table in ("activity_record", "inventory_total", "coefficient")]

    await add(inventories)

    assert [await inventories.rows(table) for table in ("activity_record", "inventory_total", "coefficient")] == before


async def test_who_loaded_a_factor_does_not_approve_what_it_quantified(inventories: "Inventories") -> None:
    both = inventories.person("unon-chair", Role.TECHNICAL_TEAM)
    async with inventories._transaction(both, access.ADD_PRIVATE_FACTORS) as (tx, principal, now):
        await usecases.add_private_factors(
            tx, principal=principal, now=now, location_id="unon", name="iea-2024", publisher="IEA", licence="terms",
            licence_text=LICENCE, file_name="own.csv", content=f"{HEADER}\n{GRID}".encode(),
        )  # fmt: skip
    await inventories.import_file(inventories.csv(ELECTRICITY.format(site="unon")))
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(submitted.id, by=both)


BAD: list[tuple[str, type[Exception], dict[str, Any]]] = [
    ("name", EditionMalformed, {"name": "IEA 2024"}),
    ("publisher", LicenceMissing, {"publisher": " "}),
    ("licence", LicenceMissing, {"licence": ""}),
    ("licence text", LicenceMissing, {"licence_text": " "}),
    ("no rows", NoFactorsFound, {"content": HEADER.encode()}),
    ("no header", BadWorkbook, {"content": b"1,2,3"}),
    ("not text", BadWorkbook, {"content": b"\xff\xfe\x00"}),
    ("a cell below no header", BadWorkbook, {"content": f"{HEADER}\n{GRID},7".encode()}),
    # What the file is comes before what is said of it.
    ("not text, and no licence", BadWorkbook, {"content": b"\xff\xfe\x00", "licence": ""}),
    ("twice", CatalogueMalformed, {"content": f"{HEADER}\n{GRID}\n{GRID}".encode()}),
]
BAD_ROWS: list[tuple[str, Callable[[str], str]]] = [
    ("not a valid Category", lambda row: row.replace("grid_electricity", "sunshine")),
    ("unit", lambda row: row.replace("kWh", "ton")),
    ("a number can't be read", lambda row: row.replace("0.123457", "much")),
    ("negative, or none", lambda row: row.replace("0.123457", "-1")),
    ("negative, or none", lambda row: row.replace("0.123457", "NaN")),
    ("neither gases nor CO2e", lambda row: row.replace("0.123457", "")),
    ("Invalid isoformat", lambda row: row.replace("2024-01-01", "1.1.2024")),
    ("ends before it holds", lambda row: row.replace("2025-01-01", "2023-01-01")),
    ("item is missing", lambda row: row.replace(",grid,", ",,")),
    ("the uncertainty is negative, or none", lambda row: row.replace("0.123457,5", "0.123457,-5")),
    ("the uncertainty is negative, or none", lambda row: row.replace("0.123457,5", "0.123457,NaN")),
]


@pytest.mark.parametrize("cell", ["a\u2028b", "a\x85b", "a\x0bb", '"a\nb"'])
def test_a_row_ends_where_a_csv_file_says_so_and_headers_may_have_space_around(cell: str) -> None:
    content = f"item , category\r\n{cell},grid\r\n".encode()

    (row,) = rows_of(content, headers=frozenset({"item", "category"}))

    assert row.cells == {"item": cell.strip('"'), "category": "grid"}


@pytest.mark.parametrize(("what", "refusal", "given"), BAD, ids=[row[0] for row in BAD])
async def test_what_can_not_be_an_entitys_factors_is_refused(
    inventories: "Inventories", what: str, refusal: type[Exception], given: dict[str, Any]
) -> None:
    with pytest.raises(refusal):
        await add(inventories, **given)
    assert await inventories.rows("private_factor_release") == [], what


@pytest.mark.parametrize(("reason", "spoil"), BAD_ROWS)
async def test_every_wrong_row_is_named_and_nothing_is_loaded(
    inventories: "Inventories", reason: str, spoil: Callable[[str], str]
) -> None:
    with pytest.raises(PublicationRefused) as caught:
        await add(inventories, spoil(GRID), COOLING, spoil(GRID))

    assert [problem.line for problem in caught.value.problems] == [2, 4]
    assert reason in caught.value.problems[0].reason
    assert await inventories.rows("private_factor") == []


@pytest.mark.parametrize(
    ("by", "at", "refusal"),
    [
        ("unon-chair", "unon", NotPermitted),
        ("gigiri-technical", "unon", NotFound),
        ("escwa-technical", "unon", NotFound),
        ("unon-technical", "nowhere", NotFound),
    ],
)
async def test_only_the_technical_team_of_the_location_loads_them(
    inventories: "Inventories", by: str, at: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await add(inventories, by=by, at=at)


async def test_the_mutation_loads_a_file_and_again_under_its_key_changes_nothing(inventories: "Inventories") -> None:
    document = """mutation($input: AddPrivateFactorsInput!) { addPrivateFactors(input: $input) { __typename
        ... on PrivateFactorRelease { id name factorCount loadedBy } ... on Refusal { code message } } }"""
    given = {
        "locationId": "unon", "name": "iea-2024", "publisher": "IEA", "licence": "IEA terms", "licenceText": LICENCE,
        "fileName": "own.csv", "content": b64encode(f"{HEADER}\n{GRID}".encode()).decode(), "idempotencyKey": "k",
    }  # fmt: skip
    who = inventories.person("unon-technical")

    first = (await inventories.ask(who, document, input=given))["data"]["addPrivateFactors"]
    again = (await inventories.ask(who, document, input=given))["data"]["addPrivateFactors"]
    bad = given | {"content": b64encode(b"category,item,unit\n,,").decode(), "name": "x-1", "idempotencyKey": "l"}
    refused = (await inventories.ask(who, document, input=bad))["data"]["addPrivateFactors"]

    assert (first["name"], first["factorCount"], first["loadedBy"]) == ("iea-2024", 1, "unon-technical")
    assert again == first
    assert refused["code"] == "NO_FACTORS_FOUND"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE private_factor SET co2e_kg = 0",
        "DELETE FROM private_factor",
        "UPDATE private_factor_release SET name = 'x'",
    ],
)
async def test_the_database_refuses_any_change(inventories: "Inventories", statement: str) -> None:
    await add(inventories)
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)
    await owner.close()


A_DRAFT = """INSERT INTO inventory (id, location_id, year, version, state, gwp_set, opened_by, opened_at)
    VALUES ('i', 'unon-gigiri', 2023, 1, 'draft', 'AR5', 'x', now())"""
_LINE = """import_id, location_id, sheet, row_number, category, item, period_start, period_end, amount, unit, details,
    quality, coefficient_id, scope, optional, co2e_kg, biogenic_co2_kg"""
COPIED = f"INSERT INTO activity_record (inventory_id, {_LINE}) SELECT 'i', {_LINE} FROM activity_record"  # noqa: S608


async def move(inventories: "Inventories", location_id: str, parent_id: str) -> None:
    async with inventories._transaction(inventories.person("coordinator"), access.MOVE_LOCATION) as (tx, who, _):
        await usecases.move_location(
            tx, principal=who, now=datetime.now(UTC), location_id=location_id, parent_id=parent_id,
            on=datetime.now(UTC).date(), reason="reorganised",
        )  # fmt: skip


async def test_where_a_site_has_gone_to_its_old_lines_are_neither_shown_nor_lost(inventories: "Inventories") -> None:
    """Who has the site since does not see the entity's factor; what it would put into totals without it is refused."""
    await add(inventories)
    await inventories.import_file(
        inventories.csv(ELECTRICITY.format(site="unon-gigiri")), by=inventories.person("gigiri-technical"),
        location_id="unon-gigiri",
    )  # fmt: skip
    both = inventories.person("gigiri-technical")
    submitted = await inventories.submit(by=both, location_id="unon-gigiri")
    final = await inventories.approve(submitted.id)
    await move(inventories, "unon-gigiri", "escwa")

    async def corrected(by: str, edition: str | None = None) -> Any:
        async with inventories._transaction(inventories.person(by), access.CORRECT_INVENTORY) as (tx, who, now):
            return await usecases.correct_inventory(
                tx, principal=who, now=now, inventory_id=final.id, reason="r", factor_edition=edition
            )

    with pytest.raises(PrivateFactorsElsewhere):
        await corrected("escwa-technical")
    async with inventories.database.transaction(["escwa"]) as tx:
        await tx.execute(text(A_DRAFT))
        with pytest.raises(DBAPIError, match="lines by a private factor of another entity"):
            await tx.execute(text(COPIED))
        await tx.rollback()
    restated = await corrected("escwa-technical", "un-2025")
    totals = {row["inventory_id"]: row["co2e_kg"].normalize() for row in await inventories.rows("inventory_total")}
    assert totals == {final.id: Decimal("123.457"), restated.id: Decimal("84.83")}
