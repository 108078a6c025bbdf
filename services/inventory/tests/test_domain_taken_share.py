"""What of shares goes into an inventory and leaves it, and what would count a use twice."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from inventory.domain.activity_data import Category, Period
from inventory.domain.errors import ShareAlreadyBilled
from inventory.domain.premises_share import Share, ShareKind, by_year, tenant_share
from inventory.domain.taken_share import BilledLine, TakenShare, changes, require_not_billed, successors
from quantities import Unit
from services.inventory.tests.test_domain_premises import ANN, HOUSE, NOON, reading, tenancy


def share(**other: Any) -> Share:
    (part,) = by_year(reading(**other))
    found = tenant_share(part, HOUSE, [tenancy()])
    assert found is not None
    return found


def taken(of: Share, **other: Any) -> TakenShare:
    known = {
        "inventory_id": "i", "of_location_id": "escwa", "year": 2024, "record_id": 1, "premises_id": "p",
        "reading_id": of.part.reading.id, "meter": "E1", "location_id": "escwa", "kind": ShareKind.TENANT,
        "category": Category.GRID_ELECTRICITY, "item": "grid", "period": of.period,
        "metered_amount": of.part.amount, "numerator": of.numerator, "denominator": of.denominator,
        "amount": of.amount, "unit": Unit.KILOWATT_HOUR, "taken_by": ANN, "taken_at": NOON,
    }  # fmt: skip
    return TakenShare(**known | other)


def test_what_is_in_already_stays() -> None:
    one, other = share(), share(id="other", meter="E2")

    assert changes([taken(one)], [one, other]) == ((other,), ())


@pytest.mark.parametrize(
    "other",
    [
        {"numerator": Decimal(1)},
        {"denominator": Decimal(1)},
        {"amount": Decimal(1)},
        {"metered_amount": Decimal(1)},
        {"kind": ShareKind.OPERATOR},
        {"period": Period(start=date(2024, 1, 1), end=date(2024, 7, 1))},
    ],
)
def test_what_rests_on_something_else_leaves_for_what_holds(other: dict[str, Any]) -> None:
    line = taken(share(), **other)

    assert changes([line], [share()]) == ((share(),), (line,))
    assert changes([line], []) == ((), (line,))


def test_the_reading_in_the_place_of_another_is_the_last_of_a_line() -> None:
    first, second = reading(id="1", holds=False), reading(id="2", holds=False, supersedes_id="1", reason="r")
    third, alone = reading(id="3", supersedes_id="2", reason="r"), reading(id="alone")

    assert successors([third, first, alone, second]) == {"1": third, "2": third}


def line(**other: Any) -> BilledLine:
    known = {
        "name": "bill", "location_id": "escwa", "category": Category.GRID_ELECTRICITY, "item": "grid",
        "period": Period(start=date(2024, 12, 31), end=date(2025, 1, 1)), "meter": "", "note": None,
    }  # fmt: skip
    return BilledLine(**known | other)


@pytest.mark.parametrize("note", [None, "", "a note", "other meter", "other meter:  ", "the other meter: garage"])
def test_a_line_of_the_same_use_site_and_day_is_refused(note: str | None) -> None:
    for meter in ("", " e1 "):
        with pytest.raises(ShareAlreadyBilled, match="bill"):
            require_not_billed([share()], [line(note=note, meter=meter)])


@pytest.mark.parametrize(
    "other",
    [
        {"note": " Other meter: the garage "},
        {"meter": "E2"},
        {"location_id": "unon"},
        {"category": Category.WATER},
        {"item": "other"},
        {"period": Period(start=date(2025, 1, 1), end=date(2025, 1, 2))},
        {"period": Period(start=date(2023, 12, 31), end=date(2024, 1, 1))},
    ],
)
def test_a_line_of_anything_else_stands_beside_a_share(other: dict[str, Any]) -> None:
    require_not_billed([share()], [line(**other)])
