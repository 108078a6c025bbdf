"""Emission factors, and which of them holds for an activity, a place and a date."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from types import MappingProxyType

from inventory.domain.activity_data import Category, Period
from inventory.domain.errors import CatalogueMalformed, FactorMissing
from quantities import GwpSet, Refusal, Unit, UnitsNotConvertible, convertible, parse_unit

__all__ = ["ANYWHERE", "Catalogue", "EmissionFactor", "FactorChoice", "Place", "parse_catalogue"]

ANYWHERE = "default"
"""Place of a factor that holds wherever there is no nearer one."""

_EXACT_DIGITS = 28
_GASES = {"co2": "CO2", "ch4": "CH4", "n2o": "N2O"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an activity happens, as far as the choice of its factor goes."""

    country: str | None
    """ISO 3166-1 alpha-3."""
    grid: str | None
    """Subregion of an electricity grid, such as `US-NYCW`; None, or the country, where there are no subregions."""

    @property
    def nearest_first(self) -> tuple[str, ...]:
        """Places to look for a factor in, in this order: subregion, country, anywhere."""
        chain = [place for place in (self.grid, self.country) if place]
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
    published_as: str
    """The publisher's own figure and unit."""
    publisher: str
    document: str
    table: str
    year: int
    licence: str
    status: str
    """`published`; `life_cycle`: covers more than generation; `proxy`: published for elsewhere."""

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
class Catalogue:
    """Every emission factor that may be chosen."""

    factors: tuple[EmissionFactor, ...]
    by_category_and_key: Mapping[tuple[Category, str], tuple[EmissionFactor, ...]]

    @staticmethod
    def of(factors: Iterable[EmissionFactor]) -> "Catalogue":
        """A catalogue in which no two factors answer the same question.

        Refuses: CatalogueMalformed.
        """
        every = tuple(factors)
        grouped: dict[tuple[Category, str], tuple[EmissionFactor, ...]] = {}
        for factor in every:
            alike = grouped.get((factor.category, factor.key), ())
            for other in alike:
                if _answer_the_same(factor, other):
                    raise CatalogueMalformed(
                        subject=factor.id,
                        found=f"valid at the same place and time as {other.id}",
                        expected="one factor for one question",
                        message=f"{factor.id} and {other.id} are valid for the same activity, place and time.",
                    )
            grouped[factor.category, factor.key] = (*alike, factor)
        return Catalogue(factors=every, by_category_and_key=MappingProxyType(grouped))

    def keys(self, category: Category) -> tuple[str, ...]:
        """Every item that a category has factors for."""
        return tuple(sorted(key for of, key in self.by_category_and_key if of == category))

    def choose(self, *, category: Category, key: str, unit: Unit, place: Place, period: Period) -> FactorChoice:
        """The factor for an activity: the nearest place that has one for all of the period, in a unit that fits.

        A factor of 0 is a figure like any other. Refuses, in this order: UnitsNotConvertible, when there are factors
        but none in such a unit; FactorMissing.
        """
        in_time = [factor for factor in self.by_category_and_key.get((category, key), ()) if factor.holds_for(period)]
        passed: list[str] = []
        other_units: list[Unit] = []
        for step in place.nearest_first:
            here = [factor for factor in in_time if factor.place == step]
            for factor in here:
                if convertible(unit, to=factor.unit):
                    return FactorChoice(factor=factor, explanation=_explain(factor, passed=passed))
            other_units += [factor.unit for factor in here]
            passed.append(step)
        if other_units:
            units = ", ".join(dict.fromkeys(other_units))
            raise UnitsNotConvertible(
                subject=f"{category} {key}",
                found=unit,
                expected=units,
                message=f"The factors for {category} of {key} are per {units}; an amount in {unit} can't be used.",
            )
        sought = f"{category}, {key}, from {period.start} to {period.end}, in {', '.join(passed)}"
        raise FactorMissing(
            subject=f"{category} {key}",
            found="no emission factor",
            expected=sought,
            message=f"There is no emission factor for {sought}.",
        )


def _answer_the_same(one: EmissionFactor, other: EmissionFactor) -> bool:
    overlap = one.valid_from < other.valid_to and other.valid_from < one.valid_to
    return one.place == other.place and overlap and convertible(one.unit, to=other.unit)


def _explain(factor: EmissionFactor, *, passed: list[str]) -> str:
    where = "anywhere" if factor.place == ANYWHERE else factor.place
    instead = f", as there is none for {' or '.join(passed)}" if passed else ""
    marks = {"life_cycle": "; life-cycle, so more than generation alone", "proxy": "; published for another place"}
    return (
        f"Factor for {where}{instead}: {factor.publisher}, {factor.document}, {factor.table}, {factor.year} "
        f"({factor.published_as}){marks.get(factor.status, '')}."
    )


def parse_catalogue(lines: Iterable[str]) -> Catalogue:
    """The catalogue in CSV lines, the first of which names the columns.

    Refuses: CatalogueMalformed, naming the line.
    """
    factors = []
    for number, row in enumerate(csv.DictReader(lines, strict=True), start=2):
        try:
            factors.append(_factor(row))
        except (KeyError, ValueError, InvalidOperation, Refusal) as error:
            raise CatalogueMalformed(
                subject=f"line {number}",
                found=row.get("id") or "",
                expected="an emission factor",
                message=f"Line {number} of the catalogue can't be read: {error!r}.",
            ) from error
    return Catalogue.of(factors)


def _factor(row: Mapping[str, str]) -> EmissionFactor:
    gwp_set = row["gwp_set"] or None
    kg_by_gas = _kg_by_gas(row, gwp_set=gwp_set)
    co2e_kg = Decimal(row["co2e"]) if row["co2e"] else None
    if not kg_by_gas and co2e_kg is None:
        message = "neither gases nor CO2e"
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
