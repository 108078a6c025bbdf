"""Tables as files, written group by group: CSV, XLSX and Parquet of the same columns and rows."""

import asyncio
import csv
import io
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from inventory.domain.errors import ExportsBusy, ExportTooLarge
from inventory.domain.export import Column, Form, Kind, names_of, neutralised

__all__ = ["MEDIA_TYPES", "TEXT_MAX", "Workbench", "Writer", "writer_of"]

MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PARQUET: "application/vnd.apache.parquet",
}
Row = Sequence[Any]

_PLACES = 18
_FIGURE_MAX = Decimal(10) ** (38 - _PLACES)
TEXT_MAX = 32_767
"""Characters of a cell in XLSX, as Excel counts: one beyond the first 65,536 of Unicode is two."""
_CUT = " [cut: {length} characters in all; the CSV file has the whole]"
_WHOLE_MAX = 10**15
"""From here on a spreadsheet would change the last digits of a whole number."""


class Workbench:
    """Where files are made: one at a time in a process, as each takes a processor and a connection for a while."""

    def __init__(self, *, wait_s: float = 20.0, open_max: int = 16) -> None:
        self._making = asyncio.Semaphore(1)
        self._wait_s = wait_s
        self._open_max = open_max
        self._open = 0

    @asynccontextmanager
    async def file(self) -> AsyncIterator[IO[bytes]]:
        """A nameless file, for whoever sends it to close.

        Refuses: ExportsBusy when as many are waiting or on their way as may be, so that slow readers can't fill the
        disk, and when those before it take too long.
        """
        if self._open >= self._open_max:
            raise _busy()
        self._open += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._making.acquire()
        except BaseException as error:
            self._open -= 1
            if isinstance(error, TimeoutError):
                raise _busy() from None
            raise
        try:
            file = TemporaryFile()  # noqa: SIM115 - see above
            weakref.finalize(file, self._gone)
            try:
                yield file
            except BaseException:
                file.close()
                raise
        finally:
            self._making.release()

    def _gone(self) -> None:
        self._open -= 1


def _busy() -> ExportsBusy:
    return ExportsBusy(
        subject="exports",
        found="other files are being made",
        expected="a quieter moment",
        message="Other files are being made; ask again in a minute.",
    )


class Writer(Protocol):
    """Writes one file."""

    def write(self, rows: Sequence[Row]) -> None:
        """The next rows."""

    def close(self) -> None:
        """No more rows; the file is whole."""


def writer_of(
    form: Form, file: IO[bytes], *, columns: Sequence[Column], about: Sequence[tuple[str, str]], at: datetime
) -> Writer:
    """A writer of that kind of file. `about` is what an XLSX file says of itself; it is `at` that instant."""
    match form:
        case Form.CSV:
            return _Csv(file, columns)
        case Form.XLSX:
            return _Xlsx(file, columns, about=about, at=at)
        case Form.PARQUET:
            return _Parquet(file, columns, about=about)


