"""Exports as callers get them: the same figures in every form, by the same rights as the lists, on the audit record."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from chassis.testing import ROOT
from embedded.issuer import TestIssuer
from inventory.domain import export
from inventory.domain.disclosure import FUELS
from inventory.domain.export import FIGURES, RECORDS, TOTALS, Column, Form, names_of
from inventory.exports import TEXT_MAX, Workbench, writer_of
from services.inventory.tests.conftest import HEADER, ROWS
from services.inventory.tests.wire import Wire, wire_of

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

FORMS = [form.value for form in Form]


@pytest.fixture
async def wire(inventories: "Inventories", issuer: TestIssuer) -> AsyncIterator[Wire]:
    async with wire_of(inventories, issuer) as client:
        yield client


def rows_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a file of any form."""
    assert answer.status_code == 200, answer.text
    match answer.headers["content-type"].partition(";")[0]:
        case "text/csv":
            assert answer.content.startswith(b"\xef\xbb\xbf")
            return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        case "application/vnd.apache.parquet":
            found: list[dict[str, Any]] = pq.read_table(io.BytesIO(answer.content)).to_pylist()
            return found
        case _:
            head, *rows = (
                CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("Rows").to_python()
            )
            return [dict(zip(head, row, strict=True)) for row in rows]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; every answer has the headers that keep a browser from running it."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


def of(inventory_id: str, what: str = "records", form: str = "csv") -> str:
    return f"/files/inventories/{inventory_id}/{what}.{form}"


@pytest.mark.parametrize("form", FORMS)
async def test_records_leave_with_all_that_they_are_traced_by(
    inventories: "Inventories", wire: Wire, form: str
) -> None:
    final = await inventories.final()

    answer = await wire.get("technical", of(final.id, form=form))
    rows = rows_of(answer)

    assert answer.headers["content-disposition"] == (
        f"attachment; filename=\"unon-2024-v1-records.{form}\"; filename*=UTF-8''unon-2024-v1-records.{form}"
    )
    assert (answer.headers["lichen-extent"], answer.headers["lichen-rows"]) == ("whole", str(len(ROWS)))
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert tuple(rows[0]) == names_of(RECORDS)
    assert [row["category"] for row in rows] == [line.split(",")[1] for line in ROWS]
    wood = next(row for row in rows if row["item"] == "wood")
    assert {name: str(wood[name]) for name in ("inventory_location", "state", "extent", "amount_unit", "gwp_set")} == {
        "inventory_location": "unon", "state": "final", "extent": "whole", "amount_unit": "tonne", "gwp_set": "AR5",
    }  # fmt: skip
    assert (str(wood["co2e_unit"]), str(wood["gas_unit"]), str(wood["biogenic_co2_unit"])) == ("kgCO2e", "kg", "kg")
    assert Decimal(str(wood["ch4"])) == Decimal("9.36")
    assert wood["factor_id"] == "ipcc-2006:heating_fuel:wood:tonne:default"
    water = next(row for row in rows if row["category"] == "water")
    assert "" in {str(water["other_gases"]), water["other_gases"] or ""}


async def test_figures_are_those_of_graphql_to_the_last_digit(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()
    asked = """query($id: ID!) { inventory(id: $id) { total { value } activityRecords(first: 100) { edges { node {
        id amount { value } emission { co2e { value } byGas { gas mass { value } } biogenicCo2 { value } } } } } } }"""
    told = (await wire.ask("technical", asked, id=final.id))["inventory"]
    by_csv = {row["record_id"]: row for row in rows_of(await wire.get("technical", of(final.id)))}
    by_parquet = {
        str(row["record_id"]): row for row in rows_of(await wire.get("technical", of(final.id, form="parquet")))
    }

    for edge in told["activityRecords"]["edges"]:
        record, row = edge["node"], by_csv[edge["node"]["id"]]
        emission = record["emission"]
        assert Decimal(row["amount"]) == Decimal(record["amount"]["value"])
        assert (row["co2e"] == "") == (emission is None)
        if emission is None:
            continue
        assert Decimal(row["co2e"]) == Decimal(emission["co2e"]["value"])
        assert Decimal(row["biogenic_co2"]) == Decimal(emission["biogenicCo2"]["value"])
        assert by_parquet[record["id"]]["co2e"] == pytest.approx(Decimal(row["co2e"]), abs=Decimal("1e-18"))
        for gas in emission["byGas"]:
            if gas["gas"] != "CO2e":
                assert Decimal(row[gas["gas"].lower()]) == Decimal(gas["mass"]["value"])
    totals = rows_of(await wire.get("technical", of(final.id, "totals")))
    assert tuple(totals[0]) == names_of(TOTALS)
    assert sum(Decimal(row["co2e"]) for row in totals if row["optional"] == "false") == Decimal(told["total"]["value"])
    (grid,) = [row for row in totals if row["category"] == "grid_electricity"]
    assert Decimal(grid["co2e_market_based"]) > 0


async def test_refrigerants_have_their_gases_beside(inventories: "Inventories", wire: Wire) -> None:
    taken = await inventories.import_file(
        inventories.csv("unon,refrigerant,R-410A,2024-01-01,2024-12-31,4,kg,,,measured")
    )

    (row,) = rows_of(await wire.get("technical", of(taken.inventory_id)))

    assert row["other_gases"] == '{"HFC-32": "2.0", "HFC-125": "2.0"}'
    assert (row["co2"], row["ch4"], row["gas_unit"], row["state"]) == ("", "", "kg", "draft")


@pytest.mark.parametrize("form", FORMS)
async def test_who_may_not_see_fuel_gets_the_rest_and_is_told(
    inventories: "Inventories", wire: Wire, form: str
) -> None:
    final = await inventories.final()

    answer = await wire.get("steering", of(final.id, form=form))
    rows = rows_of(answer)

    assert rows
    assert FUELS.isdisjoint({row["category"] for row in rows})
    assert answer.headers["lichen-extent"] == "part"
    assert {row["extent"] for row in rows} == {export.Extent.PART.value}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["records", "totals"])
