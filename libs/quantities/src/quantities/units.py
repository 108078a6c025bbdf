"""Units by name, and exact conversion between them."""

from decimal import Decimal, Inexact, localcontext
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from quantities.errors import UnitAmbiguous, UnitsNotConvertible, UnitUnknown

if TYPE_CHECKING:
    import pint

__all__ = ["Unit", "convert", "convertible", "parse_unit"]

_EXACT_DIGITS = 80
_ROUNDED_DIGITS = 28


class Unit(StrEnum):
    """Every unit that a figure of the platform may carry. Definitions: `data/units.txt`."""

    MEGAJOULE = "MJ"
    KILOWATT_HOUR = "kWh"
    MEGAWATT_HOUR = "MWh"
    GIGAJOULE = "GJ"
    MILLION_BTU = "mmBtu"
    MEGAJOULE_NET = "MJ_net"
    KILOWATT_HOUR_NET = "kWh_net"
    MEGAWATT_HOUR_NET = "MWh_net"
    GIGAJOULE_NET = "GJ_net"
    MILLION_BTU_NET = "mmBtu_net"
    MEGAJOULE_GROSS = "MJ_gross"
    KILOWATT_HOUR_GROSS = "kWh_gross"
    MEGAWATT_HOUR_GROSS = "MWh_gross"
    GIGAJOULE_GROSS = "GJ_gross"
    MILLION_BTU_GROSS = "mmBtu_gross"
    LITRE = "litre"
    CUBIC_METRE = "m3"
    US_GALLON = "us_gallon"
    IMPERIAL_GALLON = "imperial_gallon"
    KILOGRAM = "kg"
    GRAM = "g"
    TONNE = "tonne"
    SHORT_TON = "short_ton"
    LONG_TON = "long_ton"
    POUND = "pound"
    KILOMETRE = "km"
    MILE = "mile"
    PASSENGER_KILOMETRE = "passenger_km"
    PASSENGER_MILE = "passenger_mile"
    PERSON = "person"
    SQUARE_METRE = "m2"


_NAMES: dict[str, Unit] = {
    "kilowatt hour": Unit.KILOWATT_HOUR,
    "kilowatt hours": Unit.KILOWATT_HOUR,
    "kilowatt-hour": Unit.KILOWATT_HOUR,
    "kwh net cv": Unit.KILOWATT_HOUR_NET,
    "kwh (net cv)": Unit.KILOWATT_HOUR_NET,
    "kwh lhv": Unit.KILOWATT_HOUR_NET,
    "kwh gross cv": Unit.KILOWATT_HOUR_GROSS,
    "kwh (gross cv)": Unit.KILOWATT_HOUR_GROSS,
    "kwh hhv": Unit.KILOWATT_HOUR_GROSS,
    "gj net cv": Unit.GIGAJOULE_NET,
    "gj lhv": Unit.GIGAJOULE_NET,
    "gj gross cv": Unit.GIGAJOULE_GROSS,
    "gj hhv": Unit.GIGAJOULE_GROSS,
    "mmbtu lhv": Unit.MILLION_BTU_NET,
    "mmbtu hhv": Unit.MILLION_BTU_GROSS,
    "l": Unit.LITRE,
    "liter": Unit.LITRE,
    "liters": Unit.LITRE,
    "litres": Unit.LITRE,
    "m³": Unit.CUBIC_METRE,
    "m^3": Unit.CUBIC_METRE,
    "cubic metre": Unit.CUBIC_METRE,
    "cubic metres": Unit.CUBIC_METRE,
    "cubic meter": Unit.CUBIC_METRE,
    "cubic meters": Unit.CUBIC_METRE,
    "us gallon": Unit.US_GALLON,
    "us gallons": Unit.US_GALLON,
    "imperial gallon": Unit.IMPERIAL_GALLON,
    "imperial gallons": Unit.IMPERIAL_GALLON,
    "kilogram": Unit.KILOGRAM,
    "kilograms": Unit.KILOGRAM,
    "kgs": Unit.KILOGRAM,
    "gram": Unit.GRAM,
    "grams": Unit.GRAM,
    "t": Unit.TONNE,
    "tonnes": Unit.TONNE,
    "metric ton": Unit.TONNE,
    "metric tons": Unit.TONNE,
    "short ton": Unit.SHORT_TON,
    "short tons": Unit.SHORT_TON,
    "us ton": Unit.SHORT_TON,
    "long ton": Unit.LONG_TON,
    "long tons": Unit.LONG_TON,
    "pounds": Unit.POUND,
    "lb": Unit.POUND,
    "lbs": Unit.POUND,
    "kilometre": Unit.KILOMETRE,
    "kilometres": Unit.KILOMETRE,
    "kilometer": Unit.KILOMETRE,
    "kilometers": Unit.KILOMETRE,
    "miles": Unit.MILE,
    "passenger km": Unit.PASSENGER_KILOMETRE,
    "passenger-km": Unit.PASSENGER_KILOMETRE,
    "passenger.km": Unit.PASSENGER_KILOMETRE,
    "pkm": Unit.PASSENGER_KILOMETRE,
    "passenger mile": Unit.PASSENGER_MILE,
    "passenger-mile": Unit.PASSENGER_MILE,
    "persons": Unit.PERSON,
    "people": Unit.PERSON,
    "m²": Unit.SQUARE_METRE,
    "m^2": Unit.SQUARE_METRE,
    "square metre": Unit.SQUARE_METRE,
    "square metres": Unit.SQUARE_METRE,
    "square meter": Unit.SQUARE_METRE,
    "square meters": Unit.SQUARE_METRE,
} | {unit.value.casefold(): unit for unit in Unit}

