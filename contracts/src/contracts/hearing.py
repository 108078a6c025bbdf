"""Who reads whose events: the services among each other, and everybody else by capability.

The accounts of NATS are made of this, and so are the consumers that each producer keeps for those who hear it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contracts.access import Capability

if TYPE_CHECKING:
    from contracts.fact import Fact

__all__ = ["HEARERS", "READ_BY_FACT", "READ_BY_PRODUCER", "producers_heard_by", "reading"]

HEARERS: Mapping[str, frozenset[str]] = {
    "inventory": frozenset({"targets", "offsets", "reporting", "access"}),
    "targets": frozenset({"reporting"}),
    "offsets": frozenset({"reporting"}),
    "reporting": frozenset({"inventory", "targets", "offsets"}),
    "access": frozenset({"reporting"}),
}
"""Producer → services that hear it; `make contracts` refuses it where their `incoming.py` say otherwise."""

READ_BY_PRODUCER: Mapping[str, Capability] = {
    "inventory": Capability.READ,
    "targets": Capability.READ,
    "offsets": Capability.READ_OFFSETS,
    "reporting": Capability.READ,
    "access": Capability.READ_MEMBERS,
}
"""What somebody outside must hold at a place to read the producer's events from there."""

READ_BY_FACT: Mapping[str, Capability] = {
    "audit_sealed": Capability.READ_AUDIT,
}
"""Facts, by name, that another capability guards than the rest of what their producer says."""


def producers_heard_by(service: str) -> list[str]:
    return [producer for producer, hearers in HEARERS.items() if service in hearers]


def reading(fact: "type[Fact]") -> Capability:
    """What somebody outside must hold at a place to read this fact from there."""
    return READ_BY_FACT.get(fact.name, READ_BY_PRODUCER[fact.producer])
