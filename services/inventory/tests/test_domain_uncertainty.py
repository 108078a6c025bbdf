"""What is stated of amounts and factors, which statement holds for a line, and the interval that follows."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from inventory.domain.activity_data import Category, DataQuality
from inventory.domain.disclosure import is_partial_sum_sensitive
from inventory.domain.errors import (
    FactorUncertaintyPublished,
    FactorUnused,
    ReasonsMissing,
    Refused,
    SimulationOutOfRange,
    UncertaintyOutOfRange,
    UncertaintySubjectUnclear,
)
from inventory.domain.uncertainty import (
    FactorUse,
    LineUncertainty,
    Part,
    PartUncertainty,
    Percent,
    PercentSource,
    StatedPercents,
    UncertaintyStatement,
    parts_open_to_all,
    require_simulation,
    uncertainty_to_state,
)
from quantities.person import Person

USED = (
    FactorUse(factor_id="grid", published_percent=None),
    FactorUse(factor_id="diesel", published_percent=Decimal(3)),
)
LINES = {"category": "water", "quality": None, "factor_id": None}
FUEL = Part(scope=1, category=Category.GENERATOR_FUEL)
PETROL = Part(scope=1, category=Category.VEHICLE_FUEL)
GRID = Part(scope=2, category=Category.GRID_ELECTRICITY)
WASTE = Part(scope=3, category=Category.WASTE, is_optional=True)


def stated(number: int = 1, **given: object) -> UncertaintyStatement:
    good = LINES | {"percent": Decimal(5), "reason": "class 1 meters"} | given
    return uncertainty_to_state(
        statement_id=f"s{number}", inventory_id="i", location_id="unon", used=USED,
        by=Person(subject="s", name="n"), at=datetime(2025, 1, 1, tzinfo=UTC), **good,
    )  # type: ignore[arg-type]  # the table's values  # fmt: skip


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"category": None}, UncertaintySubjectUnclear),
        ({"factor_id": "grid"}, UncertaintySubjectUnclear),
        ({"category": "flights"}, UncertaintySubjectUnclear),
        ({"quality": "good"}, UncertaintySubjectUnclear),
        ({"category": None, "factor_id": "gird"}, FactorUnused),
        ({"category": None, "factor_id": "diesel"}, FactorUncertaintyPublished),
        ({"percent": Decimal("-0.1")}, UncertaintyOutOfRange),
        ({"percent": Decimal("1000.1")}, UncertaintyOutOfRange),
        ({"percent": Decimal("NaN")}, UncertaintyOutOfRange),
        ({"reason": "  "}, ReasonsMissing),
        # The first that applies.
        ({"category": None, "percent": Decimal(-1), "reason": ""}, UncertaintySubjectUnclear),
        ({"percent": Decimal(-1), "reason": ""}, UncertaintyOutOfRange),
    ],
)
def test_a_statement_is_refused(given: dict[str, object], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        stated(**given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"quality": "estimated"},
        {"category": None, "quality": "estimated"},
        {"category": None, "factor_id": "grid"},
        {"percent": Decimal(0)},
        {"percent": Decimal(1000)},
    ],
)
def test_a_statement_is_made_of_lines_or_of_a_factor(given: dict[str, object]) -> None:
    found = stated(**given)

    assert (found.factor_id is None) == (found.category is not None or found.quality is not None)


@pytest.mark.parametrize(
    ("own", "statements", "percent"),
    [
        (None, [], None),
        (None, [{"category": "waste"}], None),
        (None, [{"category": None, "quality": "measured", "percent": Decimal(1)}], 1),
        # The narrower holds, whichever came later.
        (None, [{"percent": Decimal(2)}, {"category": None, "quality": "measured", "percent": Decimal(1)}], 2),
        (None, [{"quality": "measured", "percent": Decimal(3)}, {"percent": Decimal(2)}], 3),
        (None, [{"quality": "estimated", "percent": Decimal(3)}, {"percent": Decimal(2)}], 2),
        # Of the same lines, the newest.
        (None, [{"percent": Decimal(2)}, {"percent": Decimal(4)}], 4),
        (Decimal(7), [{"quality": "measured", "percent": Decimal(3)}], 7),
        (Decimal(0), [{"quality": "measured", "percent": Decimal(3)}], 0),
    ],
)
def test_an_amount_is_known_as_its_line_says_or_as_the_narrowest_statement(
    own: Decimal | None, statements: list[dict[str, object]], percent: int | None
) -> None:
    known = StatedPercents.of(stated(number, **given) for number, given in enumerate(statements))

    found = known.of_activity(category=Category.WATER, quality=DataQuality.MEASURED, own=own)

    assert (None if found is None else found.percent) == percent


def test_a_factor_is_known_as_published_or_as_stated() -> None:
    known = StatedPercents.of([stated(category=None, factor_id="grid", percent=Decimal(9))])

    assert known.of_factor("grid", published=Decimal(2)) == Percent(percent=Decimal(2), source=PercentSource.PUBLISHER)
    assert known.of_factor("grid", published=None).percent == 9  # type: ignore[union-attr]  # it is stated
    assert known.of_factor("coal", published=None) is None


def percents(activity: str | None, factor: str | None) -> LineUncertainty:
    def of(percent: str | None) -> Percent | None:
        return None if percent is None else Percent(percent=Decimal(percent), source=PercentSource.RECORD)

    return LineUncertainty(activity=of(activity), factor=of(factor))


@pytest.mark.parametrize(
    ("activity", "factor", "percent", "bounds"),
    [
        ("3", "4", "5", ("95", "105")),
        ("0", "0", "0", ("100", "100")),
        ("60", "80", "100", ("0", "200")),
        # Half the width of a wide interval is more than the figure: said as it is.
        ("0", "150", "150", ("-50", "250")),
        (None, "4", None, None),
        ("3", None, None, None),
    ],
)
def test_a_line_is_known_by_the_root_of_both_squares(
    activity: str | None, factor: str | None, percent: str | None, bounds: tuple[str, str] | None
) -> None:
    found = percents(activity, factor)

    assert found.percent == (None if percent is None else Decimal(percent))
    assert found.bounds(Decimal(100)) == (None if bounds is None else (Decimal(bounds[0]), Decimal(bounds[1])))


def test_a_part_holds_what_is_in_its_sum() -> None:
    assert [Part().holds(part) for part in (FUEL, GRID, WASTE)] == [True, True, False]
    assert [Part(scope=1).holds(part) for part in (FUEL, PETROL, GRID)] == [True, True, False]
    assert not Part(scope=3).holds(WASTE)
    assert [WASTE.holds(part) for part in (WASTE, GRID)] == [True, False]


@pytest.mark.parametrize(
    ("sites", "others", "sensitive"),
    [(0, 1, False), (1, 0, False), (1, 1, True), (2, 5, True), (5, 2, True), (3, 3, False)],
)
def test_a_part_of_a_fuels_emissions_is_sensitive_where_it_or_the_rest_is_of_few_sites(
    *, sites: int, others: int, sensitive: bool
) -> None:
    assert is_partial_sum_sensitive(Category.GENERATOR_FUEL, sites=sites, other_sites=others) == sensitive
    assert not is_partial_sum_sensitive(Category.GRID_ELECTRICITY, sites=sites, other_sites=others)


def test_what_holds_a_sensitive_part_is_not_open_either() -> None:
    parts = [Part(), Part(scope=1), Part(scope=2), FUEL, PETROL, GRID, WASTE]
    found = [PartUncertainty(part=part, covered_percent=Decimal(1), interval=None, gap=None) for part in parts]

    assert parts_open_to_all(found, sites={FUEL: (1, 1), PETROL: (3, 3), GRID: (1, 1)}) == {
        Part(scope=2), PETROL, GRID, WASTE,
    }  # fmt: skip
    assert parts_open_to_all(found, sites={FUEL: (1, 0), PETROL: (0, 1)}) == set(parts)


@pytest.mark.parametrize(("draws", "seed"), [(999, 1), (20_001, 1), (10_000, -1), (10_000, 2**31)])
def test_a_simulation_is_bounded(draws: int, seed: int) -> None:
    with pytest.raises(SimulationOutOfRange):
        require_simulation(draws=draws, seed=seed)


def test_the_bounds_of_a_simulation_are_within() -> None:
    require_simulation(draws=1_000, seed=0)
    require_simulation(draws=20_000, seed=2**31 - 1)
