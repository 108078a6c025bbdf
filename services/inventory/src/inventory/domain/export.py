"""What files of records, totals and figures are made of: their columns, and what a spreadsheet must not run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.errors import ExportTooLarge

__all__ = [
    "FIGURES",
    "FIGURES_MAX",
    "RECORDS",
    "ROWS_MAX",
    "TOTALS",
    "Column",
    "Extent",
    "Form",
    "Kind",
    "names_of",
    "neutralised",
    "require_fits",
]

FIGURES_MAX = 100_000
"""Figures in one file; an answer by GraphQL has fewer."""


class Form(StrEnum):
    """Kinds of files."""

    CSV = "csv"
    """RFC 4180 in UTF-8 with a byte order mark; figures to their last digit."""
    XLSX = "xlsx"
    """For people; spreadsheets keep 15 digits of a figure."""
    PARQUET = "parquet"
    """For analysis; figures as decimals with 18 places."""


ROWS_MAX = {Form.CSV: 500_000, Form.XLSX: 100_000, Form.PARQUET: 500_000}


class Extent(StrEnum):
    """Whether all is in the file."""

    WHOLE = "whole"
    PART = "part: without what only readers of sensitive data, or of the whole location, may see"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    FIGURE = "figure"
    """A decimal."""
    WHOLE_NUMBER = "whole number"
    DAY = "day"
    INSTANT = "instant"
    """In UTC."""
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, by its name in the file's first row."""

    name: str
    kind: Kind = Kind.TEXT


def _columns(named: str) -> tuple[Column, ...]:
    """`name` or `name: kind` in each line."""
    found = []
    for line in filter(str.strip, named.splitlines()):
        name, _, kind = line.strip().partition(": ")
        found.append(Column(name=name, kind=Kind(kind) if kind else Kind.TEXT))
    return tuple(found)


_VERSION = """
    inventory_id
    inventory_location
    year: whole number
    version: whole number
    state
    content_date: instant
    extent
    method_edition
"""
"""Of which version each row is. The content date is when that version became final; until then, now."""

RECORDS = _columns(
    _VERSION
    + """
    record_id: whole number
    location
    category
    stream
    scope: whole number
    optional: yes or no
    item
    details
    period_start: day
    period_last_day: day
    amount: figure
    amount_unit
    uncertainty: figure
    quality
    note
    co2e: figure
    co2e_unit
    co2: figure
    ch4: figure
    n2o: figure
    other_gases
    gas_unit
    biogenic_co2: figure
    biogenic_co2_unit
    factor_id
    factor_release
    gwp_set
    explanation
    import_id
    import_file
    import_sha256
    sheet
    row: whole number
    """
)
"""`details` and `other_gases` are JSON. A record whose use is recorded and no emission counted has no CO2e.

`uncertainty` is that of the amount in percent, half of its 95 % interval, as the column of that name of an import.
"""

TOTALS = _columns(
    _VERSION
    + """
    location
    scope: whole number
    category
    stream
    optional: yes or no
    co2e: figure
    co2e_market_based: figure
    co2e_unit
    biogenic_co2: figure
    biogenic_co2_unit
    records: whole number
    gwp_set
    """
)
"""Scope 2 is location-based in `co2e`; market-based figures are kept of final versions."""

FIGURES = _columns(
    """
    under
    tree
    calendar
    as_of: instant
    location
    year: whole number
    month: day
    scope: whole number
    category
    stream
    gas
    optional: yes or no
    total: figure
    total_unit
    co2e_market_based: figure
    co2e_market_based_unit
    biogenic_co2: figure
    biogenic_co2_unit
    apportioned_co2e: figure
    apportioned_co2e_unit
    records: whole number
    inventories: whole number
    inventories_withheld: whole number
    period_start: day
    period_end: day
    """
)
"""As `figures` of GraphQL. Without an `as_of`, by the versions that are final now."""


def require_fits(rows: int, *, form: Form) -> None:
    """Refuses: ExportTooLarge."""
    most = ROWS_MAX[form]
    if rows > most:
        raise ExportTooLarge(
            subject=form,
            found=f"more than {most} rows",
            expected=f"at most {most} rows: fewer categories, or another kind of file",
            message=f"A file of kind {form} has {most} rows at most; ask for one category at a time"
            + (", or take CSV or Parquet." if form == Form.XLSX else "."),
        )


_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width forms, on purpose


def neutralised(text: str) -> str:
    """Text that a spreadsheet shows and never runs: where it would begin a formula, an apostrophe comes first.

    OWASP, CSV Injection; ASVS 5.0, 1.2.10. A blank before the sign is skipped by some spreadsheets, so it is here.
    """
    return f"'{text}" if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text


def names_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """First row of a file."""
    return tuple(column.name for column in columns)
