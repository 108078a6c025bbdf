"""The days on which something may happen to a location, to the day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from inventory.domain.errors import ChangeBeforeEarlierOne, ChangeInTheFuture
from inventory.domain.location import Location
from inventory.domain.location_change import close_location, move_location
from quantities.person import Person

ANN = Person(subject="1", name="ann")
NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)


def location(code: str) -> Location:
    return Location(
        id=code, name=code, kind="office", parent_id="secretariat", country="KEN", city=None, latitude=None,
        longitude=None, grid=None, valid_from=date(2020, 5, 1), valid_to=None, source="s",
    )  # fmt: skip


def moved(**given: Any) -> date:
    good = {"earlier": None, "on": date(2025, 1, 1), "reason": "r", "by": ANN, "at": NOON}
    return move_location(
        location("unon"), change_id="c", parent=location("escwa"), above_parent={"escwa", "secretariat"}, **good | given
    ).on


def closed(**given: Any) -> date:
    good = {"earlier": None, "on": date(2025, 1, 1), "reason": "r", "by": ANN, "at": NOON}
    return close_location(
        location("unon"), change_id="c", into=None, above_into=(), recipient=None, open_parts=(), **good | given
    ).on


@pytest.mark.parametrize("then", [moved, closed])
@pytest.mark.parametrize(
    ("on", "earlier", "refusal"),
    [
        # Further east the next day may have begun.
        (date(2025, 2, 2), None, None),
        (date(2025, 2, 3), None, ChangeInTheFuture),
        (date(2020, 5, 1), None, ChangeBeforeEarlierOne),
        (date(2020, 5, 2), None, None),
        (date(2024, 3, 9), date(2024, 3, 10), ChangeBeforeEarlierOne),
        (date(2024, 3, 10), date(2024, 3, 10), None),
        (date(2020, 4, 30), date(2019, 1, 1), ChangeBeforeEarlierOne),
    ],
)
def test_the_first_and_the_last_day(then: Any, on: date, earlier: date | None, refusal: type[Exception] | None) -> None:
    if refusal is None:
        assert then(on=on, earlier=earlier) == on
        return
    with pytest.raises(refusal):
        then(on=on, earlier=earlier)
