"""Quantities with units, GWP sets and rounding: what every figure of the platform is made of."""

from quantities.errors import GasNotInGwpSet, GwpSetUnknown, UnitAmbiguous, UnitsNotConvertible, UnitUnknown
from quantities.gwp import Blend, GwpSet, PublishedGwp
from quantities.quantity import Quantity, round_for_report
from quantities.refusal import Refusal
from quantities.units import Unit, convertible, parse_unit

__all__ = [
    "Blend",
    "GasNotInGwpSet",
    "GwpSet",
    "GwpSetUnknown",
    "PublishedGwp",
    "Quantity",
    "Refusal",
    "Unit",
    "UnitAmbiguous",
    "UnitUnknown",
    "UnitsNotConvertible",
    "convertible",
    "parse_unit",
    "round_for_report",
]
