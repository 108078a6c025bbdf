"""What *inventory* does: one plain function a verb. Check the right, load, decide, store, say what happened."""

from inventory.usecases.base_years import (
    decide_recalculation,
    propose_recalculation,
    set_base_year,
    simulate_recalculation,
)
from inventory.usecases.completeness import expect_source, state_source, withdraw_source_statement
from inventory.usecases.corrections import correct_activity_record, correct_inventory
from inventory.usecases.edition_adoptions import (
    decide_edition_adoption,
    propose_edition_adoption,
    withdraw_edition_adoption,
)
from inventory.usecases.evidence import attach_evidence, detach_evidence, read_evidence
from inventory.usecases.exports import export_figures, export_records, export_totals
from inventory.usecases.import_jobs import (
    cancel_import,
    find_import_job,
    import_template,
    marked_file,
    request_import,
    undo_import,
)
from inventory.usecases.imports import import_activity_data
from inventory.usecases.instruments import cancel_instrument, record_instrument
from inventory.usecases.intensity import intensities_of, state_denominator
from inventory.usecases.inventories import approve_inventory, return_inventory, submit_inventory
from inventory.usecases.locations import record_fuel_stock, register_location
from inventory.usecases.plausibility import explain_warning, findings_of, set_plausibility_range
from inventory.usecases.premises import record_meter_reading, register_premises, set_tenancy
from inventory.usecases.premises_shares import PremisesShares, current_shares_of, premises_shares, take_premises_share
from inventory.usecases.private_factors import add_private_factors
from inventory.usecases.proxies import (
    estimate_small_office,
    small_office_estimate,
)
from inventory.usecases.register import close_location, move_location
from inventory.usecases.renewable_share import renewable_share_of
from inventory.usecases.reporting_calendars import set_reporting_calendar
from inventory.usecases.scope2 import market_based_of
from inventory.usecases.uncertainty import factor_groups, state_uncertainty, stated_percents_of, uncertainty_of

__all__ = [
    "PremisesShares",
    "add_private_factors",
    "approve_inventory",
    "attach_evidence",
    "cancel_import",
    "cancel_instrument",
    "close_location",
    "correct_activity_record",
    "correct_inventory",
    "current_shares_of",
    "decide_edition_adoption",
    "decide_recalculation",
    "detach_evidence",
    "estimate_small_office",
    "expect_source",
    "explain_warning",
    "export_figures",
    "export_records",
    "export_totals",
    "factor_groups",
    "find_import_job",
    "findings_of",
    "import_activity_data",
    "import_template",
    "intensities_of",
    "marked_file",
    "market_based_of",
    "move_location",
    "premises_shares",
    "propose_edition_adoption",
    "propose_recalculation",
    "read_evidence",
    "record_fuel_stock",
    "record_instrument",
    "record_meter_reading",
    "register_location",
    "register_premises",
    "renewable_share_of",
    "request_import",
    "return_inventory",
    "set_base_year",
    "set_plausibility_range",
    "set_reporting_calendar",
    "set_tenancy",
    "simulate_recalculation",
    "small_office_estimate",
    "state_denominator",
    "state_source",
    "state_uncertainty",
    "stated_percents_of",
    "submit_inventory",
    "take_premises_share",
    "uncertainty_of",
    "undo_import",
    "withdraw_edition_adoption",
    "withdraw_source_statement",
]
