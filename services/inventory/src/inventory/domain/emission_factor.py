"""Emission factors, and which of them holds for an activity, a place and a date."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from types import MappingProxyType

from inventory.domain.activity_data import Category, Period
from inventory.domain.errors import BadWorkbook, CatalogueMalformed, FactorMissing
from quantities import GwpSet, Refusal, Unit, UnitsNotConvertible, convertible, parse_unit

__all__ = [
    "ANYWHERE",
    "Catalogue",
    "EmissionFactor",
    "FactorChoice",
    "LookUp",
    "Place",
    "Tried",
    "factor_of",
    "parse_catalogue",
    "parse_factors",
]

ANYWHERE = "default"
"""Place of a factor that holds wherever there is no nearer one."""

_EXACT_DIGITS = 28
_GASES = {"co2": "CO2", "ch4": "CH4", "n2o": "N2O"}
_MARKS = {
    "life_cycle": "; life-cycle, so more than generation alone",
    "proxy": "; published for another place",
    "regional": "; average of a region",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an activity happens, as far as the choice of its factor goes."""

    country: str | None
    """ISO 3166-1 alpha-3."""
    grid: str | None
    """Subregion of an electricity grid, such as `US-NYCW`; None, or the country, where there are no subregions."""
    region: str | None = None
    """That regional defaults are published for; None where the country is in none."""
    entities: tuple[str, ...] = ()
    """Locations with factors of their own that the place is at or under, nearest first."""

    @property
    def nearest_first(self) -> tuple[str, ...]:
        """Places to look for a factor in, in this order: subregion, country, region, anywhere."""
        chain = [place for place in (self.grid, self.country, self.region) if place]
        return tuple(dict.fromkeys([*chain, ANYWHERE]))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionFactor:
    """Emissions per unit of an activity, as one publisher gave them for one place and time."""

    id: str
    release: str
    """Set of factors that it was published in, such as `desnz-2024`."""
    category: Category
    key: str
    place: str
    valid_from: date
    valid_to: date
    """First day on which it no longer holds."""
    unit: Unit
    """Of the activity."""
    kg_by_gas: Mapping[str, Decimal]
    """Mass of each gas per unit; empty where the publisher gives CO2e alone."""
    co2e_kg: Decimal | None
    """CO2e per unit as published; None where the publisher gives gases alone."""
    gwp_set: str | None
    """GWP set behind the published CO2e; None where the publisher does not say."""
    biogenic_co2_kg: Decimal
    """CO2 of biological origin per unit, reported beside the total."""
    uncertainty_percent: Decimal | None = None
    """Half the width of its 95 % interval, in percent of it; None where the publisher gives none."""
    published_as: str
    """The publisher's own figure and unit."""
    publisher: str
    document: str
    table: str
    year: int | None
    """Of the publication; None where one that somebody brought along does not say."""
    licence: str
    status: str
    """`published`; `life_cycle`: covers more than generation; `proxy`: published for elsewhere; `regional`."""
    private_to: str | None = None
    """Location whose licence it is; it holds there and below, and nobody else sees it. None: for all."""

    @property
    def is_co2e_only(self) -> bool:
        """The publisher does not split it by gas."""
        return not self.kg_by_gas

    def holds_for(self, period: Period) -> bool:
        """Whether it is valid for every day of the period."""
        return self.valid_from <= period.start and period.end <= self.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorChoice:
    """A factor and why it is the one."""

    factor: EmissionFactor
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A place where a factor was looked for, and what came of it."""

    place: str
    factor: EmissionFactor | None
    """None where there is none that fits."""
    other_units: tuple[Unit, ...]
    """Of factors that are there, but in units that don't fit."""
    passed_over: tuple[EmissionFactor, ...]
    """That fit as well, and come after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """The way to a factor: every place that was tried, nearest first, up to the one that has it."""

    tried: tuple[Tried, ...]
    edition: str | None

    @property
    def factor(self) -> EmissionFactor | None:
        return self.tried[-1].factor

    @property
    def explanation(self) -> str:
        """Why the factor is the one. There is one."""
        last = self.tried[-1]
        factor = last.factor
        if factor is None:
            message = "nothing was chosen"
            raise LookupError(message)
        where = "anywhere" if factor.place == ANYWHERE else factor.place
        none_for = " or ".join(step.place for step in self.tried[:-1])
        own = "" if factor.private_to is None else f"{factor.private_to}'s own, "
        cited = ", ".join(str(part) for part in (factor.publisher, factor.document, factor.table, factor.year) if part)
        return (
            f"Factor for {where}{f', as there is none for {none_for}' if none_for else ''}: {own}{cited} "
            f"({factor.published_as}){_MARKS.get(factor.status, '')}."
            f"{self._of_edition(factor, last.passed_over)}"
        )

    def _of_edition(self, factor: EmissionFactor, passed_over: Sequence[EmissionFactor]) -> str:
        if self.edition is None:
            return ""
        beside = ", ".join(dict.fromkeys(other.release for other in passed_over if other.private_to is None))
        instead = f", before {beside}" if beside else ""
        if factor.private_to is not None:
            return f" Beside edition {self.edition}{instead}."
        return f" Edition {self.edition}, release {factor.release}{instead}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every emission factor that may be chosen: those of an edition, and those that an entity has of its own."""

    factors: tuple[EmissionFactor, ...]
    by_category_and_key: Mapping[tuple[Category, str], tuple[EmissionFactor, ...]]
    """Private ones first, then by the order of the releases."""
    edition: str | None = None
    """Named selection of releases that the factors are of; None for a loose set."""

    @staticmethod
    def of(
        factors: Iterable[EmissionFactor], *, edition: str | None = None, releases: Sequence[str] = ()
    ) -> "Catalogue":
        """A catalogue in which no two factors answer the same question, unless `releases` says which comes first.

        Refuses: CatalogueMalformed.
        """
        rank = {release: number for number, release in enumerate(releases)}
        every = tuple(sorted(factors, key=lambda factor: rank.get(factor.release, -1)))
        grouped: dict[tuple[Category, str], list[EmissionFactor]] = {}
        for factor in every:
            alike = grouped.setdefault((factor.category, factor.key), [])
            for other in alike:
                same_rank = factor.release == other.release or factor.release not in rank or other.release not in rank
                if same_rank and _answer_the_same(factor, other):
                    raise CatalogueMalformed(
                        subject=factor.id,
                        found=f"valid at the same place and time as {other.id}",
                        expected="one factor for one question",
                        message=f"{factor.id} and {other.id} are valid for the same activity, place and time.",
                    )
            alike.append(factor)
        kept = {question: tuple(alike) for question, alike in grouped.items()}
        return Catalogue(factors=every, by_category_and_key=MappingProxyType(kept), edition=edition)

    def with_private(self, factors: Sequence[EmissionFactor]) -> "Catalogue":
        """With factors of entities' own, which come before the public ones of the same place."""
        if not factors:
            return self
        grouped = dict(self.by_category_and_key)
        # In the order of loading: of two that answer the same, the newest holds.
        for factor in factors:
            question = (factor.category, factor.key)
            grouped[question] = (factor, *grouped.get(question, ()))
        return replace(self, factors=(*factors, *self.factors), by_category_and_key=MappingProxyType(grouped))

    def keys(self, category: Category) -> tuple[str, ...]:
        """Every item that a category has factors for."""
        return tuple(sorted(key for of, key in self.by_category_and_key if of == category))

    def turns(self, *, category: Category, key: str) -> tuple[date, ...]:
        """Days on which a factor of that activity begins to hold, or holds no longer, in order.

        Of two periods that have the same turns at or before their first day, and the same before their end, whatever
        holds for one holds for the other.
        """
        alike = self.by_category_and_key.get((category, key), ())
        return tuple(sorted({day for factor in alike for day in (factor.valid_from, factor.valid_to)}))

    def look_up(self, *, category: Category, key: str, unit: Unit, place: Place, period: Period) -> LookUp:
        """Look from the nearest place on for a factor that holds for all of the period, in a unit that fits.

        At one place, factors of the nearest entity's own come first, then those of its releases in their order.
        """
        in_time = [
            factor
            for factor in self.by_category_and_key.get((category, key), ())
            if factor.holds_for(period) and (factor.private_to is None or factor.private_to in place.entities)
        ]
        if place.entities:
            # Stable: what is equally near stays in the catalogue's order.
            in_time.sort(key=lambda factor: _nearness(factor, place))
        tried: list[Tried] = []
        for step in place.nearest_first:
            here = [factor for factor in in_time if factor.place == step]
            fitting = [factor for factor in here if convertible(unit, to=factor.unit)]
            tried.append(
                Tried(
                    place=step,
                    factor=fitting[0] if fitting else None,
                    other_units=() if fitting else tuple(dict.fromkeys(factor.unit for factor in here)),
                    passed_over=tuple(fitting[1:]),
                )
            )
            if fitting:
                break
        return LookUp(tried=tuple(tried), edition=self.edition)

    def choose(self, *, category: Category, key: str, unit: Unit, place: Place, period: Period) -> FactorChoice:
        """The factor for an activity: the nearest place that has one for all of the period, in a unit that fits.

        A factor of 0 is a figure like any other. Refuses, in this order: UnitsNotConvertible, when there are factors
        but none in such a unit; FactorMissing.
        """
        found = self.look_up(category=category, key=key, unit=unit, place=place, period=period)
        if found.factor is not None:
            return FactorChoice(factor=found.factor, explanation=found.explanation)
        other_units = dict.fromkeys(other for step in found.tried for other in step.other_units)
        if other_units:
            units = ", ".join(other_units)
            raise UnitsNotConvertible(
                subject=f"{category} {key}",
                found=unit,
                expected=units,
                message=f"The factors for {category} of {key} are per {units}; an amount in {unit} can't be used.",
            )
        passed = ", ".join(step.place for step in found.tried)
        sought = f"{category}, {key}, from {period.start} to {period.end}, in {passed}"
        raise FactorMissing(
            subject=f"{category} {key}",
            found="no emission factor",
            expected=sought,
            message=f"There is no emission factor for {sought}.",
        )


