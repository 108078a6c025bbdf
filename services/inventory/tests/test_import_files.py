"""Files as clients send them: a POST, followed by events and GraphQL, worked off by a process of its own."""

import asyncio
import html
import io
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import httpx
import orjson
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from chassis.graphql.edge import RequestContext
from chassis.testing import ROOT
from embedded.issuer import TestIssuer
from inventory import access, usecases
from inventory.domain.import_job import ImportOrder
from inventory.domain.rows import Column, column_named
from inventory.import_files import events_of
from inventory.importing.template import TEMPLATE_VERSION
from inventory.spreadsheet import JOB_LIMITS
from services.inventory.tests.wire import Wire, wire_of

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

GOOD = "unon,grid_electricity,,2024-01-01,2024-01-31,10,kWh,,,measured"
BAD = "unon,grid_electricity,,2024-02-01,2024-02-29,many,kWh,,,measured"
JOB = """query ($id: ID!, $after: String) { importJob(id: $id) { state rowsChecked rowsWritten problemCount refusalCode
    import { rowCount undoneAt } problems(first: 1, after: $after) { edges { node { row column code hint } }
    pageInfo { hasNextPage endCursor } } } }"""
TO = {"location": "unon", "year": 2024, "name": "f.csv"}


@pytest.fixture
async def wire(inventories: "Inventories", issuer: TestIssuer) -> AsyncIterator[Wire]:
    async with wire_of(inventories, issuer) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


async def followed(wire: Wire, job_id: str) -> list[dict[str, Any]]:
    """What a listener hears until the end."""
    answer = await asyncio.wait_for(wire.get("technical", f"/files/imports/{job_id}/events"), 60)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [orjson.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]


async def test_a_file_is_sent_followed_read_of_and_undone(wire: Wire, inventories: "Inventories") -> None:
    answer = await wire.post("technical", "/files/imports", inventories.csv(GOOD, BAD, BAD), **TO, acceptPartial="true")
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]

    *_, last = await followed(wire, job_id)

    assert (last["state"], last["rowsChecked"], last["rowsWritten"], last["problemCount"]) == ("DONE", 3, 1, 2)
    assert (await wire.get("technical", f"/files/imports/{job_id}")).json() == last
    job = (await wire.ask("technical", JOB, id=job_id))["importJob"]
    assert (job["state"], job["import"]) == ("DONE", {"rowCount": 1, "undoneAt": None})
    (edge,) = job["problems"]["edges"]
    assert (edge["node"]["row"], edge["node"]["column"], edge["node"]["code"]) == (3, "amount", "NOT_A_NUMBER")
    more = (await wire.ask("technical", JOB, id=job_id, after=job["problems"]["pageInfo"]["endCursor"]))["importJob"]
    assert [edge["node"]["row"] for edge in more["problems"]["edges"]] == [4]

    undo = """mutation ($input: UndoImportInput!) { undoImport(input: $input) {
        ... on ActivityImport { undoneAt undoneBy undoneReason } ... on Refusal { code } } }"""
    undone = await wire.ask(
        "technical", undo, input={"importId": last["importId"], "reason": "r", "idempotencyKey": "k"}
    )
    assert undone["undoImport"]["undoneBy"] == "technical"
    assert await inventories.rows("activity_record") == []
    entries = [row for row in await inventories.rows("audit_entry") if row["record_kind"] is not None]
    assert [(row["action"], row["record_kind"], row["reason"]) for row in entries] == [
        ("requestImport", "import_job", None),
        ("undoImport", "activity_import", "r"),
    ]
    # The file itself is not on the record.
    assert orjson.loads(entries[0]["input"])["content"]["bytes"] == len(inventories.csv(GOOD, BAD, BAD))


