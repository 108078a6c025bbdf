"""Emission factors: releases, and editions as named selections of them."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Numeric, String, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from chassis.tables import metadata
from inventory.tables.columns import at_location, instant

__all__ = [
    "adoption_decision",
    "adoption_proposal",
    "emission_factor",
    "factor_edition",
    "factor_edition_adoption",
    "factor_edition_release",
    "factor_release",
]

factor_release = Table(
    "factor_release",
    metadata,
    Column("id", String, primary_key=True),
    Column("publisher", String, nullable=False),
    Column("document", String, nullable=False),
    Column("licence", String, nullable=False),
    Column("format", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("factor_count", Integer, nullable=False),
    Column("loaded_by", String, nullable=False),
    Column("loaded_at", instant, nullable=False),
)
"""A published file that was taken in, whole. Releases only ever grow in number; none changes."""

emission_factor = Table(
    "emission_factor",
    metadata,
    Column("id", String, primary_key=True),
    Column("release_id", String, ForeignKey("factor_release.id"), nullable=False),
    Column("category", String, nullable=False),
    Column("key", String, nullable=False),
    Column("place", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("unit", String, nullable=False),
    Column("kg_by_gas", JSONB, nullable=False),
    Column("co2e_kg", Numeric),
    Column("gwp_set", String),
    Column("biogenic_co2_kg", Numeric, nullable=False),
    Column("uncertainty_percent", Numeric),
    Column("published_as", String, nullable=False),
    Column("publisher", String, nullable=False),
    Column("document", String, nullable=False),
    Column("document_table", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("licence", String, nullable=False),
    Column("status", String, nullable=False),
    Index("emission_factor_by_release", "release_id", "id"),
)

factor_edition = Table(
    "factor_edition",
    metadata,
    Column("id", String, primary_key=True),
    Column("description", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("release_count", Integer, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_at", instant, nullable=False),
)
"""A named selection of releases; each inventory keeps its name. `content_hash` is made of those of its releases."""

factor_edition_release = Table(
    "factor_edition_release",
    metadata,
    Column("edition_id", String, ForeignKey("factor_edition.id"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("release_id", String, ForeignKey("factor_release.id"), nullable=False),
    UniqueConstraint("edition_id", "release_id"),
)
"""Where two releases answer one question, the one of the lower rank holds."""

factor_edition_adoption = Table(
    "factor_edition_adoption",
    metadata,
    Column("edition_id", String, ForeignKey("factor_edition.id"), primary_key=True),
    Column("reason", String, nullable=False),
    Column("adopted_by", String, nullable=False),
    Column("adopted_at", instant, nullable=False),
    Column("proposal_id", String, ForeignKey("adoption_proposal.id"), unique=True),
)
"""From when on new inventories are of the edition. Those that are there keep theirs. Without a proposal: it shipped."""

adoption_proposal = Table(
    "adoption_proposal",
    metadata,
    Column("id", String, primary_key=True),
    at_location(),
    Column("edition_id", String, ForeignKey("factor_edition.id"), nullable=False),
    Column("reason", String, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_by_subject", String, nullable=False),
    Column("proposed_at", instant, nullable=False),
    Index("adoption_proposal_by_edition", "edition_id", "id"),
)
"""Of the root, since editions are those of all locations: who reads there sees who proposed what, and why."""

adoption_decision = Table(
    "adoption_decision",
    metadata,
    Column("proposal_id", String, ForeignKey("adoption_proposal.id"), primary_key=True),
    at_location(),
    Column("outcome", String, nullable=False),
    Column("reason", String),
    Column("decided_by", String, nullable=False),
    Column("decided_by_subject", String, nullable=False),
    Column("decided_at", instant, nullable=False),
)