async def test_another_locations_inventory_answers_like_none(
    inventories: "Inventories", wire: Wire, what: str, form: str
) -> None:
    final = await inventories.final()

    answers = [await wire.get("other", of(inventory_id, what, form)) for inventory_id in (final.id, "none")]
    nobody = await wire.get("nobody", of(final.id, what, form))

    assert [refusal(answer) for answer in (*answers, nobody)] == [(404, "NOT_FOUND")] * 3
    assert answers[0].text.replace(final.id, "none") == answers[1].text


async def test_what_is_published_gives_totals_to_all_and_records_to_none(
    inventories: "Inventories", wire: Wire
) -> None:
    final = await inventories.final()
    assert refusal(await wire.get(None, of(final.id, "totals"))) == (404, "NOT_FOUND")
    await inventories.is_published(final.id)

    public, ours = [rows_of(await wire.get(who, of(final.id, "totals"))) for who in (None, "technical")]

    assert public == ours != []
    assert refusal(await wire.get(None, of(final.id))) == (401, "NOT_SIGNED_IN")
    assert refusal(await wire.get("other", of(final.id))) == (403, "NOT_PERMITTED")


async def test_a_site_gets_its_own_records(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()
    await inventories.is_published(final.id)

    answer = await wire.get("gigiri", of(final.id))

    assert {row["location"] for row in rows_of(answer)} == {"unon-gigiri"}
    assert answer.headers["lichen-extent"] == "part"


async def test_a_token_that_is_not_good_is_refused(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()

    answer = await wire.client.get(of(final.id), headers={"Authorization": "Bearer garbage"})

    assert refusal(answer) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("note", ['=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", " =1+1", "\uff1d1", "\t=1"])
async def test_text_never_becomes_a_formula(inventories: "Inventories", wire: Wire, note: str) -> None:
    final = await inventories.final()
    # Import refuses most of these; what came in by another way must not leave as a formula.
    async with inventories.database.transaction([ROOT]) as tx:
        await tx.execute(text("SELECT 1"))
    async with _owner(inventories) as tx:
        await tx.execute(text("ALTER TABLE activity_record DISABLE TRIGGER USER"))
        await tx.execute(text("UPDATE activity_record SET note = :note"), {"note": note})
        await tx.execute(text("ALTER TABLE activity_record ENABLE TRIGGER USER"))

    by_csv = rows_of(await wire.get("technical", of(final.id)))
    workbook = await wire.get("technical", of(final.id, form="xlsx"))
    by_parquet = rows_of(await wire.get("technical", of(final.id, form="parquet")))

    assert {row["note"] for row in by_csv} == {f"'{note}"}
    assert {str(row["note"]).lstrip() for row in rows_of(workbook)} == {note.lstrip()}
    assert {row["note"] for row in by_parquet} == {note}
    members = _members(workbook.content)
    assert "<f>" not in members
    assert 'quotePrefix="1"' in members


def _members(content: bytes) -> str:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist())


def _owner(inventories: "Inventories") -> Any:
    from contextlib import asynccontextmanager

    from chassis.database import Database

    @asynccontextmanager
    async def owner() -> AsyncIterator[Any]:
        database = Database.connect(inventories.urls.owner, pool_size=1)
        async with database.transaction([ROOT]) as tx:
            yield tx
        await database.close()

    return owner()


@pytest.mark.parametrize("form", FORMS)
async def test_how_well_an_amount_is_known_leaves_as_it_came(inventories: "Inventories", wire: Wire, form: str) -> None:
    stated = "unon,water,borehole,2024-01-01,2024-06-30,70,m3,,,measured,,,7.5"
    unstated = "unon,waste,food,2024-01-01,2024-06-30,123.4,kg,composting,,measured,,,"
    first = await inventories.final(f"{HEADER},uncertainty\n{stated}\n{unstated}".encode())

    rows = rows_of(await wire.get("technical", of(first.id, form=form)))

    assert [None if row["uncertainty"] in (None, "") else Decimal(str(row["uncertainty"])) for row in rows] == [
        Decimal("7.5"), None,
    ]  # fmt: skip
    # The columns that a file of activity data has, one of them by its own name, are read again for another site.
    header = {"period_start": "start", "period_last_day": "end", "amount_unit": "unit"}
    columns = [*header, "category", "item", "amount", "quality", "uncertainty"]
    head = ",".join(("site", *(header.get(name, name) for name in columns)))
    line = ",".join(("unon-gigiri", *(str(rows[0][name]) for name in columns)))
    again = await inventories.import_file(f"{head}\n{line}".encode(), location_id="unon-gigiri")
    (kept,) = [row for row in await inventories.rows("activity_record") if row["inventory_id"] == again.inventory_id]
    assert kept["uncertainty_percent"] == Decimal("7.5")


def written(text_: str) -> tuple[str, dict[str, str]]:
    """The text as a cell of a workbook has it, and what the workbook says of itself."""
    file = io.BytesIO()
    writer = writer_of(Form.XLSX, file, columns=[Column(name="note")], about=[("Year", "2024")], at=datetime.now(UTC))
    writer.write([(text_,)])
    writer.close()
    file.seek(0)
    book = CalamineWorkbook.from_filelike(file)
    about = {str(name): str(value) for name, value in book.get_sheet_by_name("About").to_python()}
    return str(book.get_sheet_by_name("Rows").to_python()[1][0]), about


@pytest.mark.parametrize("letter", ["x", "\N{SEEDLING}", "=\N{SEEDLING}"])
def test_a_text_that_no_cell_holds_is_marked_as_cut_and_where_the_whole_is(letter: str) -> None:
    most = TEXT_MAX // len(letter.encode("utf-16-le")) * 2
    fits, about = written(letter * most)
    long, of_long = written(letter * (most + 2))

    assert (fits, about) == (letter * most, {"Year": "2024"})
    assert long.startswith(letter * 100)
    assert long.endswith(f" [cut: {len(letter) * (most + 2)} characters in all; the CSV file has the whole]")
    assert len(long.encode("utf-16-le")) // 2 in (TEXT_MAX, TEXT_MAX - 1)
    assert of_long["Texts cut"].startswith("1, each marked at its end")


async def test_numbers_stay_numbers(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()

    rows = rows_of(await wire.get("technical", of(final.id, form="xlsx")))

    assert all(isinstance(row["amount"], float) for row in rows)
    assert {str(row["period_last_day"]) for row in rows} == {"2024-06-30", "2024-12-31"}


@pytest.mark.parametrize("form", FORMS)
async def test_a_final_version_gives_the_same_bytes_again(inventories: "Inventories", wire: Wire, form: str) -> None:
    final = await inventories.final()

    one, other = [(await wire.get("technical", of(final.id, form=form))).content for _ in range(2)]

    assert one == other


async def test_a_category_can_be_asked_for_alone(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()

    answer = await wire.get("technical", of(final.id), category="waste")

    assert {row["category"] for row in rows_of(answer)} == {"waste"}
    assert "records-waste.csv" in answer.headers["content-disposition"]
    assert rows_of(await wire.get("technical", of(final.id), category="none such")) == []


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("records", {"format": "csv"}),
        ("records", {"category": ["a", "b"]}),
        ("totals", {"category": "waste"}),
    ],
)
async def test_a_parameter_that_is_not_understood_is_refused(
    inventories: "Inventories", wire: Wire, path: str, params: dict[str, Any]
) -> None:
    final = await inventories.final()

    assert refusal(await wire.get("technical", of(final.id, path), **params)) == (400, "EXPORT_PARAMETER_UNKNOWN")


FIGURES_PATH = "/files/locations/unon/figures.csv"


async def test_figures_leave_as_a_file(inventories: "Inventories", wire: Wire) -> None:
    await inventories.final()
    asked = (
        """{ location(id: "unon") { figures(by: [CATEGORY, MONTH]) { figures { category month total { value } } } } }"""
    )
    told = (await wire.ask("technical", asked))["location"]["figures"]["figures"]

    rows = rows_of(await wire.get("technical", FIGURES_PATH, by=["category,month"]))

    assert tuple(rows[0]) == names_of(FIGURES)
    assert [(row["category"], row["month"], row["total"]) for row in rows] == [
        (each["category"], each["month"], each["total"]["value"]) for each in told
    ]
    assert {row["total_unit"] for row in rows} == {"kgCO2e"}


async def test_figures_withheld_are_told(inventories: "Inventories", wire: Wire) -> None:
    await inventories.final()

    answer = await wire.get("steering", FIGURES_PATH, by="month")

    assert (rows_of(answer), answer.headers["lichen-extent"]) == ([], "part")
    assert rows_of(await wire.get("other", FIGURES_PATH)) == []
    assert refusal(await wire.get("technical", "/files/locations/none/figures.csv")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"by": "planet"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"yearFrom": "24"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"yearTo": "\uff12\uff10\uff12\uff14"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"scope": "4"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"asOf": "2025-01-01T00:00:00"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"asOf": "yesterday"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"optional": "yes"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"year": "2024"}, "EXPORT_PARAMETER_UNKNOWN"),
        ({"by": "month,gas"}, "DIMENSIONS_NOT_COMBINED"),
    ],
)
async def test_figures_asked_for_wrongly_are_refused(
    inventories: "Inventories", wire: Wire, params: dict[str, str], code: str
) -> None:
    await inventories.final()

    status, found = refusal(await wire.get("technical", FIGURES_PATH, **params))

    assert (status, found) == (400 if code == "EXPORT_PARAMETER_UNKNOWN" else 422, code)


