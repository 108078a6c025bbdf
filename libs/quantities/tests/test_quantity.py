"""Units are refused or converted, exactly."""

from decimal import ROUND_UP, Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quantities import (
    Quantity,
    Unit,
    UnitAmbiguous,
    UnitsNotConvertible,
    UnitUnknown,
    convertible,
    parse_unit,
    round_for_report,
)

values = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
units = st.sampled_from(Unit)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("kWh", Unit.KILOWATT_HOUR),
        ("KWH", Unit.KILOWATT_HOUR),
        (" kWh  (Net CV) ", Unit.KILOWATT_HOUR_NET),
        ("kwh_gross", Unit.KILOWATT_HOUR_GROSS),
        ("L", Unit.LITRE),
        ("m³", Unit.CUBIC_METRE),
        ("t", Unit.TONNE),
        ("short ton", Unit.SHORT_TON),
        ("GJ LHV", Unit.GIGAJOULE_NET),
        ("GJ HHV", Unit.GIGAJOULE_GROSS),
        ("MMBtu", Unit.MILLION_BTU),
        ("passenger-km", Unit.PASSENGER_KILOMETRE),
        ("Persons", Unit.PERSON),
    ],
)
def test_a_unit_is_known_by_its_usual_names(text: str, unit: Unit) -> None:
    assert parse_unit(text) is unit


@pytest.mark.parametrize(
    ("text", "refusal", "code", "expected"),
    [
        ("ton", UnitAmbiguous, "UNIT_AMBIGUOUS", "tonne"),
        ("Tons", UnitAmbiguous, "UNIT_AMBIGUOUS", "tonne"),
        ("gallon", UnitAmbiguous, "UNIT_AMBIGUOUS", "us_gallon"),
        ("ton", UnitAmbiguous, "UNIT_AMBIGUOUS", "short_ton"),
        ("therm", UnitAmbiguous, "UNIT_AMBIGUOUS", "kWh_gross"),
        ("Btu", UnitAmbiguous, "UNIT_AMBIGUOUS", "mmBtu_gross"),
        ("furlong", UnitUnknown, "UNIT_UNKNOWN", "kWh"),
        ("", UnitUnknown, "UNIT_UNKNOWN", "kWh"),
    ],
)
def test_a_unit_that_may_be_misread_is_refused(
    text: str, refusal: type[UnitAmbiguous | UnitUnknown], code: str, expected: str
) -> None:
    with pytest.raises(refusal) as caught:
        Quantity(Decimal(1), text)

    assert (caught.value.code, caught.value.subject, caught.value.found) == (code, "unit", text)
    assert expected in caught.value.expected
    assert f"'{text}'" in caught.value.message


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("kWh", "litre"),
        ("kWh", "kWh_net"),
        ("kWh_net", "kWh_gross"),
        ("mmBtu_net", "GJ_gross"),
        ("mmBtu", "mmBtu_gross"),
        ("km", "passenger_km"),
        ("kg", "m3"),
        ("person", "m2"),
    ],
)
def test_units_of_different_things_are_never_converted(unit: str, to: str) -> None:
    with pytest.raises(UnitsNotConvertible) as caught:
        Quantity(Decimal(1), unit).to(to)

    assert (caught.value.code, caught.value.found, caught.value.expected) == ("UNITS_NOT_CONVERTIBLE", unit, to)
    assert not convertible(Unit(unit), to=Unit(to))


@pytest.mark.parametrize(
    ("value", "unit", "expected", "to"),
    [
        ("1", "MWh", "1000", "kWh"),
        ("1", "kWh", "0.0036", "GJ"),
        ("36", "GJ_net", "10000", "kWh_net"),
        ("100", "us_gallon", "378.5411784", "litre"),
        ("1", "imperial_gallon", "4.54609", "litre"),
        ("1", "m3", "1000", "litre"),
        ("1", "tonne", "1000", "kg"),
        ("1", "g", "0.001", "kg"),
        ("1", "pound", "0.45359237", "kg"),
        ("1", "short_ton", "2000", "pound"),
        ("1", "long_ton", "2240", "pound"),
        ("1", "mmBtu", "1055.05585262", "MJ"),
        ("1", "mmBtu_net", "1.05505585262", "GJ_net"),
        ("1", "mmBtu_gross", "1.05505585262", "GJ_gross"),
        ("1", "mile", "1.609344", "km"),
        ("1", "passenger_mile", "1.609344", "passenger_km"),
        ("0.30", "kWh", "0.30", "kWh"),
    ],
)
def test_a_conversion_gives_the_defined_figure(value: str, unit: str, expected: str, to: str) -> None:
    assert Quantity(Decimal(value), unit).to(to) == Quantity(Decimal(expected), to)


@given(value=values, unit=units, to=units)
def test_a_conversion_is_exact_to_28_digits_and_wholly_where_it_can_be(value: Decimal, unit: Unit, to: Unit) -> None:
    assume(convertible(unit, to=to))
    one = Fraction(Quantity(Decimal(1), to).to(unit).value)

    converted = Quantity(value, unit).to(to).value

    exact = Fraction(value) / one
    finite = set(_prime_factors(exact.denominator)) <= {2, 5}
    if finite and _terminates(one):
        assert Fraction(converted) == exact
    else:
        assert abs(Fraction(converted) - exact) <= abs(exact) / 10**26


@given(value=values, unit=units, between=units, to=units)
def test_a_detour_over_a_third_unit_changes_nothing(value: Decimal, unit: Unit, between: Unit, to: Unit) -> None:
    assume(convertible(unit, to=between) and convertible(unit, to=to))

    straight = Quantity(value, unit).to(to).value
    detour = Quantity(value, unit).to(between).to(to).value

    assert abs(straight - detour) <= abs(straight) * Decimal("1e-26")


def test_a_conversion_does_not_depend_on_the_context_of_its_caller() -> None:
    with localcontext(prec=3, rounding=ROUND_UP):
        litres = Quantity(Decimal(100), Unit.US_GALLON).to(Unit.LITRE).value
        digits_after = getcontext().prec

    assert digits_after == 3
    assert litres == Decimal("378.5411784")


@pytest.mark.parametrize(("value", "error"), [(1.5, TypeError), (True, TypeError), ("1", TypeError)])
def test_a_quantity_is_never_made_of_anything_but_a_decimal(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        Quantity(value, Unit.KILOGRAM)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_quantity_is_always_finite(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Quantity(Decimal(value), Unit.KILOGRAM)


def test_quantities_add_only_in_one_unit() -> None:
    assert Quantity(Decimal("0.1"), "kg") + Quantity(Decimal("0.2"), "kg") == Quantity(Decimal("0.3"), "kg")
    with pytest.raises(UnitsNotConvertible):
        Quantity(Decimal(1), "kg") + Quantity(Decimal(1), "g")


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [("2.5", 0, "2"), ("3.5", 0, "4"), ("0.125", 2, "0.12"), ("-2.5", 0, "-2"), ("7", 1, "7.0")],
)
def test_a_report_rounds_half_to_even(value: str, places: int, expected: str) -> None:
    assert str(round_for_report(Quantity(Decimal(value), "kg"), places=places)) == f"{expected} kg"


def _prime_factors(number: int) -> set[int]:
    factors = set()
    for prime in (2, 5):
        while number % prime == 0:
            factors.add(prime)
            number //= prime
    return factors | ({number} if number > 1 else set())


def _terminates(ratio: Fraction) -> bool:
    return _prime_factors(ratio.denominator) <= {2, 5}
