"""What a person asks for by a mutation, as the entry that it becomes."""

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson
from strawberry.types.unset import UNSET
from strawberry.utils.str_converters import to_camel_case

from chassis import telemetry
from chassis.access import Principal
from chassis.audit.entry import Entry, Outcome, digest
from chassis.ids import new_id
from chassis.refusals import Refusal
from contracts.access import Capability

__all__ = ["INPUT_MAX", "TEXT_MAX", "Attempt", "described"]

TEXT_MAX = 10_000
"""Characters of one text that are kept as they came."""
INPUT_MAX = 65_536
"""Bytes of a request's input that are kept as they came."""
REASONS = ("justification", "reason", "reasons")
"""Names under which inputs say why."""


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
        document = orjson.dumps(digest(document))
    return document.decode()


def _plain(value: Any) -> Any:  # noqa: PLR0911 - a case a kind
    match value:
        case bytes():
            return digest(value)
        case str() if len(value) > TEXT_MAX:
            return digest(value.encode())
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


def _short(value: str) -> str:
    return value[:TEXT_MAX]


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
