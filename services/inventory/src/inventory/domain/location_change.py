"""What becomes of a location of the register: it moves, merges into another one, closes, or is handed over.

Its history goes along: nothing that it reported is rewritten (GHG Protocol Corporate Standard, chapter 5).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from inventory.domain.days import latest_day
from inventory.domain.errors import (
    ChangeBeforeEarlierOne,
    ChangeInTheFuture,
    ChangeNeedsOneOutcome,
    LocationClosed,
    LocationHasOpenParts,
    LocationUnderItself,
    ReasonsMissing,
    RootStays,
)
from inventory.domain.location import Location
from quantities.person import Person

__all__ = ["LocationChange", "LocationChangeKind", "close_location", "move_location"]


class LocationChangeKind(StrEnum):
    """What happened to a location."""

    MOVED = "moved"
    MERGED = "merged"
    CLOSED = "closed"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChange:
    """One thing that happened to a location, on a day."""

    id: str
    location_id: str
    kind: LocationChangeKind
    on: date
    """First day of the new state."""
    from_parent_id: str
    """What it was directly under until then."""
    parent_id: str
    """What it is directly under from then on; a merged one is under the location that took it in."""
    recipient: str | None
    """Who took it over, outside the Secretariat."""
    reason: str
    by: Person
    at: datetime


def move_location(
    location: Location,
    *,
    change_id: str,
    parent: Location,
    above_parent: Collection[str],
    earlier: date | None,
    on: date,
    reason: str,
    by: Person,
    at: datetime,
) -> LocationChange:
    """Put a location under another parent.

    `above_parent` are the parent and all above it; `earlier` is the day of the newest change of the places concerned.

    Refuses, in this order: RootStays; LocationUnderItself for a parent that it is or has below it, or is under already;
    LocationClosed for either; as `_require_day`; ReasonsMissing.
    """
    from_parent_id = _require_not_root(location)
    if location.id in above_parent or parent.id == from_parent_id:
        raise LocationUnderItself(
            subject=location.id,
            found=f"new parent {parent.id}",
            expected="a location that is neither it, nor below it, nor its parent already",
            message=f"{location.id} can't be moved under {parent.id}.",
        )
    for each in (location, parent):
        _require_open(each, on=on)
    _require_day(location, earlier=earlier, on=on, at=at)
    return LocationChange(
        id=change_id,
        location_id=location.id,
        kind=LocationChangeKind.MOVED,
        on=on,
        from_parent_id=from_parent_id,
        parent_id=parent.id,
        recipient=None,
        reason=_require_reason(location, reason),
        by=by,
        at=at,
    )


def close_location(
    location: Location,
    *,
    change_id: str,
    into: Location | None,
    above_into: Collection[str],
    recipient: str | None,
    open_parts: Collection[str],
    earlier: date | None,
    on: date,
    reason: str,
    by: Person,
    at: datetime,
) -> LocationChange:
    """End a location: closed, merged `into` another one, or handed over to a `recipient` outside.

    A merged one is below what took it in from then on. `open_parts` are the locations under it that have not ended by
    that day.

    Refuses, in this order: RootStays; ChangeNeedsOneOutcome for a location and a recipient at once; LocationUnderItself
    for one that it is or has below it; LocationClosed for either; LocationHasOpenParts; as `_require_day`;
    ReasonsMissing.
    """
    from_parent_id = _require_not_root(location)
    if into is not None and recipient is not None:
        raise ChangeNeedsOneOutcome(
            subject=location.id,
            found=f"merged into {into.id} and handed over to {recipient}",
            expected="one of the two, or neither",
            message=f"{location.id} is either merged or handed over, not both.",
        )
    if into is not None and location.id in above_into:
        raise LocationUnderItself(
            subject=location.id,
            found=f"merged into {into.id}",
            expected="a location that is neither it nor below it",
            message=f"{location.id} can't be merged into {into.id}.",
        )
    for each in (location, into):
        if each is not None:
            _require_open(each, on=on)
    if open_parts:
        raise LocationHasOpenParts(
            subject=location.id,
            found=f"open under it: {', '.join(sorted(open_parts))}",
            expected="each of them moved or closed first",
            message=f"{location.id} has locations under it that are open; move or close them first.",
        )
    _require_day(location, earlier=earlier, on=on, at=at)
    kind = LocationChangeKind.CLOSED
    if into is not None:
        kind = LocationChangeKind.MERGED
    elif recipient is not None:
        kind = LocationChangeKind.HANDED_OVER
    return LocationChange(
        id=change_id,
        location_id=location.id,
        kind=kind,
        on=on,
        from_parent_id=from_parent_id,
        parent_id=from_parent_id if into is None else into.id,
        recipient=recipient,
        reason=_require_reason(location, reason),
        by=by,
        at=at,
    )


def _require_not_root(location: Location) -> str:
    if location.parent_id is None:
        raise RootStays(
            subject=location.id,
            found="the root of the register",
            expected="a location under it",
            message=f"{location.id} is the root of the register; it neither moves nor ends.",
        )
    return location.parent_id


def _require_open(location: Location, *, on: date) -> None:
    if location.valid_to is not None and location.valid_to <= on:
        raise LocationClosed(
            subject=location.id,
            found=f"closed on {location.valid_to}",
            expected=f"a location that is open on {on}",
            message=f"{location.id} has been closed since {location.valid_to}.",
        )


def _require_day(location: Location, *, earlier: date | None, on: date, at: datetime) -> None:
    """Refuses, in this order: ChangeInTheFuture; ChangeBeforeEarlierOne, or before it opened."""
    latest = latest_day(at)
    if on > latest:
        raise ChangeInTheFuture(
            subject=location.id,
            found=str(on),
            expected=f"a day up to {latest}",
            message=f"What happens to {location.id} is entered once the day has come; {on} was given.",
        )
    least = location.valid_from + timedelta(days=1) if earlier is None else max(earlier, location.valid_from)
    if on < least:
        raise ChangeBeforeEarlierOne(
            subject=location.id,
            found=str(on),
            expected=f"a day from {least} on",
            message=f"{on} is before an earlier change of {location.id}, or of what it was or is to be under.",
        )


def _require_reason(location: Location, reason: str) -> str:
    if not reason.strip():
        raise ReasonsMissing(
            subject=location.id,
            found="no reason",
            expected="why it changes, with the decision behind it",
            message=f"A change of {location.id} in the register says why.",
        )
    return reason.strip()
