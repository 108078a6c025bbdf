"""Calendars that locations report by."""

from sqlalchemy import Column, Date, Index, String, Table

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = ["reporting_calendar"]

reporting_calendar = Table(
    "reporting_calendar",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("calendar", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("reason", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_by_subject", String, nullable=False),
    Column("set_at", instant, nullable=False),
    Index("reporting_calendar_by_location", "location_id", "valid_from", "id"),
)
"""From a month on; only ever added to."""
