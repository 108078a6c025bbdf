"""Airports and the distance between them."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["EARTH_RADIUS_KM", "Airport", "great_circle_km", "passenger_km"]

EARTH_RADIUS_KM = Decimal("6371.009")
"""Mean radius R1 of the ellipsoid WGS 84 (Moritz, Geodetic Reference System 1980, Journal of Geodesy 74, 2000)."""

_DISTANCE_STEP_KM = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Airport:
    """An airport by its IATA code."""

    iata: str
    latitude: Decimal
    """Degrees north."""
    longitude: Decimal
    """Degrees east."""


def great_circle_km(origin: Airport, destination: Airport) -> Decimal:
    """Shortest way over a sphere of `EARTH_RADIUS_KM`, by the haversine formula, to 0.1 km.

    No detour is added: the factors of air travel hold it already. Angles are worked out in binary floating point, some
    eight digits finer than the step to which the result is rounded before it becomes a figure.
    """
    origin_latitude = math.radians(origin.latitude)
    destination_latitude = math.radians(destination.latitude)
    half_north = (destination_latitude - origin_latitude) / 2
    half_east = math.radians(destination.longitude - origin.longitude) / 2
    haversine = (
        math.sin(half_north) ** 2
        + math.cos(origin_latitude) * math.cos(destination_latitude) * math.sin(half_east) ** 2
    )
    central_angle = 2 * math.asin(min(1, math.sqrt(haversine)))
    return (Decimal(central_angle) * EARTH_RADIUS_KM).quantize(_DISTANCE_STEP_KM, rounding=ROUND_HALF_EVEN)


def passenger_km(*, distance_km: Decimal, passengers: int, is_return: bool) -> Decimal:
    """Passenger-kilometres of a journey: one leg, by its passengers, twice if they came back the same way."""
    return distance_km * passengers * (2 if is_return else 1)
