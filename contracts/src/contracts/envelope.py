"""CloudEvents 1.0, binary mode, on NATS: which header carries what.

Forty lines of our own: the CloudEvents SDK has no NATS binding, and the core of it would only copy these names.
Source: CloudEvents 1.0.2 §3 (attributes); NATS protocol binding 1.0.2 §3.1 (binary content mode, `ce-` prefix).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Envelope", "EnvelopeMalformed"]


class EnvelopeMalformed(ValueError):
    """A message on an event subject lacks a required CloudEvents attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who says it, about what, when, and in which trace."""

    event_id: str
    """UUIDv7; also `Nats-Msg-Id`. The same id always means the same event."""
    type: str
    source: str
    """`/lichen/<service>`"""
    location_path: str
    """Codes from the root joined by dots."""
    occurred_at: datetime
    aggregate_id: str
    aggregate_version: int
    """Counts the events of the aggregate from 1 without gaps."""
    traceparent: str | None = None
    """W3C trace context of the change that caused the event."""

    def headers(self) -> dict[str, str]:
        headers = {
            "ce-specversion": "1.0",
            "ce-id": self.event_id,
            "ce-type": self.type,
            "ce-source": self.source,
            "ce-subject": self.location_path,
            "ce-time": self.occurred_at.isoformat(),
            "ce-aggregateid": self.aggregate_id,
            "ce-aggregateversion": str(self.aggregate_version),
            "content-type": "application/json",
        }
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        return headers

    @classmethod
    def read(cls, headers: Mapping[str, str] | None) -> "Envelope":
        """Refuses: EnvelopeMalformed when an attribute is missing or unreadable."""
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            return cls(
                event_id=lowered["ce-id"],
                type=lowered["ce-type"],
                source=lowered["ce-source"],
                location_path=lowered["ce-subject"],
                occurred_at=datetime.fromisoformat(lowered["ce-time"]),
                aggregate_id=lowered["ce-aggregateid"],
                aggregate_version=int(lowered["ce-aggregateversion"]),
                traceparent=lowered.get("traceparent"),
            )
        except (KeyError, ValueError) as error:
            message = f"not a CloudEvent of this platform: {error}"
            raise EnvelopeMalformed(message) from error
