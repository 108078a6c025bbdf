"""Each category says what a row of it is made of, and the amount follows from the row by its form's terms."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from inventory.domain.activity_data import Category
from inventory.domain.categories import CATEGORIES, Derived, Form, amount_of, form_of, key_of, stated_of
from inventory.domain.form_reading import COMMON_COLUMNS
from inventory.domain.rows import Column
from inventory.domain.wastewater import ch4_kg_per_bod_kg
from quantities import Unit

FORMS = [(category, form) for category, spec in CATEGORIES.items() for form in spec.forms]


def test_every_category_is_specified() -> None:
    assert set(CATEGORIES) == set(Category)
    assert all(spec.category == category for category, spec in CATEGORIES.items())


def test_every_column_is_of_some_form() -> None:
    used = {column for _, form in FORMS for column in (*form.needs, *form.allows)}

    assert used | COMMON_COLUMNS == set(Column)


@pytest.mark.parametrize(("category", "form"), FORMS, ids=lambda value: getattr(value, "name", value))
def test_a_form_is_of_one_piece(category: Category, form: Form) -> None:
    columns = {*form.needs, *form.allows}

    assert (form.mark is None) == (form is CATEGORIES[category].forms[-1])
    assert not columns & COMMON_COLUMNS
    assert not set(form.needs) & set(form.allows)
    assert form.item_column in columns
    assert (form.item_column in form.needs) == (form.only_item is None)
    assert (Column.AMOUNT in columns) == (Column.UNIT in columns) == bool(form.stated)
    assert form.stated or form.unit is not None
    assert {name for term in form.terms for name in term.of if isinstance(name, Column)} <= columns
    assert {part for part in form.key if isinstance(part, Column)} <= columns
    assert {column for pair in form.at_most for column in pair} <= columns
    assert form.mark is None or form.mark.column in columns


@pytest.mark.parametrize(
    ("category", "row", "looked_up", "form", "amount", "unit", "key"),
    [
        (Category.GRID_ELECTRICITY, {"amount": "5", "unit": "kWh"}, {}, "amount", "5", None, "grid"),
        (Category.GENERATOR_FUEL, {"item": "diesel", "generated_kwh": "250"}, {}, "output", "100", "litre", "diesel"),
        (
            Category.GENERATOR_FUEL,
            {"item": "diesel", "amount": "90", "unit": "litre", "generated_kwh": "250"},
            {},
            "amount",
            "90",
            None,
            "diesel",
        ),
        (
            Category.ON_SITE_RENEWABLES,
            {"item": "solar", "amount": "80", "unit": "kWh", "generated_kwh": "100"},
            {},
            "amount",
            "80",
            "kWh",
            "solar",
        ),
        (
            Category.REFRIGERANT,
            {"item": "R-410A", "phase": "installation", "amount": "12", "unit": "kg", "capacity": "11.5"},
            {},
            "installation",
            "0.5",
            None,
            "R-410A/installation",
        ),
        (
            Category.REFRIGERANT,
            {"item": "R-410A", "phase": "disposal", "amount": "11.5", "unit": "kg", "recovered": "10"},
            {},
            "disposal",
            "1.5",
            None,
            "R-410A/disposal",
        ),
        (
            Category.REFRIGERANT,
            {"item": "R-410A", "phase": "operation", "amount": "2", "unit": "kg"},
            {},
            "operation",
            "2",
            None,
            "R-410A/operation",
        ),
        (
            Category.REFRIGERANT,
            {"item": "HCFC-22", "amount": "2", "unit": "kg"},
            {},
            "operation",
            "2",
            None,
            "HCFC-22/operation",
        ),
        (Category.TAXI_TRAVEL, {"round_trips": "3"}, {}, "round_trips", "240", "km", "taxi"),
        (Category.TAXI_TRAVEL, {"amount": "7", "unit": "km"}, {}, "amount", "7", None, "taxi"),
        (
            Category.RAIL_TRAVEL,
            {"amount": "100", "unit": "km", "passengers": "3"},
            {},
            "distance",
            "300",
            "passenger_km",
            "train",
        ),
        (Category.BUS_TRAVEL, {"amount": "100", "unit": "passenger_km"}, {}, "amount", "100", None, "bus"),
        (
            Category.AIR_TRAVEL,
            {"origin": "JFK", "destination": "GVA", "class": "economy", "passengers": "2", "return": "yes"},
            {Derived.DISTANCE_KM: "6201.2", Derived.WAYS: "2"},
            "leg",
            "24804.8",
            "passenger_km",
            "economy",
        ),
        (
            Category.AIR_TRAVEL,
            {
                "origin": "JFK",
                "destination": "GVA",
                "passengers": "2",
                "return": "yes",
                "co2_kg_per_passenger": "301.5",
                "calculator_version": "5.0.8",
            },
            {Derived.WAYS: "2"},
            "icao",
            "1206",
            "kg",
            "icao/5.0.8",
        ),
        (
            Category.WASTE,
            {"item": "food", "treatment": "composting", "amount": "3", "unit": "kg"},
            {},
            "amount",
            "3",
            None,
            "food/composting",
        ),
        (
            Category.WASTEWATER,
            {"treatment": "septic_system", "bod_kg": "1000", "recovered_ch4_kg": "50"},
            {Derived.CH4_KG_PER_BOD_KG: "0.3"},
            "bod",
            "250",
            "kg",
            "septic_system/ch4",
        ),
        (
            Category.WASTEWATER,
            {"treatment": "deep_lagoon", "bod_kg": "1000"},
            {Derived.CH4_KG_PER_BOD_KG: "0.48"},
            "bod",
            "480",
            "kg",
            "deep_lagoon/ch4",
        ),
        (Category.WASTEWATER, {"nitrogen_kg": "40"}, {}, "nitrogen", "40", "kg", "effluent/nitrogen"),
        (
            Category.WASTEWATER,
            {"treatment": "public_sewer", "amount": "9", "unit": "m3"},
            {},
            "amount",
            "9",
            None,
            "public_sewer",
        ),
    ],
)
def test_a_row_tells_its_form_and_the_amount_follows(
    *,
    category: Category,
    row: Mapping[str, str],
    looked_up: Mapping[Derived, str],
    form: str,
    amount: str,
    unit: str | None,
    key: str,
) -> None:
    texts = {Column(name): value for name, value in row.items()}
    numbers: dict[Column | Derived, Decimal] = {name: Decimal(value) for name, value in looked_up.items()}
    numbers |= {column: Decimal(text) for column, text in texts.items() if text.replace(".", "", 1).isdecimal()}

    found = form_of(category, texts=texts)

    assert found.name == form
    assert not set(found.needs) - set(texts)
    assert amount_of(found, numbers=numbers) == Decimal(amount)
    assert found.unit == (None if unit is None else Unit(unit))
    assert key_of(found, texts=texts) == key


@pytest.mark.parametrize(
    ("treatment", "kg"),
    # IPCC 2006 Guidelines, volume 5, chapter 6: Bo of 0.6 kg CH4 per kg BOD (page 6.12), MCF of table 6.3.
    [("septic_system", "0.30"), ("deep_lagoon", "0.48"), ("aerobic_plant", "0"), ("aerobic_plant_overloaded", "0.18")],
)
def test_methane_of_measured_wastewater_is_the_ipcc_default(treatment: str, kg: str) -> None:
    assert ch4_kg_per_bod_kg(treatment) == Decimal(kg)


@pytest.mark.parametrize(
    ("category", "row", "inputs"),
    [
        (Category.GRID_ELECTRICITY, {"item": "grid", "amount": "5", "unit": "kWh"}, {}),
        (
            Category.REFRIGERANT,
            {"item": "R-410A", "phase": "disposal", "amount": "11.5", "unit": "kg", "recovered": "10"},
            {"amount": "11.5", "unit": "kg", "recovered": "10", "phase": "disposal"},
        ),
        (
            Category.GENERATOR_FUEL,
            {"item": "diesel", "generated_kwh": "250"},
            {
                "generated_kwh": "250",
                "derived_by": "litres derived from kWh generated at 2.5 kWh per litre "
                "(UNEP Sustainable United Nations, as quoted by UNDP, November 2023)",
            },
        ),
        (
            Category.AIR_TRAVEL,
            {"origin": "JFK", "destination": "GVA", "class": "economy", "passengers": "2", "return": "yes"},
            {
                "origin": "JFK",
                "destination": "GVA",
                "passengers": "2",
                "return": "yes",
                "distance_km": "6201.2",
                "ways": "2",
            },
        ),
    ],
)
def test_what_a_row_stated_is_kept_so_that_its_amount_can_be_worked_out_again(
    category: Category, row: Mapping[str, str], inputs: Mapping[str, str]
) -> None:
    texts = {Column(name): value for name, value in row.items()}
    form = form_of(category, texts=texts)

    stated = stated_of(form, texts=texts, numbers={Derived.DISTANCE_KM: Decimal("6201.2"), Derived.WAYS: Decimal(2)})

    assert (stated.form, dict(stated.inputs)) == (form.name, inputs)
    assert stated.key == key_of(form, texts=texts)
