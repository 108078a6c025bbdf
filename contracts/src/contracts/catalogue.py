"""Every service and every fact of the platform, by name, each in one tuple."""

from contracts.access_events import MembersAttested, MembershipEnded, MembershipGranted
from contracts.audit import SEALS
from contracts.fact import Fact
from contracts.inventory import (
    InventoryFinalised,
    InventorySubmitted,
    LocationClosed,
    LocationMoved,
    LocationRegistered,
)
from contracts.offsets import (
    CreditsPurchased,
    CreditsRetired,
    NeutralityStatementIssued,
    PurchaseApproved,
    PurchaseRequested,
)
from contracts.reporting import ConsolidatedReportPublished, ProgressReportAccepted, ProgressReportSubmitted
from contracts.targets import ProgressAssessed, TargetSet

__all__ = ["FACTS", "SERVICES"]

SERVICES = tuple(SEALS)
"""Every service, each with a record that it seals."""

FACTS: tuple[type[Fact], ...] = (
    LocationRegistered,
    LocationMoved,
    LocationClosed,
    InventorySubmitted,
    InventoryFinalised,
    TargetSet,
    ProgressAssessed,
    PurchaseRequested,
    PurchaseApproved,
    CreditsPurchased,
    CreditsRetired,
    NeutralityStatementIssued,
    ProgressReportSubmitted,
    ProgressReportAccepted,
    ConsolidatedReportPublished,
    *SEALS.values(),
    MembershipGranted,
    MembershipEnded,
    MembersAttested,
)
