"""`lichen lineage` against the service as it serves: what is printed, what is added up, and what is refused."""

import hashlib
import json
from decimal import Decimal

import httpx
import pytest

from services.inventory.tests.conftest import inventories  # noqa: F401 - a fixture
from services.inventory.tests.test_recompute import behind_its_back
from tests.imports.serving import lichen, serving

MONTHS = 12
ROWS = (
    *(
        f"unon-gigiri,grid_electricity,,2024-{month:02}-01,2024-{month:02}-28,{month * 100}.5,kWh,,,measured"
        for month in range(1, MONTHS + 1)
    ),
    "unon-gigiri,generator_fuel,diesel,2024-01-01,2024-06-30,12.5,us_gallon,,,measured",
    "unon,refrigerant,R-410A,2024-01-01,2024-06-30,0.3333333,kg,,,measured",
    "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured",
    "unon,waste,hazardous,2024-01-01,2024-06-30,7,kg,stored,,measured",
)
WIDTH = 80
MANY = 230
"""More lines of one category than two pages have."""
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
GROUPS = {
    "technical": "/locations/secretariat/unon/technical-team",
    "auditor": "/locations/secretariat/auditor",
    "steering": "/locations/secretariat/steering-member",
    "neighbour": "/locations/secretariat/escwa/technical-team",
}


@pytest.fixture
async def service(inventories, issuer, tmp_path):  # noqa: F811 - the fixture
    async with serving(inventories, issuer, tmp_path) as url:
        yield url


@pytest.fixture
def token(issuer):
    """Of somebody in one group."""
    return lambda name: issuer.token(sub=f"subject-of-{name}", preferred_username=name, groups=[GROUPS[name]])


@pytest.fixture
def command(service, token, tmp_path):
    """Runs the command on unon's inventory of 2024, as the auditor if nobody else is named."""

    async def run(*words, who="auditor", of=("unon", "2024")):
        return await lichen(
            "lineage", *of, *words, "--url", service, cwd=tmp_path, token=token(who), COLUMNS=str(WIDTH)
        )

    return run


async def documents(inventories, rows=ROWS):  # noqa: F811 - the fixture
    content = inventories.csv(*rows)
    await inventories.import_file(content)
    return hashlib.sha256(content).hexdigest()


async def sum_of_lines(inventories, condition="NOT optional"):  # noqa: F811 - the fixture
    found = await inventories.rows(f"activity_record WHERE co2e_kg IS NOT NULL AND {condition}")
    return sum((row["co2e_kg"] for row in found), Decimal(0)), len(found)


async def test_a_total_is_told_down_to_its_documents(command, inventories, service, token):  # noqa: F811
    sha256 = await documents(inventories)
    (fuel,) = await inventories.rows("activity_record WHERE category = 'generator_fuel'")
    async with httpx.AsyncClient(base_url=service) as client:
        attached = await client.post(
            f"/files/inventories/{fuel['inventory_id']}/evidence",
            params={"name": "bill.pdf", "record": str(fuel["id"])},
            headers={"Authorization": f"Bearer {token('technical')}"},
            content=PDF,
        )
    assert attached.is_success, attached.text
    await inventories.approve((await inventories.submit()).id)
    await behind_its_back(inventories, r"UPDATE activity_record SET note = E'\x1b[2Jfolded' WHERE row_number = 14")
    total, lines = await sum_of_lines(inventories)

    code, said, wrong = await command("--records", "2")

    assert (code, wrong) == (0, "")
    assert [line for line in said.splitlines() if len(line) > WIDTH or line != line.rstrip()] == []
    # No text of anybody's steers the terminal.
    assert "\x1b" not in said
    assert "12.5 us_gallon, measured; \N{REPLACEMENT CHARACTER}[2Jfolded" in said
    flat = " ".join(said.split())
    told = f"{total.normalize():,f}"
    assert flat.startswith(f"UNON (unon), 2024: {told} kgCO2e")
    assert "version 1, final" in flat
    assert "submitted by unon-technical, " in flat
    assert "approved by unon-chair, " in flat
    assert "1 line of waste, with no emission that you may see" in flat
    # A line: what was recorded, what the factor is of, where it is published, and the file that it came in.
    assert "12.5 us_gallon, measured" in flat
    assert "47.3176473 litre (1 us_gallon = 3.785411784 litre)" in flat
    assert "UNEP Sustainable United Nations" in flat
    assert "0.166667 kg HFC-125 × 3,170, 0.166667 kg HFC-32 × 677, by GWP set AR5" in flat  # noqa: RUF001
    assert f"row data.csv, sheet csv, row 14 SHA-256 {sha256} taken in by unon-technical" in flat
    assert "evidence bill.pdf, attached by technical, 20" in flat
    assert f" UTC SHA-256 {hashlib.sha256(PDF).hexdigest()}" in flat
    # The largest of twelve months, and the rest in one sum.
    assert "1,200.5 kWh" in flat
    assert "1,100.5 kWh" in flat
    assert "1,000.5 kWh" not in flat
    assert "10 lines more, " in flat
    assert f"Yes: the total is the sum of its {lines} lines, to the last digit" in flat


