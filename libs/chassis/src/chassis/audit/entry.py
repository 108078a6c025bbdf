"""What an entry says, and the bytes that its hash is taken of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

import orjson

from chassis import telemetry
from chassis.ids import new_id
from contracts.envelope import Envelope

__all__ = ["CONTENTS", "Entry", "Outcome", "contents", "digest"]


class Outcome(StrEnum):
    """What became of an attempt."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record, before it has its place there. A field that is None says nothing, in the hash too."""

    id: str
    """UUIDv7."""
    at: datetime
    subject: str
    """Who: the issuer's stable id; for an effect of an event, the event's source."""
    name: str
    """User name as records show it; for an event, its producer."""
    event_id: str | None = None
    """The event whose effect this is."""
    action: str
    """The mutation's name, or the event's type."""
    capability: str | None = None
    record_kind: str | None = None
    record_id: str | None = None
    location_id: str
    """Where; the root where the place is not known."""
    reason: str | None = None
    """Why, where the caller said so."""
    outcome: Outcome
    refusal_code: str | None = None
    trace_id: str | None
    input: str
    """What was asked, as JSON; files and long texts by their SHA-256 and size."""

    def contents(self) -> bytes:
        return contents(asdict(self))

    @classmethod
    def of_event(cls, envelope: Envelope, *, location_id: str, payload: bytes, at: datetime) -> Self:
        """The event was taken in, and had its effect."""
        kind, _, key = envelope.aggregate_id.partition(":")
        return cls(
            id=new_id(),
            at=at,
            subject=envelope.source,
            name=envelope.source.rpartition("/")[2],
            event_id=envelope.event_id,
            action=envelope.type,
            record_kind=kind,
            record_id=key,
            location_id=location_id,
            outcome=Outcome.DONE,
            trace_id=telemetry.trace_id(),
            input=orjson.dumps({"payload": digest(payload)}).decode(),
        )


CONTENTS = tuple(sorted(field.name for field in fields(Entry)))


def contents(values: Mapping[str, Any]) -> bytes:
    """What the leaf is the hash of: the fields as a JSON object in the canonical form of RFC 8785, without the empty.

    So a field that is added later changes no earlier hash. Every value is text: instants are UTC with microseconds.
    """
    document = {name: value for name in CONTENTS if (value := values[name]) is not None}
    if "at" in document:
        document["at"] = values["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps(document)


def digest(value: bytes) -> dict[str, str | int]:
    """What stands for bytes that are too many to keep."""
    return {"bytes": len(value), "sha256": sha256(value).hexdigest()}
