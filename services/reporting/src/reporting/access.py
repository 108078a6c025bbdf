"""Who may do what in *reporting*: use case → capability. Roles and capabilities: `contracts.access`."""

from contracts.access import Capability

__all__ = [
    "ACCEPT_PROGRESS_REPORT",
    "CONSOLIDATE_REPORTS",
    "OPEN_REPORTING_CYCLE",
    "PUBLISH_CONSOLIDATED_REPORT",
    "READ",
    "RETURN_PROGRESS_REPORT",
    "SUBMIT_PROGRESS_REPORT",
]

READ = Capability.READ
OPEN_REPORTING_CYCLE = Capability.MANAGE_CYCLE
SUBMIT_PROGRESS_REPORT = Capability.SUBMIT_REPORT
RETURN_PROGRESS_REPORT = Capability.ACCEPT_REPORT
ACCEPT_PROGRESS_REPORT = Capability.ACCEPT_REPORT
CONSOLIDATE_REPORTS = Capability.ACCEPT_REPORT
PUBLISH_CONSOLIDATED_REPORT = Capability.PUBLISH_REPORT
