"""Facts that *offsets* publishes: purchases, the credits ledger, and neutrality statements."""

from typing import ClassVar

from pydantic import Field

from contracts.fact import Amount, Fact

__all__ = ["CreditsPurchased", "CreditsRetired", "NeutralityStatementIssued", "PurchaseApproved", "PurchaseRequested"]


class PurchaseRequested(Fact):
    """Someone asked for credits for a location and year. Nothing is bought yet."""

    producer: ClassVar[str] = "offsets"
    name: ClassVar[str] = "purchase_requested"
    aggregate: ClassVar[str] = "purchase_id"

    purchase_id: str
    year: int
    amount: Amount = Field(description="tCO2e, whole tonnes")
    requested_by: str


class PurchaseApproved(Fact):
    """Another person approved the request."""

    producer: ClassVar[str] = "offsets"
    name: ClassVar[str] = "purchase_approved"
    aggregate: ClassVar[str] = "purchase_id"

    purchase_id: str
    year: int
    amount: Amount
    approved_by: str


class CreditsPurchased(Fact):
    """Credits were delivered into the ledger as one batch with a serial range. One serial is one tonne."""

    producer: ClassVar[str] = "offsets"
    name: ClassVar[str] = "credits_purchased"
    aggregate: ClassVar[str] = "purchase_id"

    purchase_id: str
    batch_id: str
    year: int
    registry: str
    project: str
    vintage: int
    serial_first: int
    serial_last: int = Field(description="Inclusive")
    amount: Amount
    price: Amount = Field(description="Total price, ISO 4217 currency as the unit")


class CreditsRetired(Fact):
    """Serials left circulation for ever on behalf of a location and a year."""

    producer: ClassVar[str] = "offsets"
    name: ClassVar[str] = "credits_retired"
    aggregate: ClassVar[str] = "retirement_id"

    retirement_id: str
    batch_id: str
    year: int
    registry: str
    project: str
    vintage: int
    serial_first: int
    serial_last: int = Field(description="Inclusive")
    amount: Amount


class NeutralityStatementIssued(Fact):
    """What retirements cover of a location's emissions, and the inventory version that this stands on.

    A later inventory version or retirement issues another statement, which supersedes this one.
    """

    producer: ClassVar[str] = "offsets"
    name: ClassVar[str] = "neutrality_statement_issued"
    aggregate: ClassVar[str] = "statement_id"

    statement_id: str
    year: int
    inventory_id: str
    inventory_version: int
    need: Amount
    retired: Amount
    coverage: Amount = Field(description="Percent of the need that retirements cover")
    status: str = Field(description="neutral or partial")
