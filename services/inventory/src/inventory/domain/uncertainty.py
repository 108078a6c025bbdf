"""How well amounts and factors are known: what is stated of them, and the interval of a line that follows.

A percent is half the width of the 95 % interval, of the figure (IPCC 2006 Guidelines, volume 1, chapter 3). The UN-wide
method has no default for it: what nobody states is missing, and sums say which part of them is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.disclosure import is_partial_sum_sensitive
from inventory.domain.errors import (
    FactorUncertaintyPublished,
    FactorUnused,
    ReasonsMissing,
    SimulationOutOfRange,
    UncertaintyOutOfRange,
    UncertaintySubjectUnclear,
)
from quantities.person import Person

__all__ = [
    "APPROACH_1",
    "PERCENT_MAX",
    "FactorUse",
    "Gap",
    "Interval",
    "LineUncertainty",
    "Part",
    "PartUncertainty",
    "Percent",
    "PercentSource",
    "StatedPercents",
    "UncertaintyStatement",
    "is_uncertainty",
    "parts_open_to_all",
    "require_simulation",
    "uncertainty_to_state",
]

APPROACH_1 = "IPCC_2006_APPROACH_1"
"""Error propagation, with lines of one factor wrong together."""

PERCENT_MAX = Decimal(1000)
"""Beyond a factor of ten, a figure is not known at all."""

DRAWS_MIN, DRAWS_MAX = 1_000, 20_000
"""Of a simulation: fewer tell little of the ends of an interval, more keep others waiting."""

_SEED_MAX = 2**31 - 1
_DIGITS = 28
_Subject = tuple[Category | None, DataQuality | None]


class PercentSource(StrEnum):
    """Where a percent is from."""

    RECORD = "record"
    """The line states it itself."""
    STATEMENT = "statement"
    """Somebody stated it for a set of lines, or for a factor."""
    PUBLISHER = "publisher"
    """The factor's publisher gives it."""