def _nearness(factor: EmissionFactor, place: Place) -> int:
    if factor.private_to is None:
        return len(place.entities)
    return place.entities.index(factor.private_to)


def _answer_the_same(one: EmissionFactor, other: EmissionFactor) -> bool:
    overlap = one.valid_from < other.valid_to and other.valid_from < one.valid_to
    return one.place == other.place and overlap and convertible(one.unit, to=other.unit)


def parse_catalogue(lines: Iterable[str]) -> Catalogue:
    """The catalogue in CSV lines, the first of which names the columns.

    Refuses, in this order: BadWorkbook, CatalogueMalformed; each names the line.
    """
    return Catalogue.of(parse_factors(lines))


def parse_factors(lines: Iterable[str]) -> list[EmissionFactor]:
    """The factors in CSV lines, the first of which names the columns.

    Refuses, in this order: BadWorkbook, CatalogueMalformed; each names the line.
    """
    reader = csv.DictReader(lines, restval="", strict=True)
    try:
        # Read to its end first, so that a file which is no CSV is refused as that.
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        where = f"line {reader.line_num}"
        raise BadWorkbook(
            subject=where,
            found=f"no CSV ({error})",
            expected="CSV, each quote closed",
            message=f"The factors can't be read in {where}: {error}.",
        ) from error
    factors = []
    for number, row in rows:
        try:
            factors.append(factor_of(row))
        except (KeyError, ValueError, InvalidOperation, Refusal) as error:
            raise CatalogueMalformed(
                subject=f"line {number}",
                found=row.get("id") or "",
                expected="an emission factor",
                message=f"Line {number} of the catalogue can't be read: {error!r}.",
            ) from error
    return factors