@pytest.mark.parametrize(
    ("who", "given", "expected"),
    [
        (None, {}, (401, "NOT_SIGNED_IN")),
        ("other", {}, (404, "NOT_FOUND")),
        ("chair", {}, (403, "NOT_PERMITTED")),
        ("auditor", {}, (403, "NOT_PERMITTED")),
        ("gigiri", {}, (404, "NOT_FOUND")),
        ("technical", {"location": "nowhere"}, (404, "NOT_FOUND")),
        ("technical", {"location": ""}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"year": "24"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"name": " "}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"dryRun": "perhaps"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"locale": "xx"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"dryrun": "true"}, (400, "IMPORT_PARAMETER_WRONG")),
    ],
)
async def test_what_may_not_be_sent_is_refused_before_it_is_read(
    wire: Wire, inventories: "Inventories", who: str | None, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await wire.post(who, "/files/imports", inventories.csv(GOOD), **TO | given)

    assert refusal(answer) == expected
    assert await inventories.rows("import_job") == []


@pytest.mark.parametrize("who", [None, "chair", "other"])
async def test_a_file_is_not_read_of_who_may_not_send_it(wire: Wire, who: str | None) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"site,category"

    await wire.client.post("/files/imports", params=TO, headers=wire.headers(who), content=body())

    assert read == []


async def test_more_files_than_there_is_room_for_are_refused_until_one_is_in(
    wire: Wire, inventories: "Inventories"
) -> None:
    room, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow() -> AsyncIterator[bytes]:
        begun.release()
        await room.wait()
        yield inventories.csv(GOOD)

    async def send() -> httpx.Response:
        return await wire.client.post("/files/imports", params=TO, headers=wire.headers("technical"), content=slow())

    three = [asyncio.create_task(send()) for _ in range(3)]
    for _ in three:
        await asyncio.wait_for(begun.acquire(), 20)
    fourth = await wire.post("technical", "/files/imports", inventories.csv(GOOD), **TO)
    room.set()

    assert refusal(fourth) == (503, "UPLOADS_BUSY")
    assert [answer.status_code for answer in await asyncio.gather(*three)] == [202] * 3


@pytest.mark.parametrize("ended", ["token", "right"])
async def test_events_end_with_the_token_and_with_the_right(inventories: "Inventories", ended: str) -> None:
    """Of a job that nobody works off: it would be listened to for ten minutes."""
    who = inventories.person("unon-technical")
    order = ImportOrder(
        location_id="unon", year=2024, file_name="f.csv", dry_run=False, accept_partial=False, decimal_comma=False
    )
    async with inventories._transaction(who, access.IMPORT_ACTIVITY_DATA) as (tx, principal, now):
        job = await usecases.request_import(
            tx, principal=principal, now=now, order=order, content=inventories.csv(GOOD)
        )
    listener = replace(who, expires_at=1) if ended == "token" else replace(who, grants=())
    context = RequestContext(
        database=inventories.database, identity=cast("Any", None), principal=listener, root="secretariat"
    )

    async def heard() -> list[bytes]:
        return [event async for event in events_of(context, job)]

    (event,) = await asyncio.wait_for(heard(), 20)

    assert b'"state":"QUEUED"' in event


async def test_a_file_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(
    wire: Wire, inventories: "Inventories"
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(JOB_LIMITS.file_bytes // 1_000_000 + 2):
            yield b"x" * 1_000_000

    for headers, content in (
        ({"content-length": str(JOB_LIMITS.file_bytes + 1)}, b"x"),
        ({}, endless()),
    ):
        answer = await wire.client.post(
            "/files/imports", params=TO, headers=wire.headers("technical") | headers, content=content
        )
        assert refusal(answer) == (413, "FILE_TOO_LARGE")
    tried = [row for row in await inventories.rows("audit_entry") if row["refusal_code"] == "FILE_TOO_LARGE"]
    assert [(row["action"], row["name"], row["location_id"], row["capability"]) for row in tried] == [
        ("requestImport", "technical", "unon", "data.enter")
    ] * 2


async def test_nobody_else_is_told_of_a_job(wire: Wire, inventories: "Inventories") -> None:
    job_id = (await wire.post("technical", "/files/imports", inventories.csv(BAD), **TO)).json()["id"]
    *_, last = await followed(wire, job_id)
    assert (last["state"], last["refusalCode"]) == ("REFUSED", "IMPORT_REFUSED")

    for path in (f"/files/imports/{job_id}", f"/files/imports/{job_id}/events", "/files/imports/none"):
        assert refusal(await wire.get("other", path)) == (404, "NOT_FOUND")
    # Who may read there, but enters nothing, is not told of it either.
    assert refusal(await wire.get("chair", f"/files/imports/{job_id}")) == (404, "NOT_FOUND")
    for who in ("other", "chair", None):
        assert (await wire.ask(who, JOB, id=job_id))["importJob"] is None


MARKED = """site,category,item,start,end,amount,unit,quality,colour
unon,grid_electricity,,2024-01-01,2024-01-31,10,kWh,measured,
unon,grid_electricity,,2024-02-01,2024-02-30,many,kWh,measured,
unon,=cmd|' /C calc'!A0,,2024-02-01,2024-02-28,1,kWh,measured,
"""


async def test_the_workbook_comes_back_with_what_is_wrong_marked_and_can_be_sent_again(
    wire: Wire, inventories: "Inventories"
) -> None:
    job_id = (await wire.post("technical", "/files/imports", MARKED.encode(), **TO)).json()["id"]
    *_, last = await followed(wire, job_id)
    assert (last["state"], last["problemCount"]) == ("REFUSED", 4)

    answer = await wire.get("technical", f"/files/imports/{job_id}/marked.xlsx")

    assert answer.status_code == 200, answer.text
    assert "f%20marked.xlsx" in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["csv", "Lichen problems"]
    assert [row[:6] for row in book.get_sheet_by_name("csv").to_python()][2][5] == "many"
    listed = book.get_sheet_by_name("Lichen problems").to_python()
    assert {(row[1], row[2], row[4]) for row in listed[1:]} == {
        (1.0, "colour", "UNKNOWN_COLUMN"),
        (3.0, "end", "NOT_A_DATE"),
        (3.0, "amount", "NOT_A_NUMBER"),
        (4.0, "category", "FORMULA_NOT_ALLOWED"),
    }
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        comments = parts.read("xl/comments1.xml").decode()
    # A formula of the file is a text in what is given back, and each wrong cell has its own style and comment.
    assert "<f>" not in sheet
    assert set(re.findall(r'<comment ref="([A-Z]+\d+)"', comments)) == {"I1", "E3", "F3", "B4"}
    assert all(re.search(rf'<c r="{cell}" s="[1-9]', sheet) for cell in ("I1", "E3", "F3", "B4"))
    assert not re.search(r'<c r="A3" s=', sheet)

    # Sent again as it is, it has the same problems and no others.
    again = (await wire.post("technical", "/files/imports", answer.content, **TO | {"name": "again.xlsx"})).json()
    *_, last = await followed(wire, again["id"])
    assert last["problemCount"] == 4
    # What is not theirs is to them as what is not there, by every way to it.
    for who in ("other", "chair", None):
        for path in (f"/files/imports/{job_id}", f"/files/imports/{job_id}/marked.xlsx"):
            hidden, none = await wire.get(who, path), await wire.get(who, path.replace(job_id, "none"))
            assert refusal(hidden) == (404, "NOT_FOUND")
            assert hidden.content.replace(job_id.encode(), b"none") == none.content
    refused = [row for row in await inventories.rows("audit_entry") if row["outcome"] != "done"]
    assert [(row["action"], row["name"], row["capability"]) for row in refused] == [
        ("giveMarkedFile", name, "data.enter") for name in ("other", "other", "chair", "chair")
    ]  # fmt: skip
    # The record says where it was tried, if there is such a file.
    assert [row["location_id"] for row in refused if row["name"] == "chair"] == ["unon", ROOT]


async def test_a_template_comes_back_marked_with_its_lists_and_columns_that_show_their_days(wire: Wire) -> None:
    template = (await wire.get("technical", "/files/locations/unon/template.xlsx", year=2024, locale="fr")).content
    headers = CalamineWorkbook.from_filelike(io.BytesIO(template)).get_sheet_by_name("Data").to_python()[0]
    filled = fill(template, headers, {
        Column.SITE: "unon", Column.CATEGORY: "water", Column.ITEM: "borehole", Column.START: "2024-01-01",
        Column.END: "2024-01-31", Column.AMOUNT: "7", Column.UNIT: "ton", Column.QUALITY: "measured",
    })  # fmt: skip
    job_id = (await wire.post("technical", "/files/imports", filled, **TO)).json()["id"]
    *_, last = await followed(wire, job_id)
    assert (last["state"], last["problemCount"]) == ("REFUSED", 1)

    content = (await wire.get("technical", f"/files/imports/{job_id}/marked.xlsx")).content

    def rules(content: bytes) -> dict[str, tuple[str, str]]:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheet = html.unescape(parts.read("xl/worksheets/sheet1.xml").decode())
        found = re.findall(r'<dataValidation type="(\w+)"[^>]* sqref="(\w+):\w+"[^>]*>(.*?)</dataValidation>', sheet)
        return {first: (kind, formulas) for kind, first, formulas in found}

    def names(content: bytes) -> list[str]:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return re.findall(r"<definedName .*?</definedName>", parts.read("xl/workbook.xml").decode())

    assert rules(content) == rules(template)
    assert len(rules(content)) == 12
    assert names(content) == names(template)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        book, sheet = (parts.read(f"xl/{name}.xml").decode() for name in ("workbook", "worksheets/sheet1"))
    assert re.search(r'<sheet name="Lists"[^>]* state="hidden"', book)
    widths = {
        int(place): float(width) for place, width in re.findall(r'<col min="(\d+)" max="\d+" width="([\d.]+)"', sheet)
    }
    starts = 1 + list(Column).index(Column.START)
    assert widths[starts] >= len("2024-01-01") + 2


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("lichen template 1 unon 2024", ["list_site; DROP"]),
        ("lichen template 1 unon 2024", ["list_site", "list_site"]),
        ("lichen template 1 unon 0000", ["list_site"]),
        ("sites of mine", ["list_site"]),
    ],
)
async def test_a_sheet_that_is_called_lists_but_is_no_list_of_ours_is_given_back_as_it_is(
    wire: Wire, title: str, names: list[str]
) -> None:
    foreign = io.BytesIO()
    with xlsxwriter.Workbook(foreign, {"in_memory": True}) as book:
        data, lists = book.add_worksheet("Data"), book.add_worksheet("Lists")
        for index, (header, value) in enumerate({"site": "unon", "category": "water", "start": "never"}.items()):
            data.write_string(0, index, header)
            data.write_string(1, index, value)
        lists.write_string(0, 0, title)
        for column, name in enumerate(names):
            lists.write_string(1, column, name)
            lists.write_string(2, column, "unon")
    job_id = (await wire.post("technical", "/files/imports", foreign.getvalue(), **TO)).json()["id"]
    *_, last = await followed(wire, job_id)
    assert last["state"] == "REFUSED"

    content = (await wire.get("technical", f"/files/imports/{job_id}/marked.xlsx")).content

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        book_xml = parts.read("xl/workbook.xml").decode()
        assert "dataValidation" not in parts.read("xl/worksheets/sheet1.xml").decode()
    assert "definedName" not in book_xml
    assert "hidden" not in book_xml


@pytest.mark.parametrize(("locale", "header"), [("en", "category"), ("fr", "catégorie"), ("es-CL", "categoría")])
async def test_a_template_is_made_for_a_location_and_year_and_reads_back_when_filled(
    wire: Wire, locale: str, header: str
) -> None:
    answer = await wire.get("technical", "/files/locations/unon/template.xlsx", year=2024, locale=locale)

    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Data", "Instructions", "Lists"]
    headers = book.get_sheet_by_name("Data").to_python()[0]
    assert headers[1] == header
    assert [column_named(name) for name in headers] == list(Column)
    lists = book.get_sheet_by_name("Lists").to_python()
    assert lists[0][0] == f"lichen template {TEMPLATE_VERSION} unon 2024"
    by_name = {name: [row[index] for row in lists[2:] if row[index]] for index, name in enumerate(lists[1])}
    assert by_name["list_site"] == ["unon", "unon-gigiri"]
    assert "diesel" in by_name["item_generator_fuel"]
    assert by_name["unit_generator_fuel"][:1]
    assert "kWh" not in by_name["unit_generator_fuel"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        rules = re.findall(r'<dataValidation type="(\w+)"', parts.read("xl/worksheets/sheet1.xml").decode())
    assert rules.count("list") == 9
    assert rules.count("date") == 2
    assert rules.count("decimal") == 1

    # Its instructions and lists are no activity data, and its own headers are read.
    filled = fill(answer.content, headers, {
        Column.SITE: "unon", Column.CATEGORY: "water", Column.ITEM: "borehole", Column.START: "2024-01-01",
        Column.END: "2024-01-31", Column.AMOUNT: "7", Column.UNIT: "m3", Column.QUALITY: "measured",
    })  # fmt: skip
    job = (await wire.post("technical", "/files/imports", filled, **TO)).json()
    *_, last = await followed(wire, job["id"])
    assert (last["state"], last["rowsWritten"]) == ("DONE", 1)


def fill(content: bytes, headers: list[str], row: dict[Column, str]) -> bytes:
    """The workbook with one row below the headers of its first sheet."""
    cells = "".join(
        f'<c r="{xl_col_to_name(index)}2" t="inlineStr"><is><t>{row[column]}</t></is></c>'
        for index, column in enumerate(map(column_named, headers))
        if column in row
    )
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            data = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", f'<row r="2">{cells}</row></sheetData>'.encode())
            target.writestr(part, data)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("who", "given", "expected"),
    [
        ("other", {"year": 2024}, (404, "NOT_FOUND")),
        ("chair", {"year": 2024}, (403, "NOT_PERMITTED")),
        (None, {"year": 2024}, (401, "NOT_SIGNED_IN")),
        ("technical", {"year": "x"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"year": 2024, "locale": "ja"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"year": [2023, 2024]}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"year": "0000"}, (422, "INVENTORY_YEAR_OUT_OF_RANGE")),
    ],
)
async def test_a_template_is_for_who_may_enter_data_there(
    wire: Wire, who: str | None, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refusal(await wire.get(who, "/files/locations/unon/template.xlsx", **given)) == expected


async def test_a_template_offers_lists_and_days_where_they_belong(wire: Wire) -> None:
    content = (await wire.get("technical", "/files/locations/unon/template.xlsx", year=2024)).content

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = html.unescape(parts.read("xl/worksheets/sheet1.xml").decode())
        book = html.unescape(parts.read("xl/workbook.xml").decode())
        properties = parts.read("docProps/custom.xml").decode()
    columns = {column: xl_col_to_name(index) for index, column in enumerate(Column)}
    rules = {
        place: (kind, formulas)
        for kind, place, formulas in re.findall(
            r'<dataValidation type="(\w+)"[^>]* sqref="(\w+:\w+)"[^>]*>(.*?)</dataValidation>', sheet
        )
    }

    def rule(column: Column) -> tuple[str, str]:
        return rules[f"{columns[column]}2:{columns[column]}2001"]

    category = columns[Column.CATEGORY]
    assert rule(Column.ITEM) == ("list", f'<formula1>INDIRECT("item_"&${category}2)</formula1>')
    assert rule(Column.UNIT) == ("list", f'<formula1>INDIRECT("unit_"&${category}2)</formula1>')
    assert rule(Column.QUALITY) == ("list", "<formula1>list_quality</formula1>")
    # The first and the last day of 2024, as spreadsheets count.
    days = ("date", "<formula1>45292</formula1><formula2>45657</formula2>")
    assert (rule(Column.START), rule(Column.END)) == (days, days)
    assert rule(Column.UNCERTAINTY) == ("decimal", "<formula1>0</formula1><formula2>1000</formula2>")
    # Lists are hidden, and each name is of its values alone; headers stay in sight.
    assert re.search(r'<sheet name="Lists"[^>]* state="hidden"', book)
    assert re.search(r'<definedName name="list_site">Lists!\$A\$3:\$A\$4</definedName>', book)
    assert re.search(r'<pane xSplit="2" ySplit="1"', sheet)
    assert TEMPLATE_VERSION in properties
    read = CalamineWorkbook.from_filelike(io.BytesIO(content))
    lists = read.get_sheet_by_name("Lists").to_python()
    by_name = {name: [row[index] for row in lists[2:] if row[index]] for index, name in enumerate(lists[1])}
    assert by_name["list_quality"] == ["measured", "estimated", "extrapolated"]
    told_of = [row[2] for row in read.get_sheet_by_name("Instructions").to_python() if row[0] == "generator_fuel"]
    assert told_of
    assert all("amount" in needs or "generated_kwh" in needs for needs in told_of)


async def test_a_template_for_a_site_has_that_site_alone(wire: Wire) -> None:
    answer = await wire.get("gigiri", "/files/locations/unon-gigiri/template.xlsx", year=2024)

    lists = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_name("Lists").to_python()
    assert [row[0] for row in lists[2:] if row[0]] == ["unon-gigiri"]
