"""Files of activity data into raw rows: CSV and XLSX, within bounds, whoever made them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook

from inventory.domain.errors import BadWorkbook, FileExpandsTooMuch, FileTooLarge, SheetTooLarge
from inventory.domain.rows import Cell, RawRow, is_blank

__all__ = [
    "DEFAULT_LIMITS",
    "JOB_LIMITS",
    "Limits",
    "Sheet",
    "open_sheets",
    "read_spreadsheet",
    "require_size",
    "too_large",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a file may hold."""

    file_bytes: int
    expanded_bytes: int
    """Of all parts of a compressed file together, unpacked."""
    parts: int
    """Files inside a compressed file."""
    rows: int
    """Of one sheet, down to its last filled one."""
    columns: int


DEFAULT_LIMITS = Limits(file_bytes=10_000_000, expanded_bytes=50_000_000, parts=1_000, rows=50_000, columns=100)
"""For what is answered at once."""
JOB_LIMITS = Limits(file_bytes=64_000_000, expanded_bytes=200_000_000, parts=1_000, rows=1_000_000, columns=100)
"""For what is taken in by and by. An XLSX of so many rows unpacks to more than that; it is to go as CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of a file; its rows can be read once, and before those of the next sheet."""

    name: str
    header_row: int
    """As the spreadsheet counts."""
    headers: tuple[str, ...]
    """Of the first row that is not blank, without the space around them."""
    rows: Iterator[tuple[int, list[Cell]]]
    """Each row below the header with its number as the spreadsheet counts; blank is None."""

    def raw(self, number: int, cells: Sequence[Cell]) -> RawRow:
        """One of its rows with its headers; cells beyond them stand below the header ''."""
        width = max(len(self.headers), len(cells))
        headers = (*self.headers, *[""] * (width - len(self.headers)))
        return RawRow(
            sheet=self.name,
            row=number,
            cells=tuple(zip(headers, [*cells, *[None] * (width - len(cells))], strict=True)),
        )


_ZIP_MARK = b"PK\x03\x04"
_OLE_MARK = b"\xd0\xcf\x11\xe0"
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_REFERENCE = re.compile(rb"""\br\s{0,9}=\s{0,9}["']([A-Za-z]{0,9})(\d{1,20})["']""")
# No part of it runs past the next tag: whatever a file holds, it is read once.
_TAG = re.compile(rb"<(/?)((?:\w+:)?)([cf])\b([^<>]*)>")
_XML = re.compile(r".+\.(xml|rels|vml)", re.IGNORECASE)
_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MACROS = re.compile(r"vbaProject\.bin", re.IGNORECASE)
_LINK = 0o120000
"""Mode of a symbolic link."""
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"


def require_size(content: bytes, *, most: int) -> None:
    """Refuses: FileTooLarge."""
    if len(content) > most:
        raise too_large(f"{len(content)} bytes", most=most)


def too_large(found: str, *, most: int) -> FileTooLarge:
    return FileTooLarge(
        subject="file",
        found=found,
        expected=f"at most {most} bytes",
        message=f"The file has {found}; at most {most} bytes can be read at once.",
    )


def open_sheets(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Sheet]:
    """The sheets of a file that are not blank, one after the other, read as far as they are asked for.

    Refuses, in this order: FileTooLarge, BadWorkbook, FileExpandsTooMuch, SheetTooLarge; the last, and CSV that breaks
    off, when it comes to the row.
    """
    require_size(content, most=limits.file_bytes)
    if content.startswith(_ZIP_MARK):
        return _xlsx_sheets(content, limits=limits)
    return _csv_sheets(content, limits=limits)


