"""The life of an inventory, its totals and its indicators."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from inventory.catalogue import emission_factors
from inventory.domain.activity_data import ActivityData, Category, DataQuality, Period, SourceRow
from inventory.domain.emission_factor import Place
from inventory.domain.errors import (
    EntererMayNotApprove,
    InventoryIsFinal,
    NothingToSubmit,
    ReasonsMissing,
    Refused,
    SubmitterMayNotApprove,
    SubmitterMayNotReturn,
    WrongState,
)
from inventory.domain.inventory import Inventory, Line, State, Step, Totals, total
from inventory.domain.quantification import quantify
from quantities import GwpSet, Quantity
from quantities.person import Person

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
ANN, BEN, CY = (Person(subject=f"s-{name}", name=name) for name in ("ann", "ben", "cy"))


def a_draft() -> Inventory:
    return Inventory(id="i", location_id="unon", year=2024, version=1, state=State.DRAFT, steps=(), factor_edition="e")


def a_submitted() -> Inventory:
    return a_draft().submit(by=ANN, at=NOON, record_count=1)


def a_final() -> Inventory:
    return a_submitted().approve(by=BEN, at=NOON, entered_by=[])


def test_an_inventory_is_submitted_returned_submitted_again_and_approved() -> None:
    returned = a_submitted().return_(by=BEN, at=NOON, reasons=" the meter of block B is missing ")
    final = returned.submit(by=ANN, at=NOON, record_count=2).approve(by=BEN, at=NOON, entered_by=[])

    assert (returned.state, final.state) == (State.RETURNED, State.FINAL)
    assert [(step.action, step.by, step.reasons) for step in final.steps] == [
        ("submitted", ANN, None),
        ("returned", BEN, "the meter of block B is missing"),
        ("submitted", ANN, None),
        ("approved", BEN, None),
    ]
    assert [a.accepts_data for a in (a_draft(), a_submitted(), returned, final)] == [True, False, True, False]


def submit(inventory: Inventory) -> Inventory:
    return inventory.submit(by=ANN, at=NOON, record_count=0)


def return_(inventory: Inventory) -> Inventory:
    return inventory.return_(by=BEN, at=NOON, reasons=" ")


def approve(inventory: Inventory) -> Inventory:
    return inventory.approve(by=ANN, at=NOON, entered_by=[])


def change(inventory: Inventory) -> None:
    inventory.require_accepts_data()


@pytest.mark.parametrize(
    ("act", "inventory", "refusal"),
    [
        # In the order in which they are met: each of these acts is wrong for every later reason as well.
        (submit, a_final(), InventoryIsFinal),
        (submit, a_submitted(), WrongState),
        (submit, a_draft(), NothingToSubmit),
        (return_, a_final(), InventoryIsFinal),
        (return_, a_draft(), WrongState),
        (return_, a_submitted(), ReasonsMissing),
        (approve, a_final(), InventoryIsFinal),
        (approve, a_draft(), WrongState),
        (approve, a_submitted(), SubmitterMayNotApprove),
        (change, a_final(), InventoryIsFinal),
        (change, a_submitted(), WrongState),
    ],
)
def test_what_may_not_be_done_to_an_inventory_is_refused(
    act: Callable[[Inventory], object], inventory: Inventory, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal) as caught:
        act(inventory)

    assert type(caught.value) is refusal
    assert caught.value.subject == "unon 2024, version 1"


def test_who_submitted_an_earlier_round_may_not_approve_either() -> None:
    again = a_submitted().return_(by=BEN, at=NOON, reasons="incomplete").submit(by=CY, at=NOON, record_count=1)

    with pytest.raises(SubmitterMayNotApprove):
        again.approve(by=ANN, at=NOON, entered_by=[])


def test_who_took_another_user_name_meanwhile_is_the_same_person() -> None:
    renamed = Person(subject=ANN.subject, name="ann.married")
    other = Person(subject="s-other-ann", name="ann")

    with pytest.raises(SubmitterMayNotApprove):
        a_submitted().approve(by=renamed, at=NOON, entered_by=[])
    assert a_submitted().approve(by=other, at=NOON, entered_by=[]).state == State.FINAL


def test_who_submitted_may_not_return_it_whatever_the_reasons() -> None:
    with pytest.raises(SubmitterMayNotReturn):
        a_submitted().return_(by=ANN, at=NOON, reasons=" ")


def test_who_entered_data_may_not_approve_what_another_submitted() -> None:
    with pytest.raises(EntererMayNotApprove):
        a_submitted().approve(by=BEN, at=NOON, entered_by=[CY, BEN])
    assert a_submitted().approve(by=BEN, at=NOON, entered_by=[CY]).state == State.FINAL


def a_line(category: Category, item: str, amount: str, unit: str, treatment: str | None = None) -> Line:
    activity = ActivityData(
        location_id="unon",
        category=category,
        item=item,
        treatment=treatment,
        period=Period(start=date(2024, 1, 1), end=date(2025, 1, 1)),
        amount=Quantity(Decimal(amount), unit),
        flight=None,
        quality=DataQuality.MEASURED,
        note=None,
        source=SourceRow(sheet="Data", row=2),
    )
    return Line(
        activity=activity,
        quantification=quantify(
            activity,
            place=Place(country="KEN", grid=None),
            catalogue=emission_factors(),
            gwp_set=GwpSet.named("AR5"),
        ),
    )


LINES = (
    a_line(Category.GRID_ELECTRICITY, "grid", "100", "MWh"),
    a_line(Category.GRID_ELECTRICITY, "grid", "50000", "kWh"),
    a_line(Category.GENERATOR_FUEL, "diesel", "1", "m3"),
    a_line(Category.REFRIGERANT, "R-410A", "2", "kg"),
    a_line(Category.HEATING_FUEL, "wood", "1", "tonne"),
    a_line(Category.TAXI_TRAVEL, "taxi", "80", "km"),
    a_line(Category.WASTE, "food", "10", "tonne", "landfill"),
    a_line(Category.WASTE, "medical", "500", "kg", "incineration"),
)


def test_totals_keep_optional_and_biogenic_apart() -> None:
    totals = total(LINES)

    wood = Decimal("4.68") * 28 + Decimal("0.0624") * 265
    scope_1 = Decimal("2690.8") + Decimal(3847) + wood
    assert totals.co2e_kg_by_scope == {1: scope_1, 2: Decimal("84.83") * 150, 3: Decimal("11.76")}
    assert totals.co2e_kg == scope_1 + Decimal("84.83") * 150 + Decimal("11.76")
    assert totals.co2e_kg == sum(totals.co2e_kg_by_category.values())
    assert totals.optional_co2e_kg_by_category == {Category.WASTE: Decimal("7002.0961")}
    assert totals.optional_co2e_kg == Decimal("7002.0961")
    assert totals.biogenic_co2_kg == Decimal("1747.2")
    assert totals.kg_by_gas["HFC-32"] == 1
    assert totals.kg_by_gas["CO2"] == 0


def a_totals(**kg_by_category: str) -> Totals:
    by_category = {Category(name): Decimal(kg) for name, kg in kg_by_category.items()}
    by_scope: dict[int, Decimal] = {}
    for category, kg in by_category.items():
        by_scope[category.scope] = by_scope.get(category.scope, Decimal(0)) + kg
    return Totals(
        co2e_kg=sum(by_category.values(), start=Decimal(0)),
        co2e_kg_by_scope=by_scope,
        co2e_kg_by_category=by_category,
        kg_by_gas={},
        optional_co2e_kg=Decimal(0),
        optional_co2e_kg_by_category={},
        biogenic_co2_kg=Decimal(0),
    )


@pytest.mark.parametrize(
    ("totals", "electricity", "scope2", "whole"),
    [
        (a_totals(grid_electricity="100", air_travel="7"), "40", "40", "47"),
        # Heat and cooling have no instruments: by the market they are what they are by the place.
        (a_totals(grid_electricity="100", purchased_heat="30", purchased_cooling="5", air_travel="7"), "0", "35", "42"),
        (a_totals(air_travel="7"), "0", None, None),
    ],
)
def test_the_total_by_the_market_differs_in_electricity_alone(
    totals: Totals, electricity: str, scope2: str | None, whole: str | None
) -> None:
    found = totals.with_market_based(Decimal(electricity))

    assert found.scope2_market_co2e_kg == (None if scope2 is None else Decimal(scope2))
    assert found.market_based_co2e_kg == (None if whole is None else Decimal(whole))
    assert found.co2e_kg == totals.co2e_kg


def test_steps_are_not_changed_by_a_later_step() -> None:
    submitted = a_submitted()

    submitted.approve(by=BEN, at=NOON, entered_by=[])

    assert submitted == replace(
        a_draft(),
        state=State.SUBMITTED,
        steps=(Step(action=submitted.steps[0].action, by=ANN, at=NOON, reasons=None),),
    )
