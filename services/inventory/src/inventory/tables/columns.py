"""Columns that many tables have."""

from sqlalchemy import Column, DateTime, ForeignKey, String

__all__ = ["at_location", "instant", "of_inventory"]

instant = DateTime(timezone=True)


def at_location() -> Column[str]:
    return Column("location_id", String, ForeignKey("location.id"), nullable=False)


def of_inventory() -> Column[str]:
    return Column("inventory_id", String, ForeignKey("inventory.id"), nullable=False)
