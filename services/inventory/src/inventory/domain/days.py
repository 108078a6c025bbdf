"""Which days have come."""

from datetime import UTC, date, datetime, timedelta

__all__ = ["latest_day"]

_FURTHEST_EAST = timedelta(hours=14)
"""Of Greenwich: the Line Islands of Kiribati."""


def latest_day(at: datetime) -> date:
    """The latest day that has begun anywhere at that instant, so the last that anything can be stated for.

    A statement has the day of its place, the record the instant in UTC: further east, the next day may have begun.
    """
    return (at.astimezone(UTC) + _FURTHEST_EAST).date()