class Gap(StrEnum):
    """Why there is no interval."""

    NOT_STATED = "not_stated"
    """No line has both percents."""
    NO_EMISSIONS = "no_emissions"
    """The lines that have them emit nothing."""
    RECORDS_NOT_SHOWN = "records_not_shown"
    """Some of its records are not for the caller: what the others give would look like the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyStatement:
    """One percent for a set of lines, or for a factor, of one inventory and of the versions that correct it."""

    id: str
    inventory_id: str
    location_id: str
    category: Category | None
    quality: DataQuality | None
    factor_id: str | None
    """None for a set of lines; then one of the two above is given."""
    percent: Decimal
    reason: str
    by: Person
    at: datetime


def require_simulation(*, draws: int, seed: int) -> None:
    """Refuses: SimulationOutOfRange."""
    if not (DRAWS_MIN <= draws <= DRAWS_MAX and 0 <= seed <= _SEED_MAX):
        raise SimulationOutOfRange(
            subject="simulation",
            found=f"{draws} draws with the seed {seed}",
            expected=f"{DRAWS_MIN} to {DRAWS_MAX} draws with a seed from 0 to {_SEED_MAX}",
            message=f"A simulation takes {DRAWS_MIN} to {DRAWS_MAX} draws and a seed from 0 on.",
        )


def is_uncertainty(percent: Decimal) -> bool:
    """Whether it can be half the width of a 95 % interval, in percent; of a file, a statement or a factor alike."""
    return percent.is_finite() and 0 <= percent <= PERCENT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorUse:
    """A factor that lines of the inventory use."""

    factor_id: str
    published_percent: Decimal | None


def uncertainty_to_state(
    *,
    statement_id: str,
    inventory_id: str,
    location_id: str,
    category: str | None,
    quality: str | None,
    factor_id: str | None,
    percent: Decimal,
    reason: str,
    used: Iterable[FactorUse],
    by: Person,
    at: datetime,
) -> UncertaintyStatement:
    """The statement, if it may be made; `used` are all factors of the inventory's lines.

    Refuses, in this order: UncertaintySubjectUnclear, FactorUnused, FactorUncertaintyPublished, UncertaintyOutOfRange,
    ReasonsMissing.
    """
    of_lines = category is not None or quality is not None
    known = (category is None or category in set(Category)) and (quality is None or quality in set(DataQuality))
    if of_lines == (factor_id is not None) or not known:
        raise UncertaintySubjectUnclear(
            subject="uncertainty",
            found=", ".join(str(word) for word in (category, quality, factor_id) if word is not None) or "nothing",
            expected="a category, a quality, or both; or else the id of a factor",
            message="An uncertainty is stated for lines of a category, of a quality, or of both; or for one factor.",
        )
    if factor_id is not None:
        _require_open_factor(factor_id, used=used)
    if not is_uncertainty(percent):
        raise UncertaintyOutOfRange(
            subject="uncertainty",
            found=f"{percent} percent",
            expected=f"0 to {PERCENT_MAX} percent: half the width of the 95 % interval",
            message=f"{percent} percent is no uncertainty; state half the width of the 95 % interval, in percent.",
        )
    if not reason.strip():
        raise ReasonsMissing(
            subject="uncertainty",
            found="no reason",
            expected="the meter's class, a study, or the judgement behind it",
            message="An uncertainty is stated only with its reason.",
        )
    return UncertaintyStatement(
        id=statement_id,
        inventory_id=inventory_id,
        location_id=location_id,
        category=None if category is None else Category(category),
        quality=None if quality is None else DataQuality(quality),
        factor_id=factor_id,
        percent=percent,
        reason=reason.strip(),
        by=by,
        at=at,
    )


def _require_open_factor(factor_id: str, *, used: Iterable[FactorUse]) -> None:
    found = {item.published_percent for item in used if item.factor_id == factor_id}
    if not found:
        raise FactorUnused(
            subject=factor_id,
            found="no line that uses it",
            expected="a factor of a line of this inventory",
            message=f"No line of this inventory uses the factor {factor_id}.",
        )
    published = found - {None}
    if published:
        raise FactorUncertaintyPublished(
            subject=factor_id,
            found=f"{', '.join(str(percent) for percent in published)} percent, as published",
            expected="a factor whose publisher gives no uncertainty",
            message=f"The publisher of {factor_id} gives its uncertainty; that one is used.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """Half the width of a 95 % interval, and who says so."""

    percent: Decimal
    source: PercentSource
    statement: UncertaintyStatement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPercents:
    """What is stated for an inventory: of each set of lines and each factor, the newest statement."""

    of_lines: Mapping[_Subject, UncertaintyStatement]
    of_factors: Mapping[str, UncertaintyStatement]

    @staticmethod
    def of(statements: Iterable[UncertaintyStatement]) -> "StatedPercents":
        """Statements of a version and of those that it corrects, in any order; ids are ordered by time."""
        of_lines: dict[_Subject, UncertaintyStatement] = {}
        of_factors: dict[str, UncertaintyStatement] = {}
        for item in sorted(statements, key=lambda item: item.id):
            if item.factor_id is not None:
                of_factors[item.factor_id] = item
            else:
                of_lines[item.category, item.quality] = item
        return StatedPercents(of_lines=MappingProxyType(of_lines), of_factors=MappingProxyType(of_factors))

    def of_activity(self, *, category: Category, quality: DataQuality, own: Decimal | None) -> Percent | None:
        """Of an amount: its own; else what is stated for its category and quality, its category, its quality."""
        if own is not None:
            return Percent(percent=own, source=PercentSource.RECORD)
        for subject in ((category, quality), (category, None), (None, quality)):
            if (found := self.of_lines.get(subject)) is not None:
                return Percent(percent=found.percent, source=PercentSource.STATEMENT, statement=found)
        return None

    def of_factor(self, factor_id: str, *, published: Decimal | None) -> Percent | None:
        """Of a factor: as published; else as stated."""
        if published is not None:
            return Percent(percent=published, source=PercentSource.PUBLISHER)
        found = self.of_factors.get(factor_id)
        return (
            None if found is None else Percent(percent=found.percent, source=PercentSource.STATEMENT, statement=found)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUncertainty:
    """Of one line's emissions."""

    activity: Percent | None
    factor: Percent | None

    @property
    def percent(self) -> Decimal | None:
        """Of amount times factor (IPCC 2006, volume 1, chapter 3, equation 3.1); None where one is not known."""
        if self.activity is None or self.factor is None:
            return None
        with localcontext(prec=_DIGITS):
            return (self.activity.percent**2 + self.factor.percent**2).sqrt()

    def bounds(self, co2e_kg: Decimal) -> tuple[Decimal, Decimal] | None:
        """Lower and upper end of the 95 % interval, in kg."""
        if (percent := self.percent) is None:
            return None
        with localcontext(prec=_DIGITS):
            half = abs(co2e_kg) * percent / 100
            return co2e_kg - half, co2e_kg + half


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval around a total, of the lines whose uncertainty is known."""

    co2e_kg: Decimal
    """Total of these lines."""
    low_kg: Decimal
    high_kg: Decimal
    percent: Decimal
    """Half its width, of the total."""
    covered_percent: Decimal
    """Share of these lines in the total of all lines."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Part:
    """What of an inventory an interval is of: the total, a scope, or a category."""

    scope: int | None = None
    """None for the total, which is of the minimum boundary."""
    category: Category | None = None
    is_optional: bool = False

    def holds(self, other: "Part") -> bool:
        """Whether emissions of the category `other` are in this part."""
        if self.category is not None:
            return self == other
        return not other.is_optional and self.scope in (None, other.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUncertainty:
    """The interval of a part, or why there is none."""

    part: Part
    covered_percent: Decimal | None
    """Share of the lines whose percents are stated; None where that is not for the caller."""
    interval: Interval | None
    gap: Gap | None
    """None where there is an interval."""


def parts_open_to_all(found: Iterable[PartUncertainty], *, sites: Mapping[Part, tuple[int, int]]) -> frozenset[Part]:
    """Those that everyone who sees the inventory may see.

    `sites` are those of each category with lines that are known, and with lines that are not. A known part of the
    emissions of a stored fuel is a sum finer than the official ones, and so is what is left: ADR 0018.
    """
    closed = [
        part
        for part, (known, unknown) in sites.items()
        if part.category is not None and is_partial_sum_sensitive(part.category, sites=known, other_sites=unknown)
    ]
    return frozenset(item.part for item in found if not any(item.part.holds(part) for part in closed))
