"""Wastewater that a location treats or lets go by itself, where its load was measured.

Equations and defaults: IPCC 2006 Guidelines, volume 5, chapter 6, domestic wastewater.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

__all__ = ["CH4_KG_PER_BOD_KG_MAX", "METHANE_CORRECTION", "ch4_kg_per_bod_kg"]

CH4_KG_PER_BOD_KG_MAX = Decimal("0.6")
"""Bo, the most methane that a kilogram of BOD can give (page 6.12)."""

METHANE_CORRECTION: Mapping[str, Decimal] = MappingProxyType(
    {
        "open_water": Decimal("0.1"),
        "stagnant_sewer": Decimal("0.5"),
        "flowing_sewer": Decimal(0),
        "aerobic_plant": Decimal(0),
        "aerobic_plant_overloaded": Decimal("0.3"),
        "sludge_digester": Decimal("0.8"),
        "anaerobic_reactor": Decimal("0.8"),
        "shallow_lagoon": Decimal("0.2"),
        "deep_lagoon": Decimal("0.8"),
        "septic_system": Decimal("0.5"),
        "latrine_family": Decimal("0.1"),
        "latrine_communal": Decimal("0.5"),
        "latrine_wet": Decimal("0.7"),
        "latrine_emptied": Decimal("0.1"),
    }
)
"""MCF, how much of it a system gives (table 6.3). Latrines: of a family or of many people in a dry climate, in a wet
climate or flushed, and with sediment regularly removed. An aerobic plant is well managed, or overloaded."""


def ch4_kg_per_bod_kg(treatment: str) -> Decimal:
    """Methane of a kilogram of BOD before recovery, Bo x MCF (equation 6.2)."""
    return CH4_KG_PER_BOD_KG_MAX * METHANE_CORRECTION[treatment]
