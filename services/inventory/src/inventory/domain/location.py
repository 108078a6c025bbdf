"""The register of locations: the organizational boundary (GHG Protocol Corporate Standard, chapter 3), as a tree."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from inventory.domain.errors import (
    CoordinatesOutOfRange,
    LocationClosesBeforeItOpens,
    LocationCodeMalformed,
)

__all__ = ["Location", "location_to_register"]

_CODE = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the Secretariat, for ever known by its code."""

    id: str
    """Stable code; also the last segment of its path."""
    name: str
    kind: str
    parent_id: str | None
    country: str | None
    """ISO 3166-1 alpha-3."""
    city: str | None
    latitude: Decimal | None
    """Degrees north."""
    longitude: Decimal | None
    """Degrees east."""
    grid: str | None
    """Electricity grid for the choice of factors: a subregion; None where the country is enough."""
    valid_from: date
    valid_to: date | None
    """First day on which it is no longer a location."""
    source: str
    """Where these facts are published."""


def location_to_register(location: Location) -> Location:
    """The location, if it may enter the register.

    Refuses, in this order: LocationCodeMalformed, LocationClosesBeforeItOpens, CoordinatesOutOfRange.
    """
    if not _CODE.fullmatch(location.id):
        raise LocationCodeMalformed(
            subject="location code",
            found=repr(location.id),
            expected="2 to 31 characters: a lower-case letter, then letters, digits and hyphens",
            message=f"{location.id!r} can't be a location code.",
        )
    if location.valid_to is not None and location.valid_to <= location.valid_from:
        raise LocationClosesBeforeItOpens(
            subject=location.id,
            found=f"closes {location.valid_to}",
            expected=f"after it opens on {location.valid_from}",
            message=f"{location.id} would close on {location.valid_to}, before it opens on {location.valid_from}.",
        )
    for degrees, most in ((location.latitude, 90), (location.longitude, 180)):
        if degrees is not None and abs(degrees) > most:
            raise CoordinatesOutOfRange(
                subject=location.id,
                found=f"{degrees} degrees",
                expected=f"-{most} to {most} degrees",
                message=f"{location.id} has a coordinate of {degrees} degrees, outside -{most} to {most}.",
            )
    return location
