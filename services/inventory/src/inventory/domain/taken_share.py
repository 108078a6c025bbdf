"""Shares of shared premises that are lines of an inventory: taken once, and out of date when what they rest on is."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from inventory.domain.activity_data import Category, Period
from inventory.domain.checked_file import Checked, Line
from inventory.domain.errors import ShareAlreadyBilled
from inventory.domain.overlap import METERED
from inventory.domain.premises import MeterReading, Premises
from inventory.domain.premises_share import Share, ShareKind
from inventory.domain.rows import Column, Problem, ProblemCode
from quantities import Unit
from quantities.person import Person

__all__ = [
    "OTHER_METER",
    "BilledLine",
    "TakenShare",
    "as_file",
    "changes",
    "counted_twice",
    "meter_named",
    "require_not_billed",
    "successors",
    "why_replaced",
]

OTHER_METER = "other meter:"
"""How the note of a line begins that is of another meter than a shared one, where its form names no meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenShare:
    """One line of an inventory, and the share that it is."""

    inventory_id: str
    of_location_id: str
    """Whose inventory it is."""
    year: int
    record_id: int
    premises_id: str
    reading_id: str
    meter: str
    location_id: str
    """The line's site: the tenant, or the operator."""
    kind: ShareKind
    category: Category
    item: str
    period: Period
    metered_amount: Decimal
    """What of the reading is of the inventory's year."""
    numerator: Decimal
    """Area by occupancy by days, in m2·day."""
    denominator: Decimal
    amount: Decimal
    unit: Unit
    """Of both amounts."""
    taken_by: Person
    taken_at: datetime

    def is_current(self, now: Share | None) -> bool:
        """Whether it is the share of its reading and site as that is now; None where there is none any more."""
        return now is not None and (
            (self.kind, self.period, self.metered_amount, self.numerator, self.denominator, self.amount)
            == (now.kind, now.period, now.part.amount, now.numerator, now.denominator, now.amount)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """A line of an inventory that is no share."""

    name: str
    """Where it came from: file, sheet and row."""
    location_id: str
    category: Category
    item: str
    period: Period
    meter: str
    """Empty where it does not say."""
    note: str | None


def changes(taken: Iterable[TakenShare], now: Sequence[Share]) -> tuple[tuple[Share, ...], tuple[TakenShare, ...]]:
    """Shares of one site to put into its inventory, and those that leave it: `taken` are in it, `now` is what holds."""
    by_reading = {share.part.reading.id: share for share in now}
    kept, leaving = set(), []
    for line in taken:
        if line.is_current(by_reading.get(line.reading_id)):
            kept.add(line.reading_id)
        else:
            leaving.append(line)
    return tuple(share for reading_id, share in by_reading.items() if reading_id not in kept), tuple(leaving)


def as_file(premises: Premises, shares: Iterable[Share]) -> bytes:
    """The shares as a file of activity data, so that they are read and quantified like every other line."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ("SITE", "CATEGORY", "ITEM", "START", "END", "AMOUNT", "UNIT", "METER", "QUALITY", "NOTE")
    writer.writerow(Column[name].value for name in columns)
    for share in shares:
        reading = share.part.reading
        writer.writerow(
            (
                share.location_id,
                reading.category.value,
                reading.item,
                share.period.start,
                # A row names the last day that belongs to it.
                share.period.end - timedelta(days=1),
                f"{share.amount:f}",
                reading.amount.unit.value,
                # What is bought rather than read has no meter in a file.
                meter_named(premises, reading) if reading.category in METERED else "",
                reading.quality.value,
                f"Share of {premises.name[:_NAME_SHOWN]}, meter {reading.meter[:_NAME_SHOWN]}, reading {reading.id}",
            )
        )
    return text.getvalue().encode()


_NAME_SHOWN = 100


def meter_named(premises: Premises, reading: MeterReading) -> str:
    """The meter as lines name it: other premises may have one of that number."""
    return f"{premises.location_id}/{premises.name[:_NAME_SHOWN]}/{reading.meter[:_NAME_SHOWN]}"


def successors(readings: Iterable[MeterReading]) -> Mapping[str, MeterReading]:
    """By the id of each reading that was superseded, the one that stands in its place in the end."""
    every = tuple(readings)
    by_superseded = {item.supersedes_id: item for item in every if item.supersedes_id is not None}
    found: dict[str, MeterReading] = {}
    for item in every:
        last = item
        while last.id in by_superseded:
            last = by_superseded[last.id]
        if last is not item:
            found[item.id] = last
    return found


def why_replaced(line: TakenShare, *, by: MeterReading | None) -> str:
    """The reason that is kept of a line which leaves; `by` is the reading in the place of its own, if there is one."""
    if by is not None:
        return f"share of the {by.name}, which supersedes {line.reading_id}: {by.reason}"
    return f"the share of reading {line.reading_id} is another one by the tenancies as they are now"


def require_not_billed(shares: Iterable[Share], lines: Iterable[BilledLine]) -> None:
    """Refuses: ShareAlreadyBilled, naming every line that is of the same use, site and days as a share."""
    kept = tuple(lines)
    for share in shares:
        reading = share.part.reading
        twice = [
            line
            for line in kept
            if (line.location_id, line.category, line.item) == (share.location_id, reading.category, reading.item)
            and line.period.overlaps(share.period)
            and not _is_of_other_meter(line.meter, line.note, shared=reading.meter)
        ]
        if twice:
            named = "; ".join(line.name for line in twice)
            raise ShareAlreadyBilled(
                subject=f"{share.location_id} {reading.category}",
                found=named,
                expected=f"no line of that use and time, or one that says of which other meter it is: in the column"
                f" meter, or in a note that begins '{OTHER_METER}'",
                message=f"The share of the {reading.name} would count {reading.category} of {share.location_id} twice,"
                f" beside: {named}.",
            )


def counted_twice(checked: Checked, taken: Sequence[TakenShare]) -> Mapping[int, Problem]:
    """By place, each line of a file that is of the same use, site and days as a share that the inventory has."""
    beside: dict[int, list[TakenShare]] = {}
    for number, kind in enumerate(checked.kinds):
        of = (kind.location_id, kind.category, kind.item)
        same = [share for share in taken if (share.location_id, share.category, share.item) == of]
        if same:
            beside[number] = same
    if not beside:
        return {}
    problems: dict[int, Problem] = {}
    for place, line in enumerate(checked.lines):
        for share in beside.get(line.kind, ()):
            is_then = line.start < share.period.end and share.period.start < line.end
            meter = dict(checked.kinds[line.kind].details).get(Column.METER, "")
            if is_then and not _is_of_other_meter(meter, line.note, shared=share.meter):
                problems[place] = _counted_by(share, line)
                break
    return problems


def _counted_by(share: TakenShare, line: Line) -> Problem:
    return Problem(
        sheet=line.sheet,
        row=line.row,
        column=Column.CATEGORY,
        value=share.category.value,
        code=ProblemCode.COUNTED_BY_SHARE,
        reason=f"the share of meter reading {share.reading_id} ({share.amount:f} {share.unit} of {share.period.start}"
        f" to {share.period.end}) is in the inventory already",
        hint="leave the row out; or, if it is of another meter, say which: in the column meter, or in a note that"
        f" begins with '{OTHER_METER}'",
    )


def _is_of_other_meter(meter: str, note: str | None, *, shared: str) -> bool:
    if (number := " ".join(meter.split()).casefold()) and number != shared.casefold():
        return True
    said = (note or "").strip()
    return said.casefold().startswith(OTHER_METER) and bool(said[len(OTHER_METER) :].strip())
