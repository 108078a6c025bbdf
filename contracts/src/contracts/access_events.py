"""Facts that *access* publishes: who was given and lost which role where. People are named by the issuer's id alone."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from contracts.fact import Fact

__all__ = ["MembersAttested", "MembershipEnded", "MembershipGranted"]


class MembershipGranted(Fact):
    """A person was given a role at a location; where two must agree, both did."""

    producer: ClassVar[str] = "access"
    name: ClassVar[str] = "membership_granted"
    aggregate: ClassVar[str] = "membership_id"

    membership_id: str
    role: str
    subject: str = Field(description="The person, by the issuer's id")
    kind: str = Field(description="ordinary or substitute")
    substitutes_membership_id: str | None = Field(description="The membership that a substitute stands in for")
    valid_from: datetime
    valid_until: datetime | None = Field(description="The first instant at which it holds no more; null: open-ended")
    proposed_by: str = Field(description="By the issuer's id")
    confirmed_by: str | None = Field(description="The second person, by the issuer's id; null where one is enough")


class MembershipEnded(Fact):
    """A role that a person had at a location holds no more."""

    producer: ClassVar[str] = "access"
    name: ClassVar[str] = "membership_ended"
    aggregate: ClassVar[str] = "membership_id"

    membership_id: str
    role: str
    subject: str = Field(description="The person, by the issuer's id")
    how: str = Field(description="ended by a person, or expired")
    ended_by: str | None = Field(description="By the issuer's id; null when it expired")
    ended_at: datetime


class MembersAttested(Fact):
    """Somebody looked at every membership at a location and kept or ended each."""

    producer: ClassVar[str] = "access"
    name: ClassVar[str] = "members_attested"
    aggregate: ClassVar[str] = "attestation_id"

    attestation_id: str
    attested_by: str = Field(description="By the issuer's id")
    kept: tuple[str, ...] = Field(description="Ids of memberships")
    ended: tuple[str, ...] = Field(description="Ids of memberships")
    next_due_at: datetime
