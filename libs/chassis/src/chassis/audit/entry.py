"""What an entry says, and the bytes that its hash is taken of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from hashlib import sha256
from typing import Any, Self

import orjson
from strawberry.types.unset import UNSET
from strawberry.utils.str_converters import to_camel_case

from chassis import telemetry
from chassis.access import Principal
from chassis.ids import new_id
from chassis.refusals import Refusal
from contracts.access import Capability
from contracts.envelope import Envelope

__all__ = ["CONTENTS", "Attempt", "Entry", "Outcome", "contents", "described"]

TEXT_MAX = 10_000
"""Characters of one text that are kept as they came."""
INPUT_MAX = 65_536
"""Bytes of a request's input that are kept as they came."""
REASONS = ("justification", "reason", "reasons")
"""Names under which inputs say why."""


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
            input=orjson.dumps({"payload": _digest(payload)}).decode(),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a person asks for by a mutation, before it is known what becomes of it."""

    principal: Principal
    capability: Capability
    request: Any
    """The mutation's input."""

    def done(self, decided: Any, *, location_id: str) -> Entry:
        return self._entry(
            location_id=location_id, record_kind=_snake_case(type(decided).__name__), record_id=decided.id
        )

    def refused(self, refusal: Refusal, *, location_id: str) -> Entry:
        """The record is the one that the input names, whether there is one or not."""
        named = [
            (field.name.removesuffix("_id"), getattr(self.request, field.name))
            for field in fields(self.request)
            if field.name.endswith("_id") and field.name != "location_id"
        ]
        kind, key = named[0] if named else (None, None)
        entry = self._entry(location_id=location_id, record_kind=kind, record_id=None if key is None else _short(key))
        return replace(entry, outcome=Outcome.REFUSED, refusal_code=refusal.code)

    @property
    def location_id(self) -> str | None:
        """Where, as far as the input says."""
        return getattr(self.request, "location_id", None)

    def _entry(self, *, location_id: str, record_kind: str | None, record_id: str | None) -> Entry:
        reason = next((found for name in REASONS if (found := getattr(self.request, name, None))), None)
        name = type(self.request).__name__.removesuffix("Input")
        return Entry(
            id=new_id(),
            at=datetime.now(UTC),
            subject=self.principal.subject,
            name=self.principal.name,
            action=name[0].lower() + name[1:],
            capability=self.capability,
            record_kind=record_kind,
            record_id=record_id,
            location_id=location_id,
            reason=None if reason is None else _short(reason),
            outcome=Outcome.DONE,
            trace_id=telemetry.trace_id(),
            input=described(self.request),
        )


def described(request: object) -> str:
    """The input as JSON, by GraphQL's names; never a file's contents, and never more than fits."""
    document = orjson.dumps(_plain(request), option=orjson.OPT_SORT_KEYS)
    if len(document) > INPUT_MAX:
        document = orjson.dumps(_digest(document))
    return document.decode()


def _plain(value: Any) -> Any:  # noqa: PLR0911 - a case a kind
    match value:
        case bytes():
            return _digest(value)
        case str() if len(value) > TEXT_MAX:
            return _digest(value.encode())
        case None | bool() | int():
            return value
        case Enum():
            return value.value
        case str():
            return str(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            parts = {to_camel_case(field.name): getattr(value, field.name) for field in fields(value)}
            return {name: _plain(part) for name, part in parts.items() if part is not UNSET}
        case _:
            return str(value)


def _digest(value: bytes) -> dict[str, str | int]:
    return {"bytes": len(value), "sha256": sha256(value).hexdigest()}


def _short(value: str) -> str:
    return value[:TEXT_MAX]


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
