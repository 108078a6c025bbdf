"""What is plausible, and what is found beyond: a row for each rule and each refusal, in their order."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from inventory import catalogue
from inventory.domain.activity_data import Category
from inventory.domain.errors import (
    ErrorNotExplained,
    ExplanationTooShort,
    FindingNotThere,
    RangeBoundsMalformed,
    RangeDatesMalformed,
    RangeItemNotToldApart,
    ReasonsMissing,
    Refused,
    SourceCategoryUnknown,
)
from inventory.domain.plausibility import (
    Basis,
    Data,
    Explanation,
    Finding,
    FindingCode,
    PlausibilityRange,
    Severity,
    Use,
    explanation_of,
    findings,
    range_to_set,
)
from quantities import Unit, UnitUnknown
from quantities.person import Person

AMINA = Person(subject="subject-of-amina", name="amina")
AT = datetime(2025, 2, 1, tzinfo=UTC)


def a_range(**other: Any) -> PlausibilityRange:
    good = {
        "range_id": "r", "place_id": "unon", "category": "water", "item": None, "basis": Basis.YEAR, "unit": "m3",
        "low": Decimal(10), "high": Decimal(100), "severity": Severity.WARNING, "valid_from": date(2020, 1, 1),
        "valid_to": None, "source": "a survey", "by": AMINA, "at": AT,
    }  # fmt: skip
    return range_to_set(**good | other)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"category": "unicorns", "item": "horns"}, SourceCategoryUnknown),
        ({"item": "borehole", "unit": "unicorns"}, RangeItemNotToldApart),
        ({"category": None, "item": "diesel", "unit": "unicorns"}, RangeItemNotToldApart),
        ({"unit": "unicorns", "low": None, "high": None}, UnitUnknown),
        ({"low": None, "high": None, "valid_to": date(2020, 1, 1)}, RangeBoundsMalformed),
        ({"low": Decimal(-1)}, RangeBoundsMalformed),
        ({"low": Decimal(101)}, RangeBoundsMalformed),
        ({"valid_to": date(2020, 1, 1), "source": ""}, RangeDatesMalformed),
        ({"source": " "}, ReasonsMissing),
    ],
)
def test_ranges_that_are_refused(given: dict[str, Any], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        a_range(**given)


def a_use(amount: str = "50", **other: Any) -> Use:
    good: dict[str, Any] = {
        "location_id": "unon", "category": Category.WATER, "item": "borehole", "unit": Unit.CUBIC_METRE,
        "month": date(2024, 1, 1), "amount": Decimal(amount), "unreasoned": 0, "unreasoned_amount": Decimal(0),
    }  # fmt: skip
    return Use(**good | other)


def a_data(*uses: Use, **other: Any) -> Data:
    good: dict[str, Any] = {
        "year": 2024, "uses": uses, "before": (), "personnel": {}, "floor_area_m2": {},
        "paths": {"unon": ("secretariat", "unon"), "unon-gigiri": ("secretariat", "unon", "unon-gigiri")},
        "ranges": (a_range(),), "explanations": {},
    }  # fmt: skip
    return Data(**good | other)


def found(*uses: Use, **other: Any) -> list[tuple[str, str, Decimal]]:
    return [
        (item.location_id, f"{item.severity} {item.code}", item.value.normalize())
        for item in findings(a_data(*uses, **other))
    ]


WARNED, REFUSED = "warning AMOUNT_OUT_OF_RANGE", "error AMOUNT_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("uses", "ranges", "expected"),
    [
        # The bounds themselves are plausible.
        ((a_use("10"),), (a_range(),), []),
        ((a_use("100"),), (a_range(),), []),
        ((a_use("9.999"),), (a_range(),), [("unon", WARNED, Decimal("9.999"))]),
        ((a_use("100.001"),), (a_range(),), [("unon", WARNED, Decimal("100.001"))]),
        # A year is the sum of its months and items, in the range's unit.
        ((a_use("60"), a_use("50", month=date(2024, 2, 1), item="tanker")), (a_range(),), [("unon", WARNED, 110)]),
        ((a_use("60"), a_use("50", month=date(2024, 2, 1))), (a_range(basis=Basis.MONTH),), []),
        ((a_use("101000", unit=Unit.LITRE),), (a_range(),), [("unon", WARNED, 101)]),
        # What does not convert is not judged by it.
        ((a_use("500", unit=Unit.KILOGRAM),), (a_range(),), []),
        # Before it holds, and from its end on.
        ((a_use("500"),), (a_range(valid_from=date(2024, 1, 2)),), []),
        ((a_use("500"),), (a_range(valid_to=date(2024, 1, 1)),), []),
        ((a_use("500"),), (a_range(valid_to=date(2024, 1, 2)),), [("unon", WARNED, 500)]),
        # Elsewhere, or of something else.
        ((a_use("500"),), (a_range(place_id="unon-gigiri"),), []),
        ((a_use("500"),), (a_range(category="waste", unit="m3"),), []),
        ((a_use("500", location_id="unon-gigiri"),), (a_range(),), [("unon-gigiri", WARNED, 500)]),
        # The nearer place's holds, then the later one.
        ((a_use("500"),), (a_range(high=Decimal(900)), a_range(range_id="z", place_id="secretariat")), []),
        ((a_use("500"),), (a_range(range_id="s", high=Decimal(900)), a_range()), []),
        # One that names the category before one for any.
        ((a_use("500"),), (a_range(high=Decimal(900)), a_range(range_id="z", category=None)), []),
        # The more severe one is said, alone.
        (
            (a_use("500"),),
            (a_range(), a_range(high=Decimal(400), severity=Severity.ERROR)),
            [("unon", REFUSED, 500)],
        ),
    ],
)
def test_amounts_by_ranges(
    uses: tuple[Use, ...], ranges: tuple[PlausibilityRange, ...], expected: list[tuple[str, str, Decimal]]
) -> None:
    assert found(*uses, ranges=ranges) == expected


def test_fuels_are_judged_by_item() -> None:
    fuel = {"category": Category.GENERATOR_FUEL, "unit": Unit.LITRE}
    ranges = (
        a_range(category="generator_fuel", unit="litre"),
        a_range(category="generator_fuel", unit="litre", item="petrol", high=Decimal(1000)),
    )

    assert found(a_use("90", item="diesel", **fuel), a_use("900", item="petrol", **fuel), ranges=ranges) == []
    assert found(a_use("900", item="diesel", **fuel), ranges=ranges) == [("unon", WARNED, 900)]


INTENSE = "warning INTENSITY_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("basis", "denominators", "expected"),
    [
        (Basis.PER_PERSON, {"personnel": {"unon": Decimal(4)}}, [("unon", INTENSE, 25)]),
        (Basis.PER_M2, {"floor_area_m2": {"unon-gigiri": Decimal(2)}}, [("unon-gigiri", INTENSE, 30)]),
        # Both a location and what is under it.
        (
            Basis.PER_PERSON,
            {"personnel": {"unon": Decimal(4), "unon-gigiri": Decimal(3)}},
            [("unon", INTENSE, 25), ("unon-gigiri", INTENSE, 20)],
        ),
        # Not stated, or of the other kind, or nobody there: there is no intensity to judge.
        (Basis.PER_PERSON, {}, []),
        (Basis.PER_PERSON, {"floor_area_m2": {"unon": Decimal(1)}}, []),
        (Basis.PER_PERSON, {"personnel": {"unon": Decimal(0)}}, []),
    ],
)
def test_intensities_of_a_location_with_all_under_it(
    basis: Basis, denominators: dict[str, Any], expected: list[tuple[str, str, Decimal]]
) -> None:
    uses = (a_use("40"), a_use("60", location_id="unon-gigiri", month=date(2024, 7, 1)))

    assert found(*uses, ranges=(a_range(basis=basis, high=Decimal(19), low=None),), **denominators) == expected


CHANGED = "warning CHANGE_OUT_OF_RANGE"
CHANGE = a_range(category=None, basis=Basis.CHANGE, unit=None, low=Decimal(20), high=Decimal(30))


def months(amount: str, *numbers: int, year: int = 2024, **other: Any) -> list[Use]:
    return [a_use(amount, month=date(year, number, 1), **other) for number in numbers]


@pytest.mark.parametrize(
    ("uses", "before", "expected"),
    [
        (months("130", 1), months("100", 1, year=2023), []),
        (months("130.1", 1), months("100", 1, year=2023), [("unon", CHANGED, Decimal("30.1"))]),
        (months("80", 1), months("100", 1, year=2023), []),
        (months("79", 1), months("100", 1, year=2023), [("unon", CHANGED, -21)]),
        # The months that both have: half a year is not a fall by half.
        (months("100", 1, 2, 3), months("100", 1, 2, 3, 4, 5, 6, year=2023), []),
        (months("100", 1), months("100", 2, year=2023), []),
        # Journeys are of the year.
        (
            months("100", 1, category=Category.AIR_TRAVEL, unit=Unit.PASSENGER_KILOMETRE),
            months("100", 5, 6, year=2023, category=Category.AIR_TRAVEL, unit=Unit.PASSENGER_KILOMETRE),
            [("unon", CHANGED, -50)],
        ),
        # Refills come in lumps.
        (
            months("9", 1, category=Category.REFRIGERANT, unit=Unit.KILOGRAM),
            months("1", 1, year=2023, category=Category.REFRIGERANT, unit=Unit.KILOGRAM),
            [],
        ),
        # In whatever unit, of the same site, of something and not of nothing.
        (months("200000", 1, unit=Unit.LITRE), months("100", 1, year=2023), [("unon", CHANGED, 100)]),
        (months("200", 1), months("100", 1, year=2023, location_id="unon-gigiri"), []),
        (months("200", 1), months("0", 1, year=2023), []),
        (months("200", 1), [], []),
        # One fuel for another is a change of both.
        (
            months("10", 1, category=Category.VEHICLE_FUEL, unit=Unit.LITRE, item="petrol"),
            months("100", 1, year=2023, category=Category.VEHICLE_FUEL, unit=Unit.LITRE, item="diesel"),
            [],
        ),
    ],
)
def test_change_on_the_last_final_year(
    uses: list[Use], before: list[Use], expected: list[tuple[str, str, Decimal]]
) -> None:
    assert found(*uses, before=before, ranges=(CHANGE,)) == expected


def test_a_source_in_the_wrong_unit_is_found_by_the_shipped_ranges_either_way() -> None:
    ranges = catalogue.plausibility_ranges()
    before = months("100", *range(1, 13), year=2023)
    for factor, percent in (("100000", 99900), ("0.1", Decimal("-99.9"))):
        assert found(*months(factor, *range(1, 13)), before=before, ranges=ranges) == [("unon", CHANGED, percent)]
    for amount in ("95", "100", "115"):
        assert found(*months(amount, *range(1, 13)), before=before, ranges=ranges) == []


def test_shipped_ranges_judge_by_published_figures() -> None:
    ranges, staff = catalogue.plausibility_ranges(), {"unon": Decimal(10)}

    assert found(a_use("490"), ranges=ranges, personnel=staff) == []
    assert found(a_use("4901"), ranges=ranges, personnel=staff) == [("unon", INTENSE, Decimal("490.1"))]
    assert found(a_use("49001"), ranges=ranges, personnel=staff) == [
        ("unon", "error INTENSITY_OUT_OF_RANGE", Decimal("4900.1"))
    ]
    assert all("Greening the Blue" in held.source for held in ranges if held.category in ("waste", "water"))


def test_records_that_say_nothing_of_how_they_were_estimated_want_a_reason_and_others_do_not() -> None:
    silent = a_use("50", unreasoned=2, unreasoned_amount=Decimal(30))

    assert found(silent, a_use("1", location_id="unon-gigiri"), ranges=()) == [
        ("unon", "warning QUALITY_REASON_MISSING", 2)
    ]
    # The same number of other records is another finding.
    (one,), (other,) = (
        findings(a_data(replace(silent, unreasoned_amount=Decimal(amount)), ranges=())) for amount in (30, 31)
    )
    assert one.id != other.id


def test_what_is_stated_not_to_be_and_has_records_is_an_error() -> None:
    contradictions = [("unon", Category.WATER, date(2024, month, 1)) for month in (3, 2)]

    (finding,) = findings(a_data(ranges=(), contradictions=contradictions))

    assert (finding.code, finding.severity, finding.value) == (FindingCode.STATED_AND_REPORTED, "error", 2)
    assert "2024-02, 2024-03" in finding.reason


def test_a_proxy_is_for_a_small_office_alone() -> None:
    given = {"ranges": (), "proxies": [("unon", Category.WATER)]}

    assert found(personnel={"unon": Decimal("4.9")}, **given) == []
    assert found(**given) == []
    assert found(personnel={"unon": Decimal(5)}, **given) == [("unon", "error PROXY_OFFICE_NOT_SMALL", 5)]


def explained(finding: Finding) -> Explanation:
    return explanation_of(
        [finding], explanation_id="e", inventory_id="i", finding_id=finding.id, text="a burst pipe in the  basement",
        by=AMINA, at=AT,
    )  # fmt: skip


def test_an_explanation_holds_for_its_figures_and_lapses_with_them() -> None:
    (warning,) = findings(a_data(a_use("500")))
    said = explained(warning)

    (again,) = findings(a_data(a_use("500.0"), explanations={said.finding_id: said}))
    (changed,) = findings(a_data(a_use("501"), explanations={said.finding_id: said}))
    (otherwise,) = findings(a_data(a_use("500"), ranges=(a_range(low=None),), explanations={said.finding_id: said}))

    assert again.explanation == said
    assert again.explanation.text == "a burst pipe in the basement"
    assert (changed.explanation, otherwise.explanation) == (None, None)


def test_errors_come_first_and_are_not_explained_away() -> None:
    ranges = (a_range(), a_range(severity=Severity.ERROR, place_id="unon-gigiri"))
    uses = (a_use("500"), a_use("500", location_id="unon-gigiri"))
    error, warning = findings(a_data(*uses, ranges=ranges))
    said = replace(explained(warning), finding_id=error.id)

    assert (error.severity, warning.severity) == (Severity.ERROR, Severity.WARNING)
    assert [item.explanation for item in findings(a_data(*uses, ranges=ranges, explanations={error.id: said}))] == [
        None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"finding_id": "none", "text": ""}, FindingNotThere),
        ({"severity": Severity.ERROR, "text": ""}, ErrorNotExplained),
        ({"text": "  it is   so, really "}, ExplanationTooShort),
    ],
)
def test_explanations_that_are_refused(given: dict[str, Any], refusal: type[Refused]) -> None:
    (finding,) = findings(a_data(a_use("500"), ranges=(a_range(severity=given.get("severity", Severity.WARNING)),)))

    with pytest.raises(refusal):
        explanation_of(
            [finding], explanation_id="e", inventory_id="i", finding_id=given.get("finding_id", finding.id),
            text=given["text"], by=AMINA, at=AT,
        )  # fmt: skip


def test_a_finding_says_what_where_how_much_and_what_was_expected() -> None:
    (finding,) = findings(a_data(a_use("1000"), personnel={"unon": Decimal(3)}, ranges=(
        a_range(basis=Basis.PER_PERSON, low=None),
    )))  # fmt: skip

    assert finding.message == "water of unon: 333.333 m3/person, expected at most 100 m3/person"
    assert (finding.reason, finding.unit) == ("a survey", "m3/person")
