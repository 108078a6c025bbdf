"""The only maker of the events of *offsets*."""

from decimal import Decimal

from contracts.fact import Amount
from contracts.offsets import (
    CreditsPurchased,
    CreditsRetired,
    NeutralityStatementIssued,
    PurchaseApproved,
    PurchaseRequested,
)
from offsets.domain.credit import CreditBatch, Retirement
from offsets.domain.purchase import Purchase
from offsets.domain.statement import NeutralityStatement

__all__ = [
    "credits_purchased",
    "credits_retired",
    "neutrality_statement_issued",
    "purchase_approved",
    "purchase_requested",
]


def purchase_requested(purchase: Purchase) -> PurchaseRequested:
    return PurchaseRequested(
        location_id=purchase.location_id,
        purchase_id=purchase.id,
        year=purchase.year,
        amount=_tonnes(purchase.tonnes),
        requested_by=purchase.requested_by.name,
    )


def purchase_approved(purchase: Purchase) -> PurchaseApproved:
    return PurchaseApproved(
        location_id=purchase.location_id,
        purchase_id=purchase.id,
        year=purchase.year,
        amount=_tonnes(purchase.tonnes),
        approved_by=purchase.steps[-1].by.name,
    )


def credits_purchased(batch: CreditBatch) -> CreditsPurchased:
    return CreditsPurchased(
        location_id=batch.location_id,
        purchase_id=batch.purchase_id,
        batch_id=batch.id,
        year=batch.year,
        registry=batch.series.registry,
        project=batch.series.project,
        vintage=batch.series.vintage,
        serial_first=batch.serials.first,
        serial_last=batch.serials.last,
        amount=_tonnes(batch.serials.tonnes),
        price=Amount(value=batch.price, unit=batch.currency),
    )


def credits_retired(retirement: Retirement) -> CreditsRetired:
    return CreditsRetired(
        location_id=retirement.location_id,
        retirement_id=retirement.id,
        batch_id=retirement.batch_id,
        year=retirement.year,
        registry=retirement.series.registry,
        project=retirement.series.project,
        vintage=retirement.series.vintage,
        serial_first=retirement.serials.first,
        serial_last=retirement.serials.last,
        amount=_tonnes(retirement.serials.tonnes),
    )


def neutrality_statement_issued(statement: NeutralityStatement) -> NeutralityStatementIssued:
    return NeutralityStatementIssued(
        location_id=statement.location_id,
        statement_id=statement.id,
        year=statement.year,
        inventory_id=statement.inventory_id,
        inventory_version=statement.inventory_version,
        need=_tonnes(statement.need_tonnes),
        retired=_tonnes(statement.retired_tonnes),
        coverage=Amount(value=statement.coverage_percent, unit="percent"),
        status=statement.status,
    )


def _tonnes(tonnes: int) -> Amount:
    return Amount(value=Decimal(tonnes), unit="tCO2e")
