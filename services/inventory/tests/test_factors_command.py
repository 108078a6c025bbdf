"""`python -m inventory factors`: published files in, whole or not at all; editions proposed."""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from chassis.testing import settings_for
from inventory.commands import factors

if TYPE_CHECKING:
    from embedded.postgres import DatabaseUrls

CUTS = Path(__file__).parent / "data/published"
OF_FILE = {"desnz": 2, "epa": 3, "ipcc": 1, "ember": 2, "un-sun": 1}


class Catalogue:
    """The command, with a database of the test's own."""

    def __init__(self, owner: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.owner = owner
        self.capsys = capsys

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        code = factors.main([str(argument) for argument in arguments])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def taken(self, name: str, *arguments: str) -> tuple[int, str, str]:
        return self.run("import", CUTS / f"{name}.csv", "--publisher-format", name, "--by", "operator", *arguments)

    def change(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.owner)
            await connection.execute(statement)
            await connection.close()

        asyncio.run(execute())

    def rows(self, query: str, *, at: str = "") -> list[tuple[object, ...]]:

        async def fetch() -> list[tuple[object, ...]]:
            connection = await asyncpg.connect(self.owner)
            await connection.execute("SELECT set_config('app.roots', $1, false)", at)
            found = [tuple(row) for row in await connection.fetch(query)]
            await connection.close()
            return found

        return asyncio.run(fetch())


@pytest.fixture
def catalogue(
    database_for: "Callable[[str], DatabaseUrls]",
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Catalogue:
    urls = database_for("inventory")
    settings = settings_for(urls.serving)
    for name in ("env", "nats_url", "issuer", "audience"):
        monkeypatch.setenv(f"LICHEN_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("LICHEN_DATABASE_URL", urls.serving)
    monkeypatch.setenv("LICHEN_MIGRATION_URL", urls.owner)
    return Catalogue(urls.owner, capsys)


COUNTS = "SELECT (SELECT count(*) FROM factor_release), (SELECT count(*) FROM emission_factor)"


def as_new(name: str, tmp_path: Path, *, year: str = "2031") -> Path:
    """The cut as a publication of a year that did not ship."""
    rows = list(csv.DictReader((CUTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    newest = max(row["year"] for row in rows)
    path = tmp_path / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"year": year} for row in rows if row["year"] == newest)
    return path


@pytest.mark.parametrize("name", ["desnz", "epa", "ember", "un-sun"])
def test_a_published_file_is_taken_in_once_and_again_changes_nothing(
    catalogue: Catalogue, tmp_path: Path, name: str
) -> None:
    before = catalogue.rows(COUNTS)
    path = as_new(name, tmp_path)

    first = catalogue.run("import", path, "--publisher-format", name, "--by", "operator")
    after = catalogue.rows(COUNTS)
    second = catalogue.run("import", path, "--publisher-format", name, "--by", "operator")

    assert (first[0], second[0]) == (0, 0), first[2]
    (release,) = catalogue.rows("SELECT id, format, loaded_by, factor_count FROM factor_release WHERE id LIKE '%2031'")
    assert release[1:3] == (name, "operator")
    assert f"{release[0]}: {release[3]} factors added" in first[1]
    assert "figures read" in first[1]
    assert f"{release[0]}: there already, nothing changed" in second[1]
    assert after == [(before[0][0] + 1, before[0][1] + release[3])]  # type: ignore[operator]  # counts
    assert catalogue.rows(COUNTS) == after


def test_a_release_that_is_there_from_another_file_is_refused_until_it_has_another_name(catalogue: Catalogue) -> None:
    before = catalogue.rows(COUNTS)

    refused = catalogue.taken("ipcc")
    renamed = catalogue.taken("ipcc", "--release", "ipcc-2006-corrected")

    assert (refused[0], renamed[0]) == (1, 0)
    assert "RELEASE_ALREADY_THERE" in refused[2]
    assert "ipcc-2006-corrected: 4 factors added" in renamed[1]
    assert catalogue.rows(COUNTS) == [(before[0][0] + 1, before[0][1] + 4)]  # type: ignore[operator]  # counts
    ids = {row[0] for row in catalogue.rows("SELECT id FROM emission_factor WHERE release_id = 'ipcc-2006-corrected'")}
    assert "ipcc-2006-corrected:heating_fuel:wood:tonne:default" in ids


def test_a_file_with_wrong_rows_is_refused_whole_and_every_one_is_named(catalogue: Catalogue, tmp_path: Path) -> None:
    path = as_new("un-sun", tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    for number in (3, 5):
        lines[number] = lines[number].replace("0.00", "x0.00")
    path.write_text("\n".join(lines), encoding="utf-8")
    before = catalogue.rows(COUNTS)

    code, said, problems = catalogue.run("import", path, "--publisher-format", "un-sun")

    assert (code, said) == (1, "")
    assert "line 4, value 'x0.0024939': it is no number" in problems
    assert "line 6, value 'x0.0024939': it is no number" in problems
    assert "2 problems; nothing was taken in" in problems
    assert catalogue.rows(COUNTS) == before


BAD_FILES: list[tuple[bytes, str]] = [
    (b"", "no line names its columns"),
    (b"\xff\xfe\x00", "not text in UTF-8"),
    (b"a,b\n1,2\n", "no line names its columns"),
    (b'activity,value,category,unit,gas,source,year,region,licence\n"a', "unexpected end of data"),
    (b"activity,value,category,unit,gas,source,year,region,licence\n", "NO_FACTORS_FOUND"),
    (b"activity,value,category,unit,gas,source,year,region,licence\nx,1,c,u,g,s,2024,r,l\n", "NO_FACTORS_FOUND"),
    (b"activity,value\nx,1\n", "there is no column category"),
]


@pytest.mark.parametrize(("content", "reason"), BAD_FILES, ids=[reason for _, reason in BAD_FILES])
def test_a_file_that_is_none_is_refused_with_a_sentence(
    catalogue: Catalogue, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    before = catalogue.rows(COUNTS)

    code, _, said = catalogue.run("import", path, "--publisher-format", "desnz")

    assert code == 1
    assert reason in said
    assert catalogue.rows(COUNTS) == before


def test_a_file_that_is_not_there_is_refused_with_a_sentence(catalogue: Catalogue, tmp_path: Path) -> None:
    code, _, said = catalogue.run("import", tmp_path / "none.csv", "--publisher-format", "desnz")

    assert (code, "the file can't be read" in said) == (1, True)


def test_a_dry_run_says_what_would_be_and_takes_nothing_in(catalogue: Catalogue, tmp_path: Path) -> None:
    before = catalogue.rows(COUNTS)

    code, said, _ = catalogue.run("import", as_new("ember", tmp_path), "--publisher-format", "ember", "--dry-run")

    assert code == 0
    assert "ember-2031: 3 factors added" in said
    assert "Dry run: nothing was taken in." in said
    assert catalogue.rows(COUNTS) == before


def own_factors(tmp_path: Path, *rows: str) -> tuple[Path, Path]:
    path, licence = tmp_path / "own.csv", tmp_path / "licence.txt"
    path.write_text("\n".join(("category,item,valid_from,valid_to,unit,co2e", *rows)), encoding="utf-8")
    licence.write_text("For this office alone.", encoding="utf-8")
    return path, licence


OWN = "purchased_cooling,chilled_water,2024-01-01,2025-01-01,kWh,0.2"


@pytest.mark.parametrize(
    ("location", "rows", "said"),
    [
        ("unon", (OWN,), "own-2024: 1 factors, for unon and what is under it alone"),
        ("atlantis", (OWN,), "NOT_FOUND"),
        ("unon", (OWN.replace("0.2", "x"), OWN.replace("kWh", "ton")), "line 3"),
        ("unon", (), "NO_FACTORS_FOUND"),
    ],
)
def test_private_factors_are_loaded_for_one_location(
    catalogue: Catalogue, tmp_path: Path, location: str, rows: tuple[str, ...], said: str
) -> None:
    catalogue.change(
        "INSERT INTO location (id, name, kind, path, valid_from)"
        " VALUES ('unon', 'UNON', 'office', 'unon', '2000-01-01');"
        " INSERT INTO location_closure VALUES ('unon', 'unon')"
    )
    path, licence = own_factors(tmp_path, *rows)

    code, out, err = catalogue.run(
        "import-private", path, "--location", location, "--release", "own-2024", "--publisher", "P", "--licence", "L",
        "--licence-text", licence, "--by", "operator",
    )  # fmt: skip

    assert said in out + err
    assert code == (0 if out else 1)
    loaded = catalogue.rows("SELECT location_id, licence_text, loaded_by FROM private_factor_release", at="unon")
    assert loaded == ([("unon", "For this office alone.", "operator")] if out else [])


ADOPTED = "SELECT edition_id FROM factor_edition_adoption ORDER BY adopted_at DESC LIMIT 1"


def test_an_edition_is_proposed_once_and_changes_nothing(catalogue: Catalogue) -> None:
    propose = ("propose", "un-2031", "--releases", "un-sun-2023, ember-2024", "--description", "for a test")

    assert catalogue.run(*propose)[0] == 0
    assert catalogue.rows(ADOPTED) == [("un-2025",)]
    listed = catalogue.run("list")[1]
    assert "un-sun-2023, ember-2024" in listed
    assert "EDITION_ALREADY_THERE" in catalogue.run(*propose)[2]


def test_who_owns_the_database_adopts_no_edition(catalogue: Catalogue) -> None:
    catalogue.run("propose", "un-2031", "--releases", "un-sun-2023", "--description", "d")

    with pytest.raises(asyncpg.RestrictViolationError, match="is adopted by two people"):
        catalogue.change("INSERT INTO factor_edition_adoption VALUES ('un-2031', 'alone', 'owner', now())")
    assert catalogue.rows(ADOPTED) == [("un-2025",)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("propose", "Un 2031", "--releases", "un-sun-2023", "--description", "d"), "EDITION_MALFORMED"),
        (("propose", "un-2031", "--releases", "", "--description", "d"), "EDITION_MALFORMED"),
        (("propose", "un-2031", "--releases", "un-sun-2023", "--description", " "), "EDITION_MALFORMED"),
        (("propose", "un-2031", "--releases", "un-sun-2023,un-sun-2023", "--description", "d"), "EDITION_MALFORMED"),
        (("propose", "un-2031", "--releases", "un-sun-1900", "--description", "d"), "FACTOR_RELEASE_UNKNOWN"),
    ],
)
def test_what_can_not_be_an_edition_is_refused(catalogue: Catalogue, arguments: tuple[str, ...], code: str) -> None:
    refused, _, said = catalogue.run(*arguments)

    assert (refused, said.split(":")[0]) == (1, code)
    assert catalogue.rows("SELECT count(*) FROM factor_edition") == [(1,)]
