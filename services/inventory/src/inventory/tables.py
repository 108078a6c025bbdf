"""Tables of *inventory*, beside the common ones of `chassis.tables`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata

__all__ = [
    "activity_import",
    "activity_record",
    "base_year",
    "base_year_decision",
    "base_year_proposal",
    "coefficient",
    "fuel_stock",
    "instrument",
    "instrument_cancellation",
    "inventory",
    "inventory_gas_total",
    "inventory_indicator",
    "inventory_market_total",
    "inventory_month_total",
    "inventory_step",
    "inventory_total",
    "location_change",
    "location_detail",
    "location_profile",
    "metadata",
    "record_correction",
    "scope2_part",
    "site_position",
]

_instant = DateTime(timezone=True)


def _location() -> Column[str]:
    return Column("location_id", String, ForeignKey("location.id"), nullable=False)


def _inventory() -> Column[str]:
    return Column("inventory_id", String, ForeignKey("inventory.id"), nullable=False)


location_detail = Table(
    "location_detail",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("city", String),
    Column("latitude", Numeric),
    Column("longitude", Numeric),
    Column("grid", String),
    Column("source", String, nullable=False),
)
"""City and coordinates are empty here and in `site_position`; the columns go one release later."""

site_position = Table(
    "site_position",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("city", String),
    Column("latitude", Numeric),
    Column("longitude", Numeric),
)
"""Where a location exactly is. Sensitive."""

fuel_stock = Table(
    "fuel_stock",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("fuel", String, nullable=False),
    Column("capacity", Numeric, nullable=False),
    Column("stock", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("entered_by", String, nullable=False),
    Column("entered_by_subject", String, nullable=False),
    Column("entered_at", _instant, nullable=False),
    Index("fuel_stock_newest", "location_id", "fuel", text("as_of DESC"), text("id DESC")),
)
"""What sites store of each fuel, as stated day by day. Sensitive, and only ever added to."""

location_profile = Table(
    "location_profile",
    metadata,
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("personnel", Numeric),
    Column("floor_area_m2", Numeric),
    Column("source", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_at", _instant, nullable=False),
)

location_change = Table(
    "location_change",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("kind", String, nullable=False),
    Column("on", Date, nullable=False),
    Column("from_parent_id", String, ForeignKey("location.id"), nullable=False),
    Column("parent_id", String, ForeignKey("location.id"), nullable=False),
    Column("recipient", String),
    Column("reason", String, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_by_subject", String, nullable=False),
    Column("changed_at", _instant, nullable=False),
    Index("location_change_by_location", "location_id", "on"),
)
"""Moves, mergers, closures and hand-overs, as they happened; only ever added to."""

inventory = Table(
    "inventory",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("gwp_set", String, nullable=False),
    Column("method_edition", String, nullable=False, server_default=text("'un-2023'")),
    Column("opened_by", String, nullable=False),
    Column("opened_at", _instant, nullable=False),
    Column("opened_by_subject", String),
    Column("corrects_id", String, ForeignKey("inventory.id"), unique=True),
    Column("cause", String),
    Column("reason", String),
    Column("final_at", _instant),
    UniqueConstraint("location_id", "year", "version"),
    Index("inventory_one_open", "location_id", "year", unique=True, postgresql_where=text("state <> 'final'")),
)

inventory_step = Table(
    "inventory_step",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    _location(),
    Column("action", String, nullable=False),
    Column("by", String, nullable=False),
    Column("by_subject", String),
    Column("at", _instant, nullable=False),
    Column("reasons", String),
)

activity_import = Table(
    "activity_import",
    metadata,
    Column("id", String, primary_key=True),
    _inventory(),
    _location(),
    Column("file_name", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("imported_by", String, nullable=False),
    Column("imported_by_subject", String),
    Column("imported_at", _instant, nullable=False),
    UniqueConstraint("inventory_id", "content_hash"),
)

coefficient = Table(
    "coefficient",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("category", String, nullable=False),
    Column("key", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("scope", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("factor_id", String, nullable=False),
    Column("factor_release", String, nullable=False),
    Column("gwp_set", String, nullable=False),
    Column("explanation", String, nullable=False),
    Column("kg_per_unit", JSONB, nullable=False),
    Column("co2e_kg_per_unit", Numeric, nullable=False),
    Column("biogenic_co2_kg_per_unit", Numeric, nullable=False),
)
"""What lines share: emissions of one unit, and all that they are traced by. The id is made from the rest."""

activity_record = Table(
    "activity_record",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _inventory(),
    Column("import_id", String, ForeignKey("activity_import.id"), nullable=False),
    _location(),
    Column("sheet", String, nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("category", String, nullable=False),
    Column("item", String, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("quality", String, nullable=False),
    Column("note", String),
    Column("coefficient_id", BigInteger, ForeignKey("coefficient.id")),
    Column("scope", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("co2e_kg", Numeric),
    Column("biogenic_co2_kg", Numeric),
    Column("corrects_id", BigInteger),
    Index("activity_record_by_inventory", "inventory_id", "id"),
    Index("activity_record_by_coefficient", "coefficient_id"),
)
"""A line. Its emissions are empty where the use is recorded and none are counted.

