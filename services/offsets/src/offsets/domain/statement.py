"""Neutrality statements: what retirements cover of a location's need in a year, and the inventory this stands on.

Each one supersedes the last one of that location and year; all stay readable.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from offsets.domain.need import OffsetNeed

__all__ = ["NeutralityStatement", "Status", "state_neutrality"]


class Status(StrEnum):
    """What a statement says."""

    NEUTRAL = "neutral"
    """At least as much is retired as there is need."""
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralityStatement:
    """What was true when it was issued."""

    id: str
    location_id: str
    year: int
    number: int
    """Counts the statements of the location and year from 1."""
    inventory_id: str
    inventory_version: int
    need_tonnes: int
    retired_tonnes: int
    coverage_percent: Decimal
    """Unrounded; above 100 where more is retired than needed; 100 where nothing is needed."""
    status: Status
    supersedes_id: str | None
    issued_at: datetime


def state_neutrality(
    *,
    statement_id: str,
    need: OffsetNeed,
    retired_tonnes: int,
    previous: NeutralityStatement | None,
    at: datetime,
) -> NeutralityStatement:
    """The next statement of the need's location and year. The status is by tonnes, never by a rounded percentage."""
    return NeutralityStatement(
        id=statement_id,
        location_id=need.location_id,
        year=need.year,
        number=previous.number + 1 if previous else 1,
        inventory_id=need.inventory_id,
        inventory_version=need.inventory_version,
        need_tonnes=need.tonnes,
        retired_tonnes=retired_tonnes,
        coverage_percent=Decimal(retired_tonnes) * 100 / need.tonnes if need.tonnes else Decimal(100),
        status=Status.NEUTRAL if retired_tonnes >= need.tonnes else Status.PARTIAL,
        supersedes_id=previous.id if previous else None,
        issued_at=at,
    )
