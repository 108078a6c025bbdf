"""What may be stated of stored fuel: one row for each refusal, in its order."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from inventory.catalogue import emission_factors
from inventory.domain.errors import CapacityNotPositive, FuelUnknown, StockInTheFuture, StockOutOfRange, UnitNotOfFuel
from inventory.domain.fuel_stock import FuelStock, fuel_stock_to_record, fuels_of
from quantities import Quantity
from quantities.errors import UnitAmbiguous, UnitUnknown
from quantities.person import Person
from quantities.refusal import Refusal

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
ANN = Person(subject="s-ann", name="ann")
FUELS = fuels_of(emission_factors())
GOOD: dict[str, Any] = {
    "stock_id": "s", "location_id": "unon", "fuel": "diesel", "fuels": FUELS, "capacity": Decimal(50000),
    "stock": Decimal("31234.5"), "unit": "litres", "as_of": date(2025, 2, 1), "by": ANN, "at": NOON,
}  # fmt: skip


def test_a_statement_is_held_as_given_in_the_units_own_name() -> None:
    assert fuel_stock_to_record(**GOOD) == FuelStock(
        id="s",
        location_id="unon",
        fuel="diesel",
        capacity=Quantity(Decimal(50000), "litre"),
        stock=Quantity(Decimal("31234.5"), "litre"),
        as_of=date(2025, 2, 1),
        entered_by=ANN,
        entered_at=NOON,
    )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        # In the order in which they are met: each row is wrong for every later reason as well.
        ({"fuel": "plutonium", "unit": "gallons"}, FuelUnknown),
        ({"fuel": "grid", "unit": "gallons"}, FuelUnknown),
        ({"unit": "gallons", "capacity": Decimal(0)}, UnitAmbiguous),
        ({"unit": "barrel", "capacity": Decimal(0)}, UnitUnknown),
        ({"unit": "kWh", "capacity": Decimal(0)}, UnitNotOfFuel),
        ({"unit": "GJ_net", "capacity": Decimal(0)}, UnitNotOfFuel),
        ({"unit": "m2", "capacity": Decimal(0)}, UnitNotOfFuel),
        ({"capacity": Decimal(0), "stock": Decimal(1)}, CapacityNotPositive),
        ({"capacity": Decimal(-1), "stock": Decimal(-2)}, CapacityNotPositive),
        ({"stock": Decimal("50000.001"), "as_of": date(2025, 2, 3)}, StockOutOfRange),
        ({"stock": Decimal("-0.001"), "as_of": date(2025, 2, 3)}, StockOutOfRange),
        ({"as_of": date(2025, 2, 3)}, StockInTheFuture),
        # At 09:59 in Greenwich the day has ended nowhere; a minute later it has.
        ({"as_of": date(2025, 2, 2), "at": NOON - timedelta(hours=2, minutes=1)}, StockInTheFuture),
    ],
)
def test_what_can_not_be_stated_is_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        fuel_stock_to_record(**GOOD | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"stock": Decimal(0)},
        {"stock": Decimal(50000)},
        {"unit": "m3"},
        {"unit": "us_gallon"},
        {"fuel": "wood", "unit": "tonne"},
        {"fuel": "lpg", "unit": "kg"},
        {"as_of": date(2025, 2, 2)},  # where the sun is ahead of Greenwich
    ],
)
def test_at_the_edge_it_is_taken(changes: dict[str, Any]) -> None:
    assert fuel_stock_to_record(**GOOD | changes).id == "s"
