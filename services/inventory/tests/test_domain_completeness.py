"""What is expected, stated and covered: a row for each rule and each refusal, in their order."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from inventory.domain.activity_data import Category
from inventory.domain.completeness import (
    Coverage,
    Months,
    NotationKey,
    SourceState,
    StaffCoverage,
    StaffNode,
    expectation_to_declare,
    months_of,
    staff_coverage,
    statement_to_make,
)
from inventory.domain.errors import (
    MonthsMalformed,
    ReasonsMissing,
    Refused,
    SourceCategoryUnknown,
    SourceOfTheYear,
    SourceReported,
    SourceStated,
    StatementAlreadyWithdrawn,
)
from quantities.person import Person

AMINA, BARAKA = (Person(subject=f"subject-of-{name}", name=name) for name in ("amina", "baraka"))
AT = datetime(2025, 2, 1, tzinfo=UTC)
YEAR = months_of(2024, first=None, last=None)
JANUARY, MARCH = date(2024, 1, 1), date(2024, 3, 1)


def a_statement(**other: Any) -> Any:
    good = {
        "statement_id": "s", "inventory_id": "i", "location_id": "unon", "category": "generator_fuel", "months": YEAR,
        "year": 2024, "key": NotationKey.NOT_OCCURRING, "reason": " the generator was sold ", "reported": (),
        "standing": (), "by": AMINA, "at": AT,
    }  # fmt: skip
    return statement_to_make(**good | other)


def test_a_statement_keeps_what_was_said_of_which_months_and_by_whom() -> None:
    made = a_statement(months=months_of(2024, first=date(2024, 2, 17), last=date(2024, 3, 31)))

    assert made.months == Months(first=date(2024, 2, 1), next=date(2024, 4, 1))
    assert (made.category, made.reason, made.by) == (Category.GENERATOR_FUEL, "the generator was sold", AMINA)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"category": "unicorns", "reason": ""}, SourceCategoryUnknown),
        ({"category": "air_travel", "months": Months(first=JANUARY, next=MARCH), "reason": ""}, SourceOfTheYear),
        ({"reason": " \t", "reported": {JANUARY}}, ReasonsMissing),
        ({"reported": {JANUARY, MARCH}, "standing": (a_statement(),)}, SourceReported),
        ({"standing": (a_statement(),)}, SourceStated),
    ],
)
def test_statements_that_are_refused(given: dict[str, Any], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        a_statement(**given)


def test_a_statement_is_made_beside_records_of_other_months_and_statements_that_do_not_hold() -> None:
    from_march = Months(first=MARCH, next=YEAR.next)
    before = a_statement(months=Months(first=JANUARY, next=MARCH))
    withdrawn = a_statement().withdraw(reason="it is still there", by=BARAKA, at=AT)

    made = a_statement(months=from_march, reported={JANUARY, date(2024, 2, 1)}, standing=(before, withdrawn))

    assert made.months == from_march


def test_months_named_in_a_refusal_are_those_with_records() -> None:
    with pytest.raises(SourceReported, match=r"2024-01, 2024-03") as refused:
        a_statement(reported={MARCH, JANUARY, date(2025, 1, 1)})

    assert refused.value.found == "records in 2024-01, 2024-03"


def test_a_statement_is_withdrawn_once_and_with_a_reason() -> None:
    made = a_statement()
    with pytest.raises(ReasonsMissing):
        made.withdraw(reason=" ", by=BARAKA, at=AT)

    withdrawn = made.withdraw(reason=" wrong site ", by=BARAKA, at=AT)

    assert (withdrawn.withdrawn.reason, withdrawn.withdrawn.by) == ("wrong site", BARAKA)
    with pytest.raises(StatementAlreadyWithdrawn):
        withdrawn.withdraw(reason="", by=BARAKA, at=AT)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2023, 12, 31), None),
        (None, date(2025, 1, 1)),
        (date(2024, 5, 1), date(2024, 4, 30)),
    ],
)
def test_months_of_another_year_or_out_of_order_are_refused(first: date | None, last: date | None) -> None:
    with pytest.raises(MonthsMalformed):
        months_of(2024, first=first, last=last)


def test_an_expectation_has_a_known_category_whole_months_and_a_reason() -> None:
    good: dict[str, Any] = {
        "expectation_id": "e", "location_id": "unon", "category": "water", "months": Months(first=MARCH, next=None),
        "expected": True, "reason": "a new meter", "by": AMINA, "at": AT,
    }  # fmt: skip
    assert expectation_to_declare(**good).expected
    for given, refusal in (
        ({"category": "unicorns", "reason": ""}, SourceCategoryUnknown),
        ({"reason": ""}, ReasonsMissing),
    ):
        with pytest.raises(refusal):
            expectation_to_declare(**good | given)
    for first, after in ((date(2024, 3, 2), None), (MARCH, date(2024, 4, 2)), (MARCH, MARCH)):
        with pytest.raises(MonthsMalformed):
            Months(first=first, next=after)


def test_what_is_reported_is_what_has_records() -> None:
    assert {state for state in SourceState if state.is_reported} == {"measured", "estimated", "extrapolated"}


def test_a_share_of_nothing_is_no_figure() -> None:
    assert Coverage(covered=0, total=0).percent is None
    assert Coverage(covered=1, total=4).percent == 25


def a_node(id_: str, parent: str | None, personnel: int | None, *, reports: bool = False) -> StaffNode:
    return StaffNode(
        id=id_, parent_id=parent, personnel=None if personnel is None else Decimal(personnel), reports=reports
    )


@pytest.mark.parametrize(
    ("nodes", "covered", "total"),
    [
        # Every site reports: the mission's own figure holds, whatever its parts are known to be.
        (
            [a_node("m", None, 100), a_node("a", "m", 60, reports=True), a_node("b", "m", None, reports=True)],
            100,
            100,
        ),
        # One does not: what the others have is known, so is the whole.
        ([a_node("m", None, 100), a_node("a", "m", 60, reports=True), a_node("b", "m", None)], 60, 100),
        # Nobody stated the whole: it is the sum of the parts, or missing.
        ([a_node("m", None, None), a_node("a", "m", 60, reports=True), a_node("b", "m", 30)], 60, 90),
        ([a_node("m", None, None), a_node("a", "m", 60, reports=True), a_node("b", "m", None)], 60, None),
        ([a_node("m", None, 100), a_node("a", "m", None, reports=True), a_node("b", "m", 30)], None, 100),
        # It reports for itself, and not what is under it.
        ([a_node("m", None, 100, reports=True), a_node("a", "m", 30)], 70, 100),
        ([a_node("m", None, 100, reports=True), a_node("a", "m", None)], None, 100),
        ([a_node("m", None, None, reports=True), a_node("a", "m", 30)], None, None),
        ([a_node("m", None, 100), a_node("a", "m", 60)], 0, 100),
        ([], None, None),
    ],
)
def test_coverage_of_staff(nodes: list[StaffNode], covered: int | None, total: int | None) -> None:
    assert staff_coverage(nodes) == StaffCoverage(
        covered=None if covered is None else Decimal(covered), total=None if total is None else Decimal(total)
    )
