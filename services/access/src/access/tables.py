"""Tables of *access* beside the common ones of `chassis.tables`. All are append-only, save when drift is over."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, Integer, String, Table

from chassis.tables import metadata

__all__ = [
    "attestation",
    "attestation_entry",
    "drift",
    "holding",
    "membership",
    "membership_effect",
    "membership_step",
    "metadata",
]

_instant = DateTime(timezone=True)

membership = Table(
    "membership",
    metadata,
    Column("id", String, primary_key=True),
    Column("location_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("user_name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("substitutes_id", String, ForeignKey("membership.id"), nullable=True),
    Column("valid_from", _instant, nullable=False),
    Column("given_until", _instant, nullable=True),
    Column("justification", String, nullable=False),
    Column("proposed_by_subject", String, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_at", _instant, nullable=False),
    Column("needs_confirmation", Boolean, nullable=False),
)
"""A person's role at a location, as it was given or proposed."""

membership_step = Table(
    "membership_step",
    metadata,
    Column("membership_id", String, ForeignKey("membership.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("location_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("by_subject", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", _instant, nullable=False),
    Column("reason", String, nullable=True),
    Column("valid_until", _instant, nullable=True),
)
"""What people did to it afterwards."""

membership_effect = Table(
    "membership_effect",
    metadata,
    Column("membership_id", String, ForeignKey("membership.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("location_id", String, nullable=False),
    Column("effect", String, nullable=False),
    Column("at", _instant, nullable=False),
)
"""When the directory was told: joined or left."""

holding = Table(
    "holding",
    metadata,
    Column("membership_id", String, ForeignKey("membership.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("subject", String, nullable=False),
    Column("role", String, nullable=False),
    Column("held_from", _instant, nullable=False),
    Column("held_until", _instant, nullable=True),
)
"""Which roles a person holds, without saying where: what excludes what is judged across all locations. The highest
step of a membership counts."""

attestation = Table(
    "attestation",
    metadata,
    Column("id", String, primary_key=True),
    Column("location_id", String, nullable=False),
    Column("by_subject", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", _instant, nullable=False),
    Column("next_due_at", _instant, nullable=False),
)
"""One look at a location's whole list of memberships."""

attestation_entry = Table(
    "attestation_entry",
    metadata,
    Column("attestation_id", String, ForeignKey("attestation.id"), primary_key=True),
    Column("membership_id", String, ForeignKey("membership.id"), primary_key=True),
    Column("location_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("user_name", String, nullable=False),
    Column("valid_until", _instant, nullable=True),
    Column("verdict", String, nullable=False),
)
"""The list as it was then."""

drift = Table(
    "drift",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("location_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("user_name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("seen_at", _instant, nullable=False),
    Column("gone_at", _instant, nullable=True),
)
"""What the directory has otherwise than the record: unrecorded or missing; until it was seen to be over."""
