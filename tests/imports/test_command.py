"""`lichen import` against the service as it serves: exit codes, what is told, the template and the workbook back."""

import json

import pytest
from python_calamine import CalamineWorkbook

from services.inventory.tests.conftest import inventories  # noqa: F401 - a fixture
from tests.imports.serving import lichen, serving

GOOD = "unon,grid_electricity,,2024-01-01,2024-01-31,10,kWh,,,measured"
BAD = "unon,grid_electricity,,2024-02-01,2024-02-29,many,kWh,,,measured"
COMMA = 'unon,water,tanker,2024-02-01,2024-02-29,"1.234,5",m3,,,measured'


@pytest.fixture
async def command(inventories, issuer, tmp_path):  # noqa: F811 - the fixture
    """Runs the command as unon's technical team, against a server: exit code, what was said, and what went wrong."""
    token = issuer.token(
        sub="subject-of-technical",
        preferred_username="technical",
        groups=["/locations/secretariat/unon/technical-team"],
    )

    async with serving(inventories, issuer, tmp_path) as url:

        async def run(*words, who=token):
            where = ("--location", "unon", "--year", "2024", "--url", url)
            return await lichen(*words, *where, cwd=tmp_path, token=who)

        yield run


async def test_a_file_is_sent_followed_and_told_of(command, inventories, tmp_path):  # noqa: F811
    file = tmp_path / "data.csv"

    file.write_bytes(inventories.csv(GOOD))
    code, said, _ = await command("import", "data.csv", "--dry-run")
    assert (code, said.splitlines()[0]) == (0, "Dry run: 1 rows checked, 0 problems; nothing was taken in.")
    assert await inventories.rows("activity_record") == []

    file.write_bytes(inventories.csv(GOOD, BAD))
    code, said, _ = await command("import", "data.csv", "--marked", "marked.xlsx")
    assert code == 1
    assert "csv row 3, amount 'many': NOT_A_NUMBER" in said
    marked = CalamineWorkbook.from_path(tmp_path / "marked.xlsx")
    assert marked.sheet_names == ["csv", "Lichen problems"]

    code, said, _ = await command("import", "data.csv", "--accept-partial", "--output", "json")
    told = json.loads(said)
    assert (code, told["state"], told["rowsWritten"], len(told["problems"])) == (0, "DONE", 1, 1)

    file.write_bytes(inventories.csv(GOOD, BAD))
    code, said, _ = await command("import", "data.csv", "--accept-partial")
    assert code == 0
    assert len(await inventories.rows("activity_record")) == 1

    file.write_bytes(inventories.csv(COMMA))
    assert (await command("import", "data.csv"))[0] == 1
    assert (await command("import", "data.csv", "--locale", "fr"))[0] == 0


async def test_what_cannot_be_sent_is_said(command, inventories, tmp_path):  # noqa: F811
    (tmp_path / "data.csv").write_bytes(inventories.csv(GOOD))

    code, _, wrong = await command("import", "data.csv", who="no token")
    assert (code, wrong.startswith("INVALID_TOKEN")) == (2, True)
    code, _, wrong = await command("import", "data.csv", "--locale", "xx")
    assert (code, wrong.startswith("IMPORT_PARAMETER_WRONG")) == (2, True)
    code, _, wrong = await command("import", "data.csv", who="")
    assert code == 1
    assert "LICHEN_TOKEN" in wrong


async def test_a_template_is_kept_where_it_was_asked_for(command, tmp_path):
    code, said, _ = await command("import-template", "template.xlsx", "--locale", "fr")

    assert code == 0, said
    assert CalamineWorkbook.from_path(tmp_path / "template.xlsx").sheet_names[0] == "Data"