async def test_nul_and_other_methods_are_refused(wire: Wire) -> None:
    assert refusal(await wire.get("technical", of("a%00b"))) == (400, "BAD_CHARACTER")
    assert refusal(await wire.get("technical", FIGURES_PATH, category="a\0")) == (400, "BAD_CHARACTER")
    assert refusal(await wire.post("technical", of("none"), b"")) == (405, "METHOD_NOT_ALLOWED")


async def test_every_export_is_on_the_record_and_so_is_every_refusal(inventories: "Inventories", wire: Wire) -> None:
    final = await inventories.final()
    await inventories.is_published(final.id)
    before = len(await inventories.rows("audit_entry"))

    await wire.get("technical", of(final.id, form="xlsx"), category="waste")
    await wire.get("auditor", of(final.id, "totals"))
    await wire.get("technical", FIGURES_PATH, by="year")
    await wire.get("other", of(final.id))
    await wire.get(None, of(final.id, "totals"))

    found = sorted(await inventories.rows("audit_entry"), key=lambda row: row["seq"])[before:]
    assert [(row["name"], row["action"], row["outcome"], row["refusal_code"], row["location_id"]) for row in found] == [
        ("technical", "exportRecords", "done", None, "unon"),
        ("auditor", "exportTotals", "done", None, "unon"),
        ("technical", "exportFigures", "done", None, "unon"),
        ("other", "exportRecords", "refused", "NOT_PERMITTED", "unon"),
    ]
    assert [row["record_id"] for row in found] == [final.id, final.id, "unon", final.id]
    assert '"category":"waste"' in found[0]["input"]


