"""Seals of the audit records: what each service publishes of its record, and who keeps it as a witness.

A seal has hashes alone and nothing of what happened. With them, a record that is rewritten as a whole, its chain
included, no longer fits what its witness keeps.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from pydantic import Field

from contracts.fact import Fact

__all__ = [
    "SEALS",
    "WITNESSES",
    "AccessAuditSealed",
    "AuditSealed",
    "InventoryAuditSealed",
    "OffsetsAuditSealed",
    "ReportingAuditSealed",
    "TargetsAuditSealed",
]


class AuditSealed(Fact):
    """A batch of a service's audit record was sealed; each service has a fact of its own."""

    name: ClassVar[str] = "audit_sealed"
    aggregate: ClassVar[str] = "service"

    service: str = Field(description="Whose record it is")
    first_seq: int
    last_seq: int = Field(description="Inclusive; the next seal begins after it")
    leaves: str = Field(description="SHA-256 of each entry (RFC 9162 leaf), 32 bytes each in a row, base64")
    root: str = Field(description="Merkle root of these leaves (RFC 9162), hexadecimal")
    chain_head: str = Field(description="The record's hash chain after the last entry, hexadecimal")
    sealed_at: datetime


class InventoryAuditSealed(AuditSealed):
    """A batch of the audit record of *inventory* was sealed. It says nothing of what the entries hold."""

    producer: ClassVar[str] = "inventory"


class TargetsAuditSealed(AuditSealed):
    """A batch of the audit record of *targets* was sealed. It says nothing of what the entries hold."""

    producer: ClassVar[str] = "targets"


class OffsetsAuditSealed(AuditSealed):
    """A batch of the audit record of *offsets* was sealed. It says nothing of what the entries hold."""

    producer: ClassVar[str] = "offsets"


class ReportingAuditSealed(AuditSealed):
    """A batch of the audit record of *reporting* was sealed. It says nothing of what the entries hold."""

    producer: ClassVar[str] = "reporting"


class AccessAuditSealed(AuditSealed):
    """A batch of the audit record of *access* was sealed. It says nothing of what the entries hold."""

    producer: ClassVar[str] = "access"


SEALS: Mapping[str, type[AuditSealed]] = {
    seal.producer: seal
    for seal in (
        InventoryAuditSealed,
        TargetsAuditSealed,
        OffsetsAuditSealed,
        ReportingAuditSealed,
        AccessAuditSealed,
    )
}
"""By service."""

WITNESSES: Mapping[str, str] = {
    "inventory": "reporting",
    "targets": "reporting",
    "offsets": "reporting",
    "access": "reporting",
    "reporting": "inventory",
}
"""Service → who keeps its seals: another one, in another database, under another role."""
