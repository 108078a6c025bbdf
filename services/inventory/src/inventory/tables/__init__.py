"""Tables of *inventory*, beside the common ones of `chassis.tables`: one module a noun."""

from chassis.tables import metadata
from inventory.tables.base_years import (
    base_year,
    base_year_decision,
    base_year_proposal,
)
from inventory.tables.completeness import (
    inventory_coverage,
    source_expectation,
    source_statement,
    source_statement_withdrawal,
)
from inventory.tables.denominators import (
    denominator_statement,
    inventory_intensity,
    inventory_renewable_share,
)
from inventory.tables.evidence import evidence_detachment, evidence_file
from inventory.tables.factors import (
    adoption_decision,
    adoption_proposal,
    emission_factor,
    factor_edition,
    factor_edition_adoption,
    factor_edition_release,
    factor_release,
)
from inventory.tables.imports import import_file, import_job, import_problem
from inventory.tables.inventories import (
    inventory,
    inventory_indicator,
    inventory_site,
    inventory_step,
)
from inventory.tables.plausibility import (
    plausibility_range,
    warning_explanation,
)
from inventory.tables.premises import (
    meter_reading,
    premises,
    premises_share,
    tenancy,
)
from inventory.tables.private_factors import private_factor, private_factor_release
from inventory.tables.proxies import (
    proxy_estimate,
)
from inventory.tables.records import (
    activity_import,
    activity_record,
    coefficient,
    record_correction,
)
from inventory.tables.register import (
    fuel_stock,
    location_change,
    location_detail,
    location_profile,
    site_position,
)
from inventory.tables.reporting_calendars import reporting_calendar
from inventory.tables.scope2 import (
    instrument,
    instrument_cancellation,
    scope2_part,
)
from inventory.tables.totals import (
    inventory_final_total,
    inventory_gas_total,
    inventory_market_total,
    inventory_month_total,
    inventory_total,
)
from inventory.tables.uncertainty import (
    inventory_uncertainty,
    uncertainty_statement,
)

__all__ = [
    "activity_import",
    "activity_record",
    "adoption_decision",
    "adoption_proposal",
    "base_year",
    "base_year_decision",
    "base_year_proposal",
    "coefficient",
    "denominator_statement",
    "emission_factor",
    "evidence_detachment",
    "evidence_file",
    "factor_edition",
    "factor_edition_adoption",
    "factor_edition_release",
    "factor_release",
    "fuel_stock",
    "import_file",
    "import_job",
    "import_problem",
    "instrument",
    "instrument_cancellation",
    "inventory",
    "inventory_coverage",
    "inventory_final_total",
    "inventory_gas_total",
    "inventory_indicator",
    "inventory_intensity",
    "inventory_market_total",
    "inventory_month_total",
    "inventory_renewable_share",
    "inventory_site",
    "inventory_step",
    "inventory_total",
    "inventory_uncertainty",
    "location_change",
    "location_detail",
    "location_profile",
    "metadata",
    "meter_reading",
    "plausibility_range",
    "premises",
    "premises_share",
    "private_factor",
    "private_factor_release",
    "proxy_estimate",
    "record_correction",
    "reporting_calendar",
    "scope2_part",
    "site_position",
    "source_expectation",
    "source_statement",
    "source_statement_withdrawal",
    "tenancy",
    "uncertainty_statement",
    "warning_explanation",
]
