"""What requests of *access* have beside the database."""

from dataclasses import dataclass

from access.people import People

__all__ = ["Resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Opened when the process begins to serve."""

    people: People
    attestation_interval_days: int
