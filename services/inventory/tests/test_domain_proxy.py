"""Proxies for small offices: a row for each rule and each refusal, in their order."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from inventory import catalogue
from inventory.domain.activity_data import Category
from inventory.domain.errors import (
    ComparableOfficeMissing,
    OfficeNotSmall,
    PersonnelUnknown,
    ProxyNotForCategory,
    PublishedFigureMissing,
    ReasonsMissing,
    Refused,
    SourceCategoryUnknown,
    SourceHasRecords,
)
from inventory.domain.proxy import (
    ComparableUse,
    as_file,
    per_person_of,
    proxies_for,
    require_proxy_allowed,
)
from quantities import Unit


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"category": "unicorns", "personnel": None}, SourceCategoryUnknown),
        ({"category": "air_travel", "personnel": None}, ProxyNotForCategory),
        ({"category": "refrigerant", "personnel": None}, ProxyNotForCategory),
        ({"personnel": None, "has_records": True}, PersonnelUnknown),
        # Five are not fewer than five.
        ({"personnel": Decimal(5), "has_records": True}, OfficeNotSmall),
        ({"has_records": True, "reason": ""}, SourceHasRecords),
        ({"reason": " "}, ReasonsMissing),
    ],
)
def test_proxies_that_are_refused(given: dict[str, Any], refusal: type[Refused]) -> None:
    good: dict[str, Any] = {
        "location_id": "unon", "category": "water", "personnel": Decimal("4.999"), "has_records": False, "reason": "r",
    }  # fmt: skip
    assert require_proxy_allowed(**good) == (Category.WATER, Decimal("4.999"))
    with pytest.raises(refusal):
        require_proxy_allowed(**good | given)


def a_use(location_id: str, amount: str, item: str = "grid") -> ComparableUse:
    return ComparableUse(
        location_id=location_id, item=item, treatment=None, unit=Unit.KILOWATT_HOUR, amount=Decimal(amount)
    )


def per_person(*uses: ComparableUse, of: tuple[str, ...], personnel: dict[str, str]) -> Any:
    return per_person_of(
        Category.GRID_ELECTRICITY, location_id="unon", comparable_ids=of, uses=uses,
        personnel={code: Decimal(persons) for code, persons in personnel.items()}, year=2023, published=(),
    )  # fmt: skip


def test_what_comparable_offices_used_is_divided_by_all_their_people() -> None:
    (found,) = per_person(a_use("a", "900"), a_use("b", "100"), of=("a", "b"), personnel={"a": "3", "b": "1"})

    # Not the mean of 300 and 100: each person counts once.
    assert found.amount == 250
    assert found.basis == "1000 kWh for 4 persons at a, b in 2023, final"


def test_a_figure_a_person_is_of_every_digit_that_the_offices_recorded() -> None:
    large, small = a_use("a", "123456789012345"), a_use("b", "0.00000000000000000002")

    (found,) = per_person(large, small, of=("a", "b"), personnel={"a": "1", "b": "1"})

    assert found.amount == Decimal("61728394506172.50000000000000000001")


@pytest.mark.parametrize(
    ("uses", "of", "personnel", "named"),
    [
        ((a_use("a", "1"),), ("a", "b"), {"a": "3", "b": "1"}, "b"),
        ((a_use("a", "1"), a_use("b", "1")), ("a", "b"), {"a": "3"}, "b"),
        ((a_use("a", "1"),), ("a",), {"a": "0"}, "a"),
        ((a_use("unon", "1"),), ("unon",), {"unon": "2"}, "unon"),
        ((), ("a", "b"), {}, "a, b"),
    ],
)
def test_comparable_offices_have_records_and_people_and_are_others(
    uses: tuple[ComparableUse, ...], of: tuple[str, ...], personnel: dict[str, str], named: str
) -> None:
    with pytest.raises(ComparableOfficeMissing) as refused:
        per_person(*uses, of=of, personnel=personnel)

    assert refused.value.subject == named


def test_without_offices_a_published_figure_holds_or_there_is_none() -> None:
    with pytest.raises(PublishedFigureMissing):
        per_person(of=(), personnel={})

    (water,) = per_person_of(
        Category.WATER, location_id="unon", comparable_ids=(), uses=(), personnel={}, year=2023,
        published=catalogue.per_person(),
    )  # fmt: skip

    assert (water.amount, water.unit) == (49, Unit.CUBIC_METRE)
    assert "Greening the Blue" in water.basis


@pytest.mark.parametrize(
    ("opened", "closed", "amount", "formula"),
    [
        (date(2000, 1, 1), None, "147", "3 persons x 49 m3 a person"),
        (date(2000, 1, 1), date(2025, 1, 1), "147", "3 persons x 49 m3 a person"),
        # 2024 has 366 days.
        (date(2024, 7, 1), None, "73.901639", "3 persons x 49 m3 a person x 184/366 days"),
        (date(2000, 1, 1), date(2024, 3, 1), "24.098361", "3 persons x 49 m3 a person x 60/366 days"),
    ],
)
def test_a_proxy_is_of_the_days_on_which_the_office_was_open(
    opened: date, closed: date | None, amount: str, formula: str
) -> None:
    published = [item for item in catalogue.per_person() if item.category == Category.WATER]

    (made,) = proxies_for(
        published, location_id="unon", personnel=Decimal(3), year=2024, opened=opened, closed=closed, reason="no meter"
    )

    assert (made.amount.normalize(), made.formula) == (Decimal(amount), formula)


def test_the_file_marks_each_line_with_its_formula_basis_and_reason() -> None:
    made = proxies_for(
        catalogue.per_person(), location_id="unon", personnel=Decimal(2), year=2023, opened=date(2000, 1, 1),
        closed=None, reason=" no meter ",
    )  # fmt: skip

    header, water, waste = as_file(made).decode().splitlines()

    assert header == "site,category,item,treatment,start,end,amount,unit,quality,note"
    assert water.startswith("unon,water,public_network,,2023-01-01,2023-12-31,98.000000,m3,extrapolated,")
    assert "Proxy for a small office: 2 persons x 49 m3 a person; 49 m3 a person and year" in water
    assert water.endswith('no meter"')
    assert waste.startswith("unon,waste,mixed,unknown,")
