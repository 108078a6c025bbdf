"""A fact as it travels: the one place where subject, headers and payload are put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.envelope import Envelope
from contracts.fact import Fact

__all__ = ["EventMessage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMessage:
    """An event on NATS, going out or come in; one that came in is not yet known to be well-formed."""

    subject: str
    headers: Mapping[str, str]
    payload: bytes

    @classmethod
    def of(
        cls,
        fact: Fact,
        *,
        event_id: str,
        location_path: str,
        occurred_at: datetime,
        aggregate_version: int,
        traceparent: str | None = None,
    ) -> "EventMessage":
        """The fact in its envelope, on the subject of its type and place."""
        envelope = Envelope(
            event_id=event_id,
            type=fact.type(),
            source=f"/lichen/{fact.producer}",
            location_path=location_path,
            occurred_at=occurred_at,
            aggregate_id=fact.aggregate_id(),
            aggregate_version=aggregate_version,
            traceparent=traceparent,
        )
        return cls(
            subject=f"{fact.subject_prefix()}.{location_path}._",
            headers=envelope.headers(),
            payload=fact.model_dump_json().encode(),
        )
