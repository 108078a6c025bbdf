"""An amount and its unit, never one without the other."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from quantities.errors import UnitsNotConvertible
from quantities.units import Unit, convert, parse_unit

__all__ = ["Quantity", "round_for_report"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount with its unit. The unit may be given as text; it is held as a `Unit`."""

    value: Decimal
    unit: Unit

    def __init__(self, value: Decimal, unit: Unit | str) -> None:
        # A float or a boolean here is a bug of the caller, and would be one in the figure.
        if not isinstance(value, Decimal):
            message = f"the value of a quantity is a Decimal, not {type(value).__name__}"
            raise TypeError(message)
        if not value.is_finite():
            message = f"the value of a quantity is finite, not {value}"
            raise ValueError(message)
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "unit", unit if isinstance(unit, Unit) else parse_unit(unit))

    def to(self, unit: Unit | str) -> "Quantity":
        """The same quantity in another unit.

        Refuses, in this order: UnitAmbiguous, UnitUnknown, UnitsNotConvertible.
        """
        target = unit if isinstance(unit, Unit) else parse_unit(unit)
        return Quantity(convert(self.value, unit=self.unit, to=target), target)

    def __add__(self, other: "Quantity") -> "Quantity":
        """Sum of two quantities of one unit; units are never converted unasked."""
        if self.unit != other.unit:
            raise UnitsNotConvertible(
                subject="unit",
                found=other.unit,
                expected=self.unit,
                message=f"Amounts in {self.unit} and {other.unit} are added only after one is converted.",
            )
        return Quantity(self.value + other.value, self.unit)

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}"


def round_for_report(quantity: Quantity, *, places: int) -> Quantity:
    """The quantity as a report prints it: half to even, once, at the very end."""
    return Quantity(quantity.value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN), quantity.unit)
