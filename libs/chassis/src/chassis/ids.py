"""Identifiers that we make: time-ordered, so that indexes stay compact."""

from datetime import UTC, datetime

from uuid_utils import UUID, uuid7

__all__ = ["made_at", "new_id"]

_TIME_ORDERED = 7


def new_id() -> str:
    """UUIDv7 (RFC 9562 §5.7) as text."""
    return str(uuid7())


def made_at(identifier: str) -> datetime | None:
    """When it was made, as its first 48 bits say; None where it is none of ours."""
    try:
        parsed = UUID(identifier)
    except ValueError:
        return None
    return datetime.fromtimestamp(parsed.timestamp / 1000, UTC) if parsed.version == _TIME_ORDERED else None