def read_spreadsheet(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[RawRow, ...]:
    """Every row below the header of every sheet. Refuses: as `open_sheets`."""
    return tuple(
        sheet.raw(number, cells) for sheet in open_sheets(content, limits=limits) for number, cells in sheet.rows
    )


def _bad_workbook(found: str) -> BadWorkbook:
    return BadWorkbook(
        subject="file",
        found=found,
        expected="an XLSX workbook without a password, or CSV in UTF-8",
        message=f"The file can't be read: {found}. Save it as XLSX without a password, or as CSV UTF-8.",
    )


def _too_large(sheet: str, found: str, expected: str) -> SheetTooLarge:
    return SheetTooLarge(
        subject=f"sheet '{sheet}'",
        found=found,
        expected=expected,
        message=f"The sheet '{sheet}' has {found}; expected {expected}. Split it, or delete what is empty at its end.",
    )


def _csv_sheets(content: bytes, *, limits: Limits) -> Iterator[Sheet]:
    if content.startswith(_OLE_MARK):
        raise _bad_workbook("it is an old XLS file or has a password")
    try:
        if content.startswith(_UTF_16_MARKS):
            content = content.decode("utf-16").encode()
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        first_line = next((line for line in text if line.strip()), "")
        text.seek(0)
    except UnicodeError as error:
        raise _bad_workbook("it is neither XLSX nor text in UTF-8") from error
    if b"\0" in content:
        raise _bad_workbook("it is neither XLSX nor text in UTF-8")
    yield from _sheet("csv", _csv_records(text, delimiter=max(_DELIMITERS, key=first_line.count)), limits=limits)


def _csv_records(text: Iterable[str], *, delimiter: str) -> Iterator[list[Cell]]:
    number = 0
    try:
        for number, record in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):  # noqa: B007
            yield [cell or None for cell in record]
    except UnicodeError as error:
        raise _bad_workbook("it is neither XLSX nor text in UTF-8") from error
    except csv.Error as error:
        raise _bad_workbook(f"as CSV it breaks off in row {number + 1}") from error


def _xlsx_sheets(content: bytes, *, limits: Limits) -> Iterator[Sheet]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(_repacked(content, limits=limits)))
        for name in workbook.sheet_names:
            found = workbook.get_sheet_by_name(name)
            left: list[Cell] = [] if found.start is None else [None] * found.start[1]
            records = (left + [_cell(value) for value in record] for record in found.iter_rows())
            yield from _sheet(name, records, limits=limits)
    except CalamineError as error:
        raise _bad_workbook("it is no XLSX workbook, or a damaged one") from error


def _repacked(content: bytes, *, limits: Limits) -> bytes:
    """The same workbook, uncompressed and checked.

    The reader trusts what a file says of itself: how large a part becomes once unpacked, and which cell is the last of
    a sheet, for which it reserves the memory of all cells before. So each part is unpacked here, never beyond the
    bound, and no cell outside the bounds reaches the reader.
    """
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(packed, "w") as target:
            parts = source.infolist()
            expanded = sum(part.file_size for part in parts)
            if expanded > limits.expanded_bytes or len(parts) > limits.parts:
                raise FileExpandsTooMuch(
                    subject="file",
                    found=f"{expanded} bytes in {len(parts)} parts once unpacked",
                    expected=f"at most {limits.expanded_bytes} bytes in {limits.parts} parts",
                    message=f"The file unpacks to {expanded} bytes; at most {limits.expanded_bytes} can be read.",
                )
            for part in parts:
                _check_part(part)
                data = source.read(part)
                if _XML.fullmatch(part.filename):
                    _check_xml(data)
                if _WORKSHEET.fullmatch(part.filename):
                    _check_cells(part.filename, data, limits=limits)
                    data = _formulas_as_texts(data)
                target.writestr(part.filename, data)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise _bad_workbook("it is no XLSX workbook, or a damaged one") from error
    return packed.getvalue()


def _check_part(part: zipfile.ZipInfo) -> None:
    """Nothing is ever unpacked to a disk; a file that has such parts all the same is up to something."""
    names = part.filename.replace("\\", "/").split("/")
    if ".." in names or part.filename.startswith(("/", "\\")) or (part.external_attr >> 16) & 0o170000 == _LINK:
        raise _bad_workbook("it has parts that lead out of it")
    if _MACROS.fullmatch(names[-1]):
        raise _bad_workbook("it has macros")