@pytest.mark.parametrize("form", FORMS)
async def test_more_rows_than_a_file_may_have_are_refused(
    inventories: "Inventories", wire: Wire, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = await inventories.final()
    monkeypatch.setitem(export.ROWS_MAX, Form(form), len(ROWS) - 1)

    assert refusal(await wire.get("technical", of(final.id, form=form))) == (413, "EXPORT_TOO_LARGE")
    monkeypatch.setitem(export.ROWS_MAX, Form(form), len(ROWS))
    assert len(rows_of(await wire.get("technical", of(final.id, form=form)))) == len(ROWS)


async def test_files_are_made_one_at_a_time_and_not_without_end() -> None:
    bench = Workbench(wait_s=0.01, open_max=2)

    async with bench.file() as first:
        with pytest.raises(Exception, match="ask again") as waited:
            async with bench.file():
                pass
    async with bench.file() as second:
        pass
    with pytest.raises(Exception, match="ask again") as full:
        async with bench.file():
            pass
    first.close()
    del first
    async with bench.file() as third:
        pass

    assert [refused.value.code for refused in (waited, full)] == ["EXPORTS_BUSY"] * 2
    assert not second.closed
    assert not third.closed
    with pytest.raises(RuntimeError, match="boom"):
        async with Workbench().file() as broken:
            raise RuntimeError("boom")
    assert broken.closed
    await asyncio.sleep(0)