class _Csv:
    """RFC 4180 with a byte order mark, by which spreadsheets know UTF-8."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self._rows = csv.writer(self._text)
        self._is_text = [column.kind == Kind.TEXT for column in columns]
        self._rows.writerow(names_of(columns))

    def write(self, rows: Sequence[Row]) -> None:
        self._rows.writerows(
            [
                neutralised(value) if is_text and value is not None else _plain(value)
                for value, is_text in zip(row, self._is_text, strict=True)
            ]
            for row in rows
        )

    def close(self) -> None:
        # The file below stays open: it is still to be sent.
        self._text.flush()
        self._text.detach()


def _plain(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case _:
            return str(value)


class _Xlsx:
    """A sheet about the file, and one of rows. Each cell has its type, so text is text whatever it looks like."""

    def __init__(
        self, file: IO[bytes], columns: Sequence[Column], *, about: Sequence[tuple[str, str]], at: datetime
    ) -> None:
        import xlsxwriter  # noqa: PLC0415 - for who asks for such a file alone

        self._book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        )
        self._book.set_properties({"created": at.astimezone(UTC).replace(tzinfo=None)})
        head = self._book.add_format({"bold": True})
        # A cell so marked stays text also when somebody edits it, or saves the sheet as CSV and opens that.
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._cut = 0
        self._head = head
        self._about = self._book.add_worksheet("About")
        self._told = len(about)
        for number, (name, value) in enumerate(about):
            self._about.write_string(number, 0, name, head)
            self._text(self._about, number, 1, value)
        self._sheet = self._book.add_worksheet("Rows")
        self._sheet.freeze_panes(1, 0)
        for number, name in enumerate(names_of(columns)):
            self._sheet.write_string(0, number, name, head)
        self._kinds = [column.kind for column in columns]
        self._next = 1

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for place, (value, kind) in enumerate(zip(row, self._kinds, strict=True)):
                if value is not None:
                    self._cell(self._next, place, value, kind)
            self._next += 1

    def _cell(self, row: int, place: int, value: Any, kind: Kind) -> None:
        match kind:
            case Kind.FIGURE:
                self._sheet.write_number(row, place, float(value))
            case Kind.WHOLE_NUMBER if abs(value) < _WHOLE_MAX:
                self._sheet.write_number(row, place, value)
            case Kind.YES_NO:
                self._sheet.write_boolean(row, place, value)
            case Kind.DAY:
                self._sheet.write_datetime(row, place, value, self._day)
            case Kind.INSTANT:
                self._sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), self._instant)
            case _:
                self._text(self._sheet, row, place, str(value))

    def _text(self, sheet: Any, row: int, place: int, text: str) -> None:
        fitting = _fitting(text)
        self._cut += fitting != text
        sheet.write_string(row, place, fitting, self._quoted if neutralised(text) != text else None)

    def close(self) -> None:
        if self._cut:
            self._about.write_string(self._told, 0, "Texts cut", self._head)
            self._about.write_string(
                self._told, 1, f"{self._cut}, each marked at its end: a cell has {TEXT_MAX} characters at most"
            )
        self._book.close()


def _fitting(text: str) -> str:
    """The text, or as much of it as a cell has, and at its end that it was cut and where the whole is."""
    counted = text.encode("utf-16-le", "surrogatepass")
    if len(counted) <= 2 * TEXT_MAX:
        return text
    mark = _CUT.format(length=len(text))
    # A character of two halves is not left with one.
    return counted[: 2 * (TEXT_MAX - len(mark))].decode("utf-16-le", "ignore") + mark


class _Parquet:
    """A row group for each group of rows. Figures are decimals with 18 places, rounded half to even."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column], *, about: Sequence[tuple[str, str]]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - 50 MB, for who asks for such a file alone
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        types = {
            Kind.TEXT: pa.string(),
            Kind.FIGURE: pa.decimal128(38, _PLACES),
            Kind.WHOLE_NUMBER: pa.int64(),
            Kind.DAY: pa.date32(),
            Kind.INSTANT: pa.timestamp("us", tz="UTC"),
            Kind.YES_NO: pa.bool_(),
        }
        self._arrow = pa
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema(
            [(column.name, types[column.kind]) for column in columns],
            metadata={name: value for name, value in about if name},
        )
        self._rows = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        if rows:
            columns = [
                self._arrow.array([_arrow(value, kind) for value in values], type=field.type)
                for values, kind, field in zip(zip(*rows, strict=True), self._kinds, self._schema, strict=True)
            ]
            self._rows.write_batch(self._arrow.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        self._rows.close()


def _arrow(value: Any, kind: Kind) -> Any:
    if kind != Kind.FIGURE or value is None:
        return value
    if abs(value) >= _FIGURE_MAX:
        raise ExportTooLarge(
            subject="figure",
            found="a figure with more than 20 digits before the point",
            expected="figures that a decimal column can hold",
            message="A figure has more than 20 digits before the point; take CSV, which has all of them.",
        )
    with localcontext(prec=60):
        return value.quantize(Decimal(1).scaleb(-_PLACES), rounding=ROUND_HALF_EVEN)