`corrects_id` is the line of the version before that it was copied from.
"""

record_correction = Table(
    "record_correction",
    metadata,
    Column("id", String, primary_key=True),
    _inventory(),
    _location(),
    Column("category", String, nullable=False),
    Column("action", String, nullable=False),
    Column("record_id", BigInteger),
    Column("replaced", JSONB(none_as_null=True)),
    Column("reason", String, nullable=False),
    Column("corrected_by", String, nullable=False),
    Column("corrected_by_subject", String, nullable=False),
    Column("corrected_at", _instant, nullable=False),
    Index("record_correction_by_inventory", "inventory_id", "id"),
)
"""What was done to single lines of a draft, and why. `replaced` is the line that left, whole."""

inventory_total = Table(
    "inventory_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
"""Scope 2 in it is location-based; `inventory_market_total` has the other figure."""

inventory_market_total = Table(
    "inventory_market_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
)
"""Scope 2 of final versions by the market-based method, with the keys of `inventory_total`."""

inventory_month_total = Table(
    "inventory_month_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("co2e_kg", Numeric, nullable=False),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("apportioned_co2e_kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)
"""By first day of the month. A line of several months is in each by its days: that part is `apportioned` too."""

inventory_gas_total = Table(
    "inventory_gas_total",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("category", String, primary_key=True),
    Column("optional", Boolean, primary_key=True),
    Column("gas", String, primary_key=True),
    Column("kg", Numeric, nullable=False),
    Column("records", BigInteger, nullable=False),
)

inventory_site = Table(
    "inventory_site",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("location_id", String, ForeignKey("location.id"), primary_key=True),
    Column("of_location_id", String, ForeignKey("location.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index("inventory_site_by_location", "location_id", "year"),
)
"""Sites of a final version, and of the one before it. Who has a site now finds its years with others by this."""

base_year = Table(
    "base_year",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("target_id", String),
    Column("number", Integer, nullable=False),
    Column("year", Integer, nullable=False),
    _inventory(),
    Column("co2e_kg", JSONB, nullable=False),
    Column("threshold_percent", Numeric, nullable=False),
    Column("reason", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_by_subject", String, nullable=False),
    Column("set_at", _instant, nullable=False),
    UniqueConstraint("location_id", "target_id", "number", postgresql_nulls_not_distinct=True),
)
"""`co2e_kg` is digits by category."""

base_year_proposal = Table(
    "base_year_proposal",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("base_year_id", String, ForeignKey("base_year.id"), nullable=False),
    Column("recalculate", Boolean, nullable=False),
    Column("share_percent", Numeric),
    Column("co2e_kg", JSONB, nullable=False),
    Column("reason", String, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_by_subject", String, nullable=False),
    Column("proposed_at", _instant, nullable=False),
    Index("base_year_proposal_by_base_year", "base_year_id", "id"),
)

base_year_decision = Table(
    "base_year_decision",
    metadata,
    Column("proposal_id", String, ForeignKey("base_year_proposal.id"), primary_key=True),
    _location(),
    Column("approved", Boolean, nullable=False),
    Column("reason", String),
    Column("decided_by", String, nullable=False),
    Column("decided_by_subject", String, nullable=False),
    Column("decided_at", _instant, nullable=False),
)

inventory_indicator = Table(
    "inventory_indicator",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    _location(),
    Column("indicator", String, primary_key=True),
    Column("value", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("open_to_all", Boolean),
)

instrument = Table(
    "instrument",
    metadata,
    Column("id", String, primary_key=True),
    _location(),
    Column("year", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("market", String, nullable=False),
    Column("source", String, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("unit", String, nullable=False),
    Column("co2e_kg_per_kwh", Numeric, nullable=False),
    Column("reference", String, nullable=False),
    Column("redeemed_on", Date, nullable=False),
    Column("evidence", String, nullable=False),
    Column("recorded_by", String, nullable=False),
    Column("recorded_by_subject", String, nullable=False),
    Column("recorded_at", _instant, nullable=False),
    Column("holds", Boolean, nullable=False, server_default=text("true")),
    Index("instrument_by_location", "location_id", "year", "id"),
    Index("instrument_one_claim", "year", text("lower(reference)"), unique=True, postgresql_where=text("holds")),
)
"""Contractual instruments for electricity. One that was cancelled stays, with its cancellation."""

instrument_cancellation = Table(
    "instrument_cancellation",
    metadata,
    Column("instrument_id", String, ForeignKey("instrument.id"), primary_key=True),
    _location(),
    Column("reason", String, nullable=False),
    Column("cancelled_by", String, nullable=False),
    Column("cancelled_by_subject", String, nullable=False),
    Column("cancelled_at", _instant, nullable=False),
)

scope2_part = Table(
    "scope2_part",
    metadata,
    Column("inventory_id", String, ForeignKey("inventory.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    _location(),
    Column("kwh", Numeric, nullable=False),
    Column("co2e_kg", Numeric),
    Column("basis", String, nullable=False),
    Column("instrument_id", String, ForeignKey("instrument.id")),
    Column("explanation", String, nullable=False),
)
"""Market-based scope 2 of a final version, part by part; of an `excess`, which is not counted, there is no CO2e."""
