"""Tables of *reporting*, beside the common ones of `chassis.tables`."""

from typing import Any

from sqlalchemy import Column, Date, DateTime, ForeignKey, Index, Integer, Numeric, String, Table, UniqueConstraint

from chassis.tables import metadata

__all__ = [
    "consolidated_figure",
    "consolidated_member",
    "consolidated_publication",
    "consolidated_report",
    "inventory_figure",
    "metadata",
    "neutrality_standing",
    "progress_figure",
    "progress_report",
    "report_decision",
    "report_figure",
    "reporting_cycle",
    "reporting_duty",
]

_instant = DateTime(timezone=True)


def _location(*, primary_key: bool = False) -> Column[str]:
    return Column("location_id", String, ForeignKey("location.id"), nullable=False, primary_key=primary_key)


def _figure() -> tuple[Column[Any], ...]:
    return (
        Column("section", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("name", String, nullable=False),
        Column("value", Numeric, nullable=False),
        Column("unit", String, nullable=False),
        Column("note", String),
    )


inventory_figure = Table(
    "inventory_figure",
    metadata,
    _location(),
    Column("year", Integer, nullable=False),
    Column("inventory_id", String, primary_key=True),
    Column("inventory_version", Integer, nullable=False),
    *_figure(),
    Index("inventory_figure_by_year", "location_id", "year"),
)

progress_figure = Table(
    "progress_figure",
    metadata,
    Column("assessment_id", String, primary_key=True),
    _location(),
    Column("year", Integer, nullable=False),
    Column("target_id", String, nullable=False),
    Column("inventory_version", Integer, nullable=False),
    Column("indicator", String, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("verdict", String, nullable=False),
    Index("progress_figure_by_year", "location_id", "year"),
)

neutrality_standing = Table(
    "neutrality_standing",
    metadata,
    Column("statement_id", String, primary_key=True),
    _location(),
    Column("year", Integer, nullable=False),
    Column("inventory_version", Integer, nullable=False),
    Column("coverage_percent", Numeric, nullable=False),
    Column("status", String, nullable=False),
    Index("neutrality_standing_by_year", "location_id", "year"),
)

reporting_cycle = Table(
    "reporting_cycle",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("due_on", Date, nullable=False),
    Column("opened_by", String, nullable=False),
    Column("opened_at", _instant, nullable=False),
)

reporting_duty = Table(
    "reporting_duty",
    metadata,
    Column("year", Integer, ForeignKey("reporting_cycle.year"), primary_key=True, autoincrement=False),
    _location(primary_key=True),
)

progress_report = Table(
    "progress_report",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("year", Integer, ForeignKey("reporting_cycle.year"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("inventory_id", String, nullable=False),
    Column("inventory_version", Integer, nullable=False),
    Column("narrative", String, nullable=False),
    Column("submitted_by_subject", String),
    Column("submitted_by", String, nullable=False),
    Column("submitted_at", _instant, nullable=False),
    UniqueConstraint("location_id", "year", "version"),
)

report_figure = Table(
    "report_figure",
    metadata,
    Column("report_id", String, ForeignKey("progress_report.id"), primary_key=True),
    _location(),
    *_figure(),
)

report_decision = Table(
    "report_decision",
    metadata,
    Column("report_id", String, ForeignKey("progress_report.id"), primary_key=True),
    _location(),
    Column("action", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", _instant, nullable=False),
    Column("reasons", String),
)

consolidated_report = Table(
    "consolidated_report",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("year", Integer, ForeignKey("reporting_cycle.year"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("consolidated_by", String, nullable=False),
    Column("consolidated_by_subject", String),
    Column("consolidated_at", _instant, nullable=False),
    UniqueConstraint("year", "version"),
)

consolidated_member = Table(
    "consolidated_member",
    metadata,
    Column("consolidated_id", String, ForeignKey("consolidated_report.id"), primary_key=True),
    _location(),
    Column("member_id", String, ForeignKey("location.id"), primary_key=True),
    Column("report_id", String, ForeignKey("progress_report.id"), index=False),
    Column("inventory_id", String),
    Column("inventory_version", Integer),
    Column("total_kg", Numeric),
    Index("consolidated_member_by_report", "report_id"),
)

consolidated_figure = Table(
    "consolidated_figure",
    metadata,
    Column("consolidated_id", String, ForeignKey("consolidated_report.id"), primary_key=True),
    _location(),
    *_figure(),
)

consolidated_publication = Table(
    "consolidated_publication",
    metadata,
    Column("consolidated_id", String, ForeignKey("consolidated_report.id"), primary_key=True),
    _location(),
    Column("by", String, nullable=False),
    Column("at", _instant, nullable=False),
)