_AMBIGUOUS: dict[str, str] = {
    "ton": "tonne (1,000 kg), short_ton (2,000 pounds) or long_ton (2,240 pounds)",
    "tons": "tonne (1,000 kg), short_ton (2,000 pounds) or long_ton (2,240 pounds)",
    "gallon": "us_gallon or imperial_gallon",
    "gallons": "us_gallon or imperial_gallon",
    "gal": "us_gallon or imperial_gallon",
    "therm": "kWh_gross",
    "therms": "kWh_gross",
    "btu": "mmBtu for heat; mmBtu_net or mmBtu_gross for fuel",
}


def parse_unit(text: str) -> Unit:
    """The unit that a person meant, by its symbol or name in any case.

    Refuses, in this order: UnitAmbiguous, UnitUnknown.
    """
    name = " ".join(text.split()).casefold()
    if name in _AMBIGUOUS:
        raise UnitAmbiguous(
            subject="unit",
            found=text,
            expected=_AMBIGUOUS[name],
            message=f"The unit '{text}' means different things; write {_AMBIGUOUS[name]}.",
        )
    if name not in _NAMES:
        known = ", ".join(Unit)
        raise UnitUnknown(
            subject="unit",
            found=text,
            expected=known,
            message=f"The unit '{text}' is not known; known are {known}.",
        )
    return _NAMES[name]


def convertible(unit: Unit, *, to: Unit) -> bool:
    """Whether the two units measure the same thing."""
    return _in_root_unit(unit)[1] == _in_root_unit(to)[1]


def convert(value: Decimal, *, unit: Unit, to: Unit) -> Decimal:
    """The value in the other unit.

    Exact wherever the result has a finite decimal form; a result without one, such as 1 MJ in kWh, is correct to 28
    significant digits. The caller's decimal context has no part in it.

    Refuses: UnitsNotConvertible.
    """
    if unit == to:
        return value
    per_unit, dimension = _in_root_unit(unit)
    per_target, target_dimension = _in_root_unit(to)
    if dimension != target_dimension:
        raise UnitsNotConvertible(
            subject="unit",
            found=unit,
            expected=to,
            message=f"An amount in {unit} can't be stated in {to}: the two measure different things.",
        )
    with localcontext() as context:
        context.prec = _EXACT_DIGITS
        context.traps[Inexact] = False
        context.clear_flags()
        result = value * per_unit / per_target
        if context.flags[Inexact]:
            context.prec = _ROUNDED_DIGITS
            result = +result
    return result


@cache
def _registry() -> "pint.UnitRegistry[Decimal]":
    # Deferred: pint costs a third of a second, and most programs that import this library convert nothing.
    import pint  # noqa: PLC0415

    registry: pint.UnitRegistry[Decimal] = pint.UnitRegistry(None, non_int_type=Decimal)
    lines = files("quantities").joinpath("data/units.txt").read_text(encoding="utf-8").splitlines()
    registry.load_definitions(lines)
    return registry


@cache
def _in_root_unit(unit: Unit) -> tuple[Decimal, str]:
    """How many root units one of this is, and the dimension that both have."""
    registry = _registry()
    factor, root = registry.get_root_units(unit.value)
    return Decimal(str(factor)), str(registry.get_dimensionality(root))