async def test_every_line_is_added_up_whatever_is_shown(command, inventories):  # noqa: F811
    fills = [
        f"unon,vehicle_fuel,petrol,2024-01-{1 + day % 28:02},2024-01-{1 + day % 28:02},{1 + day * 37 % 1000}.{day:04},"
        "litre,,,measured"
        for day in range(MANY)
    ]
    await documents(inventories, (*ROWS, *fills))
    total, lines = await sum_of_lines(inventories)

    code, said, _ = await command("--output", "json", "--records", "3")

    told = json.loads(said)
    assert (code, told["addsUp"], told["inventory"]["state"]) == (0, True, "draft")
    assert Decimal(told["total"]["value"]) == total
    categories = told["categories"]
    counted = [item for item in categories if not item["optional"]]
    assert sum(item["lines"] for item in counted) == lines
    assert sum(Decimal(item[name]["value"]) for item in counted for name in ("shownCo2e", "notShownCo2e")) == total
    (fuel,) = (item for item in categories if item["category"] == "vehicle_fuel")
    assert (fuel["lines"], len(fuel["shown"]), fuel["notShown"]) == (MANY, 3, MANY - 3)
    stored = await inventories.rows("activity_record WHERE category = 'vehicle_fuel'")
    largest = sorted(stored, key=lambda row: (-row["co2e_kg"], row["id"]))[:3]
    assert [line["id"] for line in fuel["shown"]] == [str(row["id"]) for row in largest]
    assert [line["row"] for line in fuel["shown"]] == [row["row_number"] for row in largest]


async def test_one_scope_or_category_is_a_total_too(command, inventories):  # noqa: F811
    await documents(inventories)

    for words, condition in (
        (("--scope", "1"), "scope = 1 AND NOT optional"),
        (("--category", "grid_electricity"), "category = 'grid_electricity'"),
        (("--category", "waste"), "category = 'waste'"),
    ):
        code, said, _ = await command(*words, "--output", "json")
        total, lines = await sum_of_lines(inventories, condition)
        told = json.loads(said)
        assert (code, Decimal(told["total"]["value"])) == (0, total), words
        counted = [item for item in told["categories"] if item["optional"] == (words[1] == "waste")]
        assert sum(item["lines"] for item in counted) == lines, words

    said = (await command("--category", "waste"))[1]
    assert said.splitlines()[0].endswith(" kgCO2e, beside the total")


