"""Files made to do harm are refused by what they are, in little time and memory; so are odd ones that people send."""

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator

import pytest
import xlsxwriter

from inventory.domain.errors import BadWorkbook, FileExpandsTooMuch, FileTooLarge, Refused, SheetTooLarge
from inventory.spreadsheet import DEFAULT_LIMITS, JOB_LIMITS, Limits, read_spreadsheet
from services.inventory.tests.test_domain_spreadsheet import SHEET, a_data_sheet, a_workbook, with_part

SECONDS = 10
"""A crowded machine counted in; quiet, each takes less than one."""
BYTES = 250_000_000
LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10 if number else b"lol") for number in range(10)
)
BILLION_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE sst [' + LAUGHS + b"]><sst><si><t>&l9;</t></si></sst>"
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst><si><t>&x;</t></si></sst>'
PLAIN = a_workbook(a_data_sheet)


def packed(*parts: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts:
            target.writestr(name, data)
    return content.getvalue()


def with_more(*parts: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """The plain workbook and further parts."""
    content = io.BytesIO(PLAIN)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts:
            target.writestr(name, data)
    return content.getvalue()


def a_link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("xl/worksheets/sheet9.xml")
    link.external_attr = 0o120777 << 16
    return link


def zip_of_zips() -> bytes:
    inner = packed(("a.bin", b"\0" * 1_000_000))
    for _ in range(5):
        inner = packed(*((f"{number}.zip", inner) for number in range(10)))
    return inner


def overlapping() -> bytes:
    """Many names for one and the same compressed data: the directory sums up to a thousand times what is there."""
    kernel = packed(("xl/worksheets/sheet1.xml", b"\0" * 10_000_000))
    end = kernel.rfind(b"PK\x05\x06")
    directory = kernel[kernel.find(b"PK\x01\x02") : end]
    entries = directory * 900
    offset = end - len(directory)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 900, 900, len(entries), offset, 0)
    return kernel[:offset] + entries + tail


def encrypted() -> bytes:
    """Its entries say that they are."""
    content = bytearray(PLAIN)
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


def on_sheet(data: bytes) -> bytes:
    return with_part(PLAIN, SHEET, lambda whole: whole.replace(b"</sheetData>", data + b"</sheetData>"))


BAD: dict[str, tuple[Callable[[], bytes], type[Refused], str]] = {
    "300 MB of one sheet in little": (
        lambda: on_sheet(b"<row/>" * 50_000_000), FileExpandsTooMuch, "unpacked",
    ),
    "the last cell there can be": (
        lambda: with_part(PLAIN, SHEET, lambda data: data.replace(b'"D6"', b'"XFD1048576"')), SheetTooLarge, "1048576",
    ),
    "a row number of many digits": (
        lambda: with_part(PLAIN, SHEET, lambda data: data.replace(b'"D6"', b'"D99999999999999999999"')),
        SheetTooLarge, "99999",
    ),
    "a billion laughs": (lambda: with_more(("xl/sharedStrings.xml2.xml", BILLION_LAUGHS)), BadWorkbook, "entities"),
    "an entity from outside": (
        lambda: with_part(PLAIN, "xl/sharedStrings.xml", lambda _: OUTSIDE), BadWorkbook, "entities",
    ),
    "entities in UTF-16": (
        lambda: with_part(PLAIN, "xl/sharedStrings.xml", lambda _: BILLION_LAUGHS.decode().encode("utf-16")),
        BadWorkbook, "UTF-8",
    ),
    "100,000 parts": (
        lambda: packed(*((f"{number}", b"") for number in range(60_000))), FileExpandsTooMuch, "parts",
    ),
    "parts on top of each other": (overlapping, FileExpandsTooMuch, "unpacked"),
    "a part that climbs out": (lambda: with_more(("../../etc/cron.d/x", b"x")), BadWorkbook, "lead out"),
    "a part that climbs out the other way": (lambda: with_more(("xl\\..\\..\\x", b"x")), BadWorkbook, "lead out"),
    "a part at the root": (lambda: with_more(("/etc/passwd", b"x")), BadWorkbook, "lead out"),
    "a symbolic link": (lambda: with_more((a_link(), b"/etc/passwd")), BadWorkbook, "lead out"),
    "macros, renamed": (lambda: with_more(("xl/vbaProject.bin", b"x")), BadWorkbook, "macros"),
    "an encrypted zip": (encrypted, BadWorkbook, "damaged"),
    "a workbook with a password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000, BadWorkbook, "password"),
    "a zip of zips of zips": (zip_of_zips, BadWorkbook, "no XLSX"),
    "a zip of something else": (lambda: packed(("word/document.xml", b"<w/>")), BadWorkbook, "no XLSX"),
    "a picture named so": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 99, BadWorkbook, "neither"),
    "half a workbook": (lambda: PLAIN[: len(PLAIN) // 2], BadWorkbook, "damaged"),
    "one line without an end": (lambda: b"site,note\nunon," + b"x" * 9_000_000, BadWorkbook, "breaks off"),
    "a quote that is never closed": (lambda: b'site,note\nunon,"' + b"x\n" * 60_000, BadWorkbook, "breaks off"),
    "more columns than a sheet has": (lambda: b"," * 5_000_000 + b"x", SheetTooLarge, "columns"),
    "rows without end": (lambda: b"site\n" + b"\n" * 9_000_000, SheetTooLarge, "rows"),
    "more bytes than are read": (lambda: b"x" * 65_000_000, FileTooLarge, "bytes"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, JOB_LIMITS], ids=["at once", "as a job"])
def test_a_file_made_to_do_harm_is_refused_in_bounds(what: str, limits: Limits) -> None:
    make, refusal, word = BAD[what]
    content = make()
    tracemalloc.start()
    began = time.process_time()

    with pytest.raises(refusal) as caught:
        read_spreadsheet(content, limits=limits if what != "rows without end" else DEFAULT_LIMITS)

    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert word in caught.value.message + caught.value.found
    assert (seconds < SECONDS, peak < BYTES) == (True, True), (seconds, peak)


def many(tag: bytes) -> Iterator[bytes]:
    yield tag * (9_000_000 // len(tag))


@pytest.mark.parametrize("tag", [b"<c><f>", b"<c ", b"<c><f", b"<f>", b"</f>", b'<c r="A1"><f>', b"<x:c><x:f>1</x:f>"])
def test_cells_that_never_end_are_read_once_and_not_again_from_each(tag: bytes) -> None:
    content = on_sheet(b"".join(many(tag)))
    began = time.process_time()

    try:
        read_spreadsheet(content)
    except Refused as refusal:
        assert refusal.message  # noqa: PT017 - some are no XML, and some are cells of nothing

    assert time.process_time() - began < 3 * SECONDS


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_is_read_with_any_newline_and_some_mixed(newline: str) -> None:
    text = f"site,note{newline}unon,a{newline}unon,b\nunon,c\r\n"

    assert [dict(row.cells)["note"] for row in read_spreadsheet(text.encode())] == ["a", "b", "c"]


def test_a_formula_that_starts_a_program_or_asks_another_file_is_a_formula() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("Data")
        sheet.write_row(0, 0, ["site", "amount"])
        for row, formula in enumerate(("=cmd|' /C calc'!A0", "='[other.xlsx]S'!A1", '=WEBSERVICE("http://x")'), 1):
            sheet.write_string(row, 0, "unon")
            sheet.write_formula(row, 1, formula, value=5)

    rows = read_spreadsheet(a_workbook(fill))

    assert all(str(dict(row.cells)["amount"]).startswith("=") for row in rows)
    assert len(rows) == 3
