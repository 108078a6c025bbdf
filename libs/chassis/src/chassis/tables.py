"""The tables that every service has. A service adds its own to the same `metadata`, in its `tables.py`."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

__all__ = [
    "audit_entry",
    "audit_head",
    "audit_witness",
    "dead_letter",
    "idempotency",
    "inbox",
    "inbox_position",
    "location",
    "location_closure",
    "location_lineage",
    "metadata",
    "outbox",
    "outbox_position",
    "publication",
]

metadata = MetaData()
_instant = DateTime(timezone=True)

location = Table(
    "location",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("parent_id", String, ForeignKey("location.id"), nullable=True, index=True),
    Column("path", String, nullable=False),
    Column("country", String, nullable=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=True),
)
"""Local copy of the register (in *inventory*: the register itself)."""

location_closure = Table(
    "location_closure",
    metadata,
    Column("ancestor_id", String, ForeignKey("location.id"), primary_key=True),
    Column("descendant_id", String, ForeignKey("location.id"), primary_key=True, index=True),
)
"""One row for each pair of ancestor (or self) and descendant: what a right at a location reaches."""

location_lineage = Table(
    "location_lineage",
    metadata,
    Column("ancestor_id", String, ForeignKey("location.id"), primary_key=True),
    Column("descendant_id", String, ForeignKey("location.id"), primary_key=True, index=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=True),
)
"""The closure with dates: what was under what, and when. Rights do not follow it."""

publication = Table(
    "publication",
    metadata,
    Column("location_id", String, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("inventory_id", String, primary_key=True),
    Column("report_id", String, nullable=False),
)
"""Location-years, by inventory version, that anyone may read."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", String, nullable=False, unique=True),
    Column("subject", String, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", _instant, nullable=False),
    Column("sent_at", _instant, nullable=True),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
)
"""Events of committed changes; the durable log. Rows stay 90 days and can be published again."""

outbox_position = Table(
    "outbox_position",
    metadata,
    Column("aggregate_id", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""Last event number of each aggregate; its row lock makes commit order and number order the same."""

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("handled_at", _instant, nullable=False),
)
"""Events whose effect is committed."""

inbox_position = Table(
    "inbox_position",
    metadata,
    Column("producer", String, primary_key=True),
    Column("aggregate_id", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""Last event number of each aggregate that was taken in."""

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", String, nullable=True),
    Column("subject", String, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("died_at", _instant, nullable=False),
    Column("replayed_at", _instant, nullable=True),
)
"""Events that could not be taken in, with the reason; an operator can replay them."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("subject", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request_hash", String, nullable=False),
    Column("result_id", String, nullable=False),
    Column("created_at", _instant, nullable=False),
)
"""Requests that were carried out, by caller and key."""

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("id", String, nullable=False, unique=True),
    Column("at", _instant, nullable=False),
    Column("subject", String, nullable=False),
    Column("name", String, nullable=False),
    Column("event_id", String, nullable=True),
    Column("action", String, nullable=False),
    Column("capability", String, nullable=True),
    Column("record_kind", String, nullable=True),
    Column("record_id", String, nullable=True),
    Column("location_id", String, nullable=False),
    Column("reason", String, nullable=True),
    Column("outcome", String, nullable=False),
    Column("refusal_code", String, nullable=True),
    Column("trace_id", String, nullable=True),
    Column("input", String, nullable=False),
)
"""The audit record. `hash` is the chain's after this entry; the other columns beside `seq` are its contents."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False),
    Column("sealed_hash", LargeBinary, nullable=False),
)
"""One row: where the record ends, and up to where it is sealed. Whoever appends locks it."""

audit_witness = Table(
    "audit_witness",
    metadata,
    Column("source", String, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("chain_head", LargeBinary, nullable=False),
    Column("sealed_at", _instant, nullable=False),
    Column("witnessed_at", _instant, nullable=False),
)
"""Seals of other services' records."""