async def test_a_sum_that_is_not_that_of_its_lines_is_told(command, inventories):  # noqa: F811
    await documents(inventories)
    await inventories.approve((await inventories.submit()).id)
    total, _ = await sum_of_lines(inventories)
    await behind_its_back(
        inventories,
        "UPDATE inventory_total SET co2e_kg = co2e_kg + 0.0000001 WHERE category = 'grid_electricity'",
    )

    code, said, _ = await command()

    flat = " ".join(said.split())
    assert code == 1
    wrong = total + Decimal("0.0000001")
    assert f"NO: the total is stated as {wrong.normalize():,f} kgCO2e; the lines that you may see sum to" in flat
    assert "NO: scope 2 is stated as" in flat
    assert "NO: grid_electricity of scope 2 is stated as" in flat
    assert "NO: scope 1" not in flat
    assert "Yes:" not in flat
    assert json.loads((await command("--output", "json"))[1])["addsUp"] is False


async def test_a_line_that_is_not_what_its_lineage_gives_is_told(command, inventories):  # noqa: F811
    await documents(inventories)
    (fuel,) = await inventories.rows("activity_record WHERE category = 'generator_fuel'")
    await behind_its_back(
        inventories,
        "UPDATE activity_record SET co2e_kg = co2e_kg + 1 WHERE category = 'generator_fuel'",
        "UPDATE inventory_total SET co2e_kg = co2e_kg + 1 WHERE category = 'generator_fuel'",
    )

    code, said, _ = await command()

    assert code == 1
    assert f"NO: line {fuel['id']} is not what its lineage gives." in said
    assert "from the above alone: NOT AS STORED" in " ".join(said.split())
    assert "is stated as" not in said.partition("Does it add up?")[2].replace("as it is stated", "")


async def test_lines_that_are_not_yours_to_see_are_missed_and_not_hidden(command, inventories):  # noqa: F811
    await documents(inventories)
    await inventories.approve((await inventories.submit()).id)

    code, said, _ = await command(who="steering")

    assert code == 1
    assert "NO: generator_fuel of scope 1 is stated as" in said
    assert "there are lines that you may not see" in said


async def test_what_is_not_there_is_refused_as_what_is_not_yours(command, inventories, tmp_path, service):  # noqa: F811
    await documents(inventories)
    final = await inventories.approve((await inventories.submit()).id)

    nothing_above = "There is no inventory of secretariat for 2024 that you may see."
    for words, given, reason in (
        ((), {"of": ("atlantis", "2024")}, "There is no location atlantis that you may see."),
        ((), {"of": ("unon", "2023")}, "There is no inventory of unon for 2023 that you may see."),
        (("--version", "2"), {}, "There is no inventory of unon for 2024, version 2, that you may see."),
        ((), {"who": "neighbour"}, "There is no inventory of unon for 2024 that you may see."),
        ((), {"of": ("secretariat", "2024")}, f"{nothing_above} Under it there are those of unon."),
        (("--category", "wine"), {}, "There is no part category wine of the total of unon for 2024 that you may see."),
        (("--scope", "3", "--category", "refrigerant"), {}, "There is no part scope 3, category refrigerant"),
    ):  # fmt: skip
        code, said, wrong = await command(*words, **given)
        assert (code, said) == (2, ""), words
        assert wrong.startswith(f"NOT_FOUND: {reason}"), wrong

    await inventories.is_published(final.id)
    code, _, wrong = await command(who="neighbour")
    assert (code, wrong) == (2, "NOT_FOUND: There is no line of the total of unon for 2024 that you may see.\n")

    words = ("lineage", "unon", "2024", "--url", service)
    code, _, wrong = await lichen(*words, cwd=tmp_path, token="no token")
    assert (code, wrong.startswith("INVALID_TOKEN")) == (2, True)
    code, _, wrong = await lichen(*words, cwd=tmp_path, token="")
    assert (code, "LICHEN_TOKEN" in wrong) == (1, True)
    code, _, wrong = await lichen(*words[:-1], "http://127.0.0.1:9", cwd=tmp_path, token="some token")
    assert (code, "can't be asked" in wrong) == (2, True)