def _check_xml(data: bytes) -> None:
    if data.startswith(_UTF_16_MARKS) or b"\0" in data[:4]:
        raise _bad_workbook("its parts are not in UTF-8")
    if _DTD.search(data):
        raise _bad_workbook("it defines entities of its own, which no spreadsheet does")


def _check_cells(name: str, data: bytes, *, limits: Limits) -> None:
    for found in _REFERENCE.finditer(data):
        letters, digits = found[1], found[2]
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - ord("A") + 1
        if int(digits) > limits.rows:
            raise _too_large(name, f"a cell in row {digits.decode()}", f"at most {limits.rows} rows")
        if column > limits.columns:
            raise _too_large(name, f"a cell in column {letters.decode()}", f"at most {limits.columns} columns")


def _formulas_as_texts(data: bytes) -> bytes:
    """Each formula in the place of its result.

    What a program last worked out, or 0 if none did, is no measurement.
    """
    if b"f>" not in data and b"<f" not in data and b":f" not in data:
        return data
    kept: list[bytes] = []
    upto = 0
    cell: re.Match[bytes] | None = None
    begun: re.Match[bytes] | None = None
    formula: bytes | None = None
    for tag in _TAG.finditer(data):
        closes, is_cell, is_empty = bool(tag[1]), tag[3] == b"c", tag[4].endswith(b"/")
        if is_cell and not closes:
            cell, begun, formula = (None if is_empty else tag), None, None
        elif cell is None:
            continue
        elif not is_cell and not closes:
            begun, formula = (None, b"") if is_empty else (tag, None)
        elif not is_cell and begun is not None:
            formula, begun = data[begun.end() : tag.start()], None
        elif is_cell:
            if formula is not None:
                kept += (data[upto : cell.start()], _as_text(cell, formula))
                upto = tag.end()
            cell, formula = None, None
    kept.append(data[upto:])
    return b"".join(kept)


def _as_text(cell: re.Match[bytes], formula: bytes) -> bytes:
    prefix, shown = cell[2], formula or b"a formula shared with another cell"
    reference = _REFERENCE.search(cell[4])
    where = b"" if reference is None else b' r="%s%s"' % (reference[1], reference[2])
    return b'<%sc%s t="inlineStr"><%sis><%st>=%s</%st></%sis></%sc>' % (
        prefix, where, prefix, prefix, shown, prefix, prefix, prefix,
    )  # fmt: skip


def _sheet(name: str, records: Iterable[list[Cell]], *, limits: Limits) -> Iterator[Sheet]:
    """The sheet; none where all of it is blank."""
    rows = _within(name, records, limits=limits)
    for number, record in rows:
        if not is_blank(record):
            headers = tuple("" if cell is None else str(cell).strip() for cell in record)
            yield Sheet(name=name, header_row=number, headers=headers, rows=rows)
            return


def _within(name: str, records: Iterable[list[Cell]], *, limits: Limits) -> Iterator[tuple[int, list[Cell]]]:
    for number, record in enumerate(records, start=1):
        if number > limits.rows:
            raise _too_large(name, f"more than {limits.rows} rows", f"at most {limits.rows}")
        if len(record) > limits.columns and not is_blank(record[limits.columns :]):
            raise _too_large(name, f"more than {limits.columns} columns", f"at most {limits.columns}")
        yield number, record


def _cell(value: object) -> Cell:
    match value:
        case bool() | datetime() | date():
            return value
        case int():
            return Decimal(value)
        case float():
            # Spreadsheets keep 15 significant digits: the digits after them are the binary form's, not the person's.
            return Decimal(f"{value:.15g}")
        case str():
            return value or None
        case _:
            return str(value)
