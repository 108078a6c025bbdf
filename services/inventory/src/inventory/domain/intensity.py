"""Resource use of an inventory, and intensity: use and emissions by person and by floor area.

UN-wide method (Greening the Blue): emissions, water (m³) and waste (kg) by person, emissions of facilities by m². A
figure that can't be given says why; it is never a part that looks like the whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from inventory.domain.activity_data import Category
from inventory.domain.categories import GENERATOR_YIELD_KWH_PER_LITRE
from inventory.domain.denominator import Denominator, DenominatorKind, Topic
from inventory.domain.inventory import Totals
from quantities import Quantity, Unit, convertible

__all__ = [
    "INTENSITIES",
    "Intensity",
    "IntensityGap",
    "Recorded",
    "ResourceUse",
    "Use",
    "generator_kwh",
    "intensities",
    "resource_use",
]

_EXACT_DIGITS = 80
_DIGITS = 28

_FACILITIES = (
    Category.GRID_ELECTRICITY,
    Category.GENERATOR_FUEL,
    Category.HEATING_FUEL,
    Category.PURCHASED_HEAT,
    Category.PURCHASED_COOLING,
    Category.REFRIGERANT,
)
_ENERGY: Mapping[Category, Unit] = {
    Category.GRID_ELECTRICITY: Unit.KILOWATT_HOUR,
    Category.ON_SITE_RENEWABLES: Unit.KILOWATT_HOUR,
    Category.PURCHASED_HEAT: Unit.KILOWATT_HOUR,
    Category.PURCHASED_COOLING: Unit.KILOWATT_HOUR,
    Category.HEATING_FUEL: Unit.KILOWATT_HOUR_NET,
}
"""What is used in buildings, beside the electricity of generators; heating fuel by its net calorific value."""


class IntensityGap(StrEnum):
    """Why there is no figure."""

    NO_DATA = "no_data"
    NOT_CONVERTIBLE = "not_convertible"
    """A part of the data is in a unit from which the figure does not follow."""
    DENOMINATOR_MISSING = "denominator_missing"
    COVERAGE_PARTIAL = "coverage_partial"
    """The denominator is stated for a part of the year alone."""
    RECORDS_NOT_SHOWN = "records_not_shown"
    """The caller does not see every record that it is made of, or not the figure itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded of a category, summed by unit."""

    category: Category
    amount: Quantity
    generated_kwh: Decimal | None = None
    """Electricity that generators made of it, as recorded; None where no line says."""
    without_generated: Decimal | None = None
    """Of the amount, in its unit, that of lines that do not say; None where all do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A sum, or why there is none."""

    value: Decimal | None
    gap: IntensityGap | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUse:
    """Sums of an inventory, each of all that was recorded, or none."""

    electricity_kwh: Use
    """From the grid."""
    generator_fuel_litres: Use
    energy_kwh: Use
    """Used in buildings: electricity of all kinds, heat and cooling bought, and fuel for heat."""
    water_m3: Use
    waste_kg: Use
    co2e_kg: Use
    facilities_co2e_kg: Use
    """Electricity, generators, heating, bought heat and cooling, and refrigerants."""


def resource_use(
    recorded: Iterable[Recorded], *, totals: Totals, hidden: frozenset[Category] = frozenset()
) -> ResourceUse:
    """Sums of what was recorded; of `hidden` categories the caller does not see every record."""
    kept = tuple(recorded)
    facilities = [
        totals.co2e_kg_by_category[category] for category in _FACILITIES if category in totals.co2e_kg_by_category
    ]
    with localcontext(prec=_EXACT_DIGITS):
        facilities_kg = sum(facilities, start=Decimal(0)) if facilities else None
    return ResourceUse(
        electricity_kwh=_use(kept, Category.GRID_ELECTRICITY, Unit.KILOWATT_HOUR, hidden=hidden),
        generator_fuel_litres=_use(kept, Category.GENERATOR_FUEL, Unit.LITRE, hidden=hidden),
        energy_kwh=_energy(kept, hidden=hidden),
        water_m3=_use(kept, Category.WATER, Unit.CUBIC_METRE, hidden=hidden),
        waste_kg=_use(kept, Category.WASTE, Unit.KILOGRAM, hidden=hidden),
        co2e_kg=_or_no_data(totals.co2e_kg if totals.co2e_kg_by_scope else None),
        facilities_co2e_kg=_or_no_data(facilities_kg),
    )


def _or_no_data(value: Decimal | None) -> Use:
    return Use(value=None, gap=IntensityGap.NO_DATA) if value is None else Use(value=value)


def _use(recorded: Sequence[Recorded], category: Category, unit: Unit, *, hidden: frozenset[Category]) -> Use:
    if category in hidden:
        return Use(value=None, gap=IntensityGap.RECORDS_NOT_SHOWN)
    found = [item.amount for item in recorded if item.category == category]
    if not found:
        return Use(value=None, gap=IntensityGap.NO_DATA)
    for amount in found:
        if not convertible(amount.unit, to=unit):
            return Use(
                value=None,
                gap=IntensityGap.NOT_CONVERTIBLE,
                explanation=f"{category} is recorded in {amount.unit} too, from which no {unit} follow.",
            )
    with localcontext(prec=_EXACT_DIGITS):
        return Use(value=sum((amount.to(unit).value for amount in found), start=Decimal(0)))


def generator_kwh(recorded: Iterable[Recorded]) -> Use:
    """Electricity of generators: as recorded; else by the litre, with the method's yield.

    UNEP Sustainable UN, as quoted by UNDP (Environmental Management Tool, November 2023): 2.5 kWh per litre.
    """
    found = [item for item in recorded if item.category == Category.GENERATOR_FUEL]
    if not found:
        return Use(value=None, gap=IntensityGap.NO_DATA)
    kwh = Decimal(0)
    with localcontext(prec=_EXACT_DIGITS):
        for item in found:
            kwh += Decimal(0) if item.generated_kwh is None else item.generated_kwh
            if item.without_generated is None:
                continue
            if not convertible(item.amount.unit, to=Unit.LITRE):
                return Use(
                    value=None,
                    gap=IntensityGap.NOT_CONVERTIBLE,
                    explanation=f"{item.category} is recorded in {item.amount.unit} without the kWh that were made of"
                    " it.",
                )
            litres = Quantity(item.without_generated, item.amount.unit).to(Unit.LITRE).value
            kwh += litres * GENERATOR_YIELD_KWH_PER_LITRE
    return Use(value=kwh)


def _energy(recorded: Sequence[Recorded], *, hidden: frozenset[Category]) -> Use:
    if hidden & {*_ENERGY, Category.GENERATOR_FUEL}:
        return Use(value=None, gap=IntensityGap.RECORDS_NOT_SHOWN)
    parts = [_use(recorded, category, unit, hidden=hidden) for category, unit in _ENERGY.items()]
    parts.append(generator_kwh(recorded))
    wrong = next((part for part in parts if part.gap == IntensityGap.NOT_CONVERTIBLE), None)
    if wrong is not None:
        return wrong
    known = [part.value for part in parts if part.value is not None]
    with localcontext(prec=_EXACT_DIGITS):
        return _or_no_data(sum(known, start=Decimal(0)) if known else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensitySpec:
    """What is stated by what."""

    name: str
    unit: str
    use: Callable[[ResourceUse], Use]
    of_unit: str
    """Of what is used."""
    kind: DenominatorKind
    topic: Topic


def _spec(
    name: str, use: Callable[[ResourceUse], Use], of_unit: str, kind: DenominatorKind, topic: Topic
) -> IntensitySpec:
    return IntensitySpec(
        name=name, unit=f"{of_unit}/{kind.unit.value}", use=use, of_unit=of_unit, kind=kind, topic=topic
    )


_CO2E = "kgCO2e"
_PERSON, _AREA = DenominatorKind.PERSONNEL, DenominatorKind.FLOOR_AREA

INTENSITIES: tuple[IntensitySpec, ...] = (
    _spec("co2e_per_person", lambda use: use.co2e_kg, _CO2E, _PERSON, Topic.EMISSIONS),
    _spec("facilities_co2e_per_m2", lambda use: use.facilities_co2e_kg, _CO2E, _AREA, Topic.EMISSIONS),
    _spec("energy_per_m2", lambda use: use.energy_kwh, "kWh", _AREA, Topic.ENERGY),
    _spec("electricity_per_m2", lambda use: use.electricity_kwh, "kWh", _AREA, Topic.ENERGY),
    _spec("electricity_per_person", lambda use: use.electricity_kwh, "kWh", _PERSON, Topic.ENERGY),
    _spec("water_per_person", lambda use: use.water_m3, "m3", _PERSON, Topic.WATER),
    _spec("waste_per_person", lambda use: use.waste_kg, "kg", _PERSON, Topic.WASTE),
)
"""By the names that targets and reports use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """A figure by person or by m², or why there is none."""

    name: str
    unit: str
    value: Decimal | None
    gap: IntensityGap | None
    explanation: str | None
    """In words, where there is no figure."""
    use: Decimal | None
    of_unit: str
    denominator: Denominator | None
    """None where it is not for the caller."""


def intensities(
    use: ResourceUse, *, denominator: Callable[[DenominatorKind, Topic], Denominator]
) -> tuple[Intensity, ...]:
    """Every intensity, in the order of INTENSITIES."""
    return tuple(_intensity(spec, spec.use(use), by=denominator(spec.kind, spec.topic)) for spec in INTENSITIES)


def _intensity(spec: IntensitySpec, use: Use, *, by: Denominator) -> Intensity:
    value, gap, explanation = None, use.gap, use.explanation
    if gap is None and by.value is None:
        gap = IntensityGap.COVERAGE_PARTIAL if by.days_stated else IntensityGap.DENOMINATOR_MISSING
        explanation = (
            f"{by.kind} is stated for {by.days_stated} of {by.days} days."
            if by.days_stated
            else f"{by.kind} is not stated."
        )
    if gap == IntensityGap.NO_DATA:
        explanation = "Nothing that it is made of was recorded."
    if gap is None and use.value is not None and by.value is not None:
        with localcontext(prec=_DIGITS):
            value = use.value / by.value
    return Intensity(
        name=spec.name,
        unit=spec.unit,
        value=value,
        gap=gap,
        explanation=explanation,
        use=use.value,
        of_unit=spec.of_unit,
        denominator=by,
    )
