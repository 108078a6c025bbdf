"""Files are read within bounds, whoever made them."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from inventory.domain.errors import BadWorkbook, FileExpandsTooMuch, FileTooLarge, Refused, SheetTooLarge
from inventory.spreadsheet import DEFAULT_LIMITS, read_spreadsheet

SMALL = replace(DEFAULT_LIMITS, file_bytes=100_000, expanded_bytes=200_000, rows=20, columns=5)


def a_workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content)
    fill(workbook)
    workbook.close()
    return content.getvalue()


def a_data_sheet(workbook: xlsxwriter.Workbook) -> None:
    sheet = workbook.add_worksheet("Data")
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(2, 1, ["site", "start", "amount", "note"])
    sheet.write_string(3, 1, "unon")
    sheet.write_datetime(3, 2, datetime(2024, 1, 31), day)  # noqa: DTZ001 - cells have no zone
    sheet.write_number(3, 3, 0.1 + 0.2)
    sheet.write_number(5, 3, 2024)


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            data = source.read(part)
            target.writestr(part, change(data) if part == name else data)
    return changed.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_is_read_with_the_row_numbers_that_people_see() -> None:
    rows = read_spreadsheet(a_workbook(a_data_sheet))

    assert [row.row for row in rows if any(cell is not None for _, cell in row.cells)] == [4, 6]
    assert rows[0].sheet == "Data"
    assert {name: cell for name, cell in rows[0].cells if name} == {
        "site": "unon",
        "start": date(2024, 1, 31),
        "amount": Decimal("0.3"),
        "note": None,
    }
    assert dict(rows[2].cells)["amount"] == Decimal(2024)


@pytest.mark.parametrize(
    "text",
    [
        'site,amount,note\nunon,1.50,"a, b"\n',
        'site;amount;note\nunon;1.50;"a, b"\n',
        "\ufeffsite\tamount\tnote\r\nunon\t1.50\ta, b\r\n",
    ],
)
def test_csv_is_read_with_the_usual_delimiters(text: str) -> None:
    (row,) = read_spreadsheet(text.encode())

    assert (row.row, dict(row.cells)) == (2, {"site": "unon", "amount": "1.50", "note": "a, b"})


def test_csv_of_a_spreadsheet_in_utf_16_is_read() -> None:
    (row,) = read_spreadsheet("site\tnote\nunon\tété\n".encode("utf-16"))

    assert dict(row.cells)["note"] == "été"


def test_a_cell_beyond_the_headers_is_kept_for_the_reader_to_refuse() -> None:
    (row,) = read_spreadsheet(b"site\nunon,stray\n".replace(b"site\n", b"site,amount\n").replace(b"stray", b"1,stray"))

    assert row.cells == (("site", "unon"), ("amount", "1"), ("", "stray"))


def test_the_digits_that_only_the_binary_form_has_are_not_read() -> None:
    content = with_part(
        a_workbook(a_data_sheet), SHEET, lambda data: data.replace(b"<v>0.3<", b"<v>0.30000000000000004<")
    )

    assert dict(read_spreadsheet(content)[0].cells)["amount"] == Decimal("0.3")


def test_a_cell_far_out_is_refused_before_memory_is_reserved_for_all_before_it() -> None:
    content = with_part(a_workbook(a_data_sheet), SHEET, lambda data: data.replace(b'"D6"', b'"XFD6"'))

    with pytest.raises(SheetTooLarge) as caught:
        read_spreadsheet(content, limits=SMALL)

    assert caught.value.found == "a cell in column XFD"


def test_an_old_or_locked_workbook_is_refused_by_what_it_is() -> None:
    with pytest.raises(BadWorkbook) as caught:
        read_spreadsheet(b"\xd0\xcf\x11\xe0" + b"\0" * 600)

    assert caught.value.found == "it is an old XLS file or has a password"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"x" * 100_001, FileTooLarge),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, BadWorkbook),
        (b"PK\x03\x04 and then nothing", BadWorkbook),
        (a_workbook(a_data_sheet)[:-200], BadWorkbook),
        (b"site,note\nunon,\0\n", BadWorkbook),
        (b"\x89PNG\r\n\x1a\n\0\0", BadWorkbook),
        (b'site,note\nunon,"never closed\n', BadWorkbook),
        (b"site,note\n" + b"\xff\xfe\xfd\n", BadWorkbook),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda _: b"<broken"), BadWorkbook),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda data: data + b" " * 300_000), FileExpandsTooMuch),
        (b"site\n" + b"unon\n" * 20, SheetTooLarge),
        (b"a,b,c,d,e,f\n1,2,3,4,5,6\n", SheetTooLarge),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda data: data.replace(b'"D6"', b'"D1048576"')), SheetTooLarge),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda data: data.replace(b'"D6"', b'"XFD6"')), SheetTooLarge),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda data: data.replace(b'r="6"', b"r = '99'")), SheetTooLarge),
        (with_part(a_workbook(a_data_sheet), SHEET, lambda data: data.decode().encode("utf-16")), BadWorkbook),
    ],
)
def test_a_file_that_cannot_be_read_safely_is_refused(content: bytes, refusal: type[Refused]) -> None:
    with pytest.raises(refusal) as caught:
        read_spreadsheet(content, limits=SMALL)

    assert caught.value.message


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    packed = bytearray(with_part(a_workbook(a_data_sheet), SHEET, lambda data: data + b" " * 300_000))
    directory = packed.find(b"PK\x01\x02", packed.find(b"PK\x01\x02"))
    while packed[directory + 46 : directory + 46 + len(SHEET)] != SHEET.encode():
        directory = packed.find(b"PK\x01\x02", directory + 4)
    packed[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")

    with pytest.raises(BadWorkbook):
        read_spreadsheet(bytes(packed), limits=SMALL)


def test_a_formula_is_read_as_a_formula_and_never_as_its_result() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Data")
        sheet.write_row(0, 0, ["site", "amount"])
        sheet.write_string(1, 0, "unon")
        sheet.write_formula(1, 1, "=SUM(A1:A9)")  # no program has worked it out: its result is 0
        sheet.write_string(2, 0, "unon")
        sheet.write_formula(2, 1, '=1&"<2"', value=42)
        sheet.write_string(3, 0, "unon")
        sheet.write_number(3, 1, 7)

    rows = read_spreadsheet(a_workbook(fill))

    assert [dict(row.cells)["amount"] for row in rows] == ["=SUM(A1:A9)", '=1&"<2"', Decimal(7)]