def factor_of(row: Mapping[str, str]) -> EmissionFactor:
    """The factor in a row of a release's file. Refuses: KeyError, ValueError; as `parse_unit` and `GwpSet`."""
    gwp_set = row["gwp_set"] or None
    kg_by_gas = _kg_by_gas(row, gwp_set=gwp_set)
    co2e_kg = Decimal(row["co2e"]) if row["co2e"] else None
    if not kg_by_gas and co2e_kg is None:
        message = "neither gases nor CO2e"
        raise ValueError(message)
    if date.fromisoformat(row["valid_to"]) <= date.fromisoformat(row["valid_from"]):
        message = "it ends before it holds"
        raise ValueError(message)
    return EmissionFactor(
        id=row["id"],
        release=row["release"],
        category=Category(row["category"]),
        key=row["key"],
        place=row["place"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]),
        unit=parse_unit(row["unit"]),
        kg_by_gas=MappingProxyType(kg_by_gas),
        co2e_kg=co2e_kg,
        gwp_set=gwp_set,
        # An empty cell here says that nothing in this activity is biogenic, not that it is unknown.
        biogenic_co2_kg=Decimal(row["biogenic_co2"]) if row["biogenic_co2"] else Decimal(0),
        uncertainty_percent=Decimal(row["uncertainty_percent"]) if row.get("uncertainty_percent") else None,
        published_as=row["published_as"],
        publisher=row["publisher"],
        document=row["document"],
        table=row["table"],
        year=int(row["year"]),
        licence=row["licence"],
        status=row["status"],
    )


def _kg_by_gas(row: Mapping[str, str], *, gwp_set: str | None) -> dict[str, Decimal]:
    """Masses of the gases. Where the publisher states them as CO2e, they are divided by its own GWPs."""
    stated = {gas: Decimal(row[column]) for column, gas in _GASES.items() if row[column]}
    match row["gases_stated_in"]:
        case "" if not stated:
            return {}
        case "kg":
            return stated
        case "kgCO2e" if gwp_set is not None:
            gwps = GwpSet.named(gwp_set)
            with localcontext(prec=_EXACT_DIGITS):
                return {gas: co2e / gwps.gwp(gas) for gas, co2e in stated.items()}
        case other:
            message = f"gases stated in {other!r}"
            raise ValueError(message)
