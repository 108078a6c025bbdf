"""When a base year is recalculated, and to what. Figures are worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.base_year import (
    BaseYear,
    Decision,
    Effect,
    Simulation,
    Trigger,
    decide,
    propose,
    set_base_year,
    simulate,
)
from inventory.domain.errors import (
    BaseYearDataMissing,
    NothingToRecalculate,
    ProposalAlreadyDecided,
    ProposalOutOfDate,
    ProposerMayNotDecide,
    ReasonsMissing,
    RecalculationRequired,
    ThresholdOutOfRange,
)
from quantities.person import Person

ANN, BOB = Person(subject="1", name="ann"), Person(subject="2", name="bob")
NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
BASE = BaseYear(
    id="b1", location_id="unon", target_id=None, number=1, year=2016, inventory_id="i1",
    co2e_kg_by_category={"air_travel": Decimal(600), "grid_electricity": Decimal(400)},
    threshold_percent=Decimal(5), reason="r", set_by=ANN, set_at=NOON,
)  # fmt: skip


def effect(trigger: str, **kg: int | str) -> Effect:
    return Effect(
        trigger=Trigger(trigger),
        cause_id="x",
        what="w",
        co2e_kg_by_category={category: Decimal(value) for category, value in kg.items()},
    )


def simulated(*effects: Effect, base: BaseYear = BASE, **given: Any) -> Simulation:
    return simulate(base, newest_inventory_id="i2", effects=effects, **given)


# effects, total afterwards, by trigger, share in percent, over 5 percent
CASES: list[tuple[list[Effect], int | str, dict[str, int | str], str, bool]] = [
    ([], 1000, {}, "0", False),
    ([effect("structural", grid_electricity=50)], 1050, {"structural": 50}, "5", False),
    ([effect("structural", grid_electricity="50.00001")], "1050.00001", {"structural": "50.00001"}, "5.000001", True),
    ([effect("structural", grid_electricity=-400)], 600, {"structural": -400}, "40", True),
    ([effect("error", air_travel=30), effect("error", air_travel=-10)], 1020, {"error": 20}, "2", False),
    (
        [effect("error", air_travel=30), effect("method", air_travel=-30)],
        1000,
        {"error": 30, "method": -30},
        "6",
        True,
    ),
    ([effect("method", refrigerant=7, air_travel=-7)], 1000, {"method": 0}, "0", False),
]


@pytest.mark.parametrize(("effects", "after", "by_trigger", "share", "over"), CASES)
def test_what_a_base_year_would_become(
    effects: list[Effect], after: Any, by_trigger: dict[str, Any], share: str, *, over: bool
) -> None:
    found = simulated(*effects)

    assert found.co2e_kg == Decimal(after)
    assert found.co2e_kg_by_trigger == {Trigger(name): Decimal(kg) for name, kg in by_trigger.items()}
    assert found.share_percent == Decimal(share)
    assert found.is_over_threshold is over


def test_a_category_comes_in_and_one_of_which_nothing_is_left_goes() -> None:
    found = simulated(effect("structural", grid_electricity=-400, water=3))

    assert found.co2e_kg_by_category == {"air_travel": 600, "water": 3}


@pytest.mark.parametrize(("effects", "over"), [([], False), ([effect("structural", water=1)], True)])
def test_a_base_year_of_nothing_has_no_share_and_any_effect_is_over_it(effects: list[Effect], *, over: bool) -> None:
    found = simulated(*effects, base=replace(BASE, co2e_kg_by_category={}))

    assert (found.share_percent, found.is_over_threshold) == (None, over)


@given(st.lists(st.tuples(st.sampled_from(Trigger), st.decimals("-999", "999", places=9)), max_size=8))
def test_effects_add_up_in_any_order(parts: list[tuple[Trigger, Decimal]]) -> None:
    effects = [effect(trigger, air_travel=str(kg)) for trigger, kg in parts]

    there, back = simulated(*effects), simulated(*reversed(effects))

    assert there.co2e_kg == back.co2e_kg == 1000 + sum(kg for _, kg in parts)
    assert (there.share_percent, there.is_over_threshold) == (back.share_percent, back.is_over_threshold)


SMALL, LARGE = effect("error", air_travel=1), effect("error", air_travel=100)


@pytest.mark.parametrize(
    ("found", "recalculate", "reason", "refusal"),
    [
        (simulated(organic=["unon-annex"]), True, "", NothingToRecalculate),
        (simulated(LARGE, missing=["escwa"]), True, "", BaseYearDataMissing),
        (simulated(LARGE), False, "", RecalculationRequired),
        (simulated(SMALL), False, " ", ReasonsMissing),
        (simulated(LARGE), True, "", ReasonsMissing),
    ],
)
def test_a_proposal_that_is_not_sound(
    found: Simulation, reason: str, refusal: type[Exception], *, recalculate: bool
) -> None:
    with pytest.raises(refusal):
        propose(found, proposal_id="p", recalculate=recalculate, reason=reason, by=ANN, at=NOON)


@pytest.mark.parametrize(("recalculate", "kg"), [(True, 1001), (False, None)])
def test_the_second_person_makes_the_next_version_or_documents_that_there_is_none(
    kg: int | None, *, recalculate: bool
) -> None:
    found = simulated(SMALL)
    proposal = propose(found, proposal_id="p", recalculate=recalculate, reason=" why ", by=ANN, at=NOON)

    decision, after = decide(proposal, found, base_year_id="b2", approved=True, reason=None, by=BOB, at=NOON)

    assert (decision.approved, decision.by, proposal.reason) == (True, BOB, "why")
    if kg is None:
        assert after is None
    else:
        assert after is not None
        assert (after.number, after.year, after.inventory_id, after.co2e_kg, after.reason) == (2, 2016, "i2", kg, "why")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"decided": True, "by": ANN}, ProposalAlreadyDecided),
        ({"by": ANN, "approved": False, "reason": ""}, ProposerMayNotDecide),
        ({"approved": False, "reason": ""}, ReasonsMissing),
        ({"approved": False, "reason": None}, ReasonsMissing),
        ({"found": simulated(LARGE)}, ProposalOutOfDate),
        ({"found": simulated(SMALL, base=replace(BASE, id="b2"))}, ProposalOutOfDate),
    ],
)
def test_a_decision_that_is_not_sound(given: dict[str, Any], refusal: type[Exception]) -> None:
    proposal = propose(simulated(SMALL), proposal_id="p", recalculate=True, reason="r", by=ANN, at=NOON)
    if given.pop("decided", False):
        proposal = replace(proposal, decision=Decision(approved=True, by=BOB, at=NOON, reason=None))
    good: dict[str, Any] = {"found": simulated(SMALL), "approved": True, "reason": None, "by": BOB}
    values = good | given

    with pytest.raises(refusal):
        decide(proposal, values.pop("found"), base_year_id="b2", at=NOON, **values)


def test_a_no_needs_no_simulation_of_today_and_makes_nothing() -> None:
    proposal = propose(simulated(SMALL), proposal_id="p", recalculate=True, reason="r", by=ANN, at=NOON)

    decision, after = decide(
        proposal, simulated(LARGE), base_year_id="b2", approved=False, reason="look again", by=BOB, at=NOON
    )

    assert (decision.approved, decision.reason, after) == (False, "look again", None)


@pytest.mark.parametrize(
    ("threshold", "reason", "refusal"),
    [("0", "", ThresholdOutOfRange), ("-5", "r", ThresholdOutOfRange), ("100.1", "r", ThresholdOutOfRange),
     ("5", " ", ReasonsMissing)],
)  # fmt: skip
def test_a_base_year_that_is_not_sound(threshold: str, reason: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        set_base_year(
            base_year_id="b", earlier=None, location_id="unon", target_id=None, year=2016, inventory_id="i",
            co2e_kg_by_category={}, threshold_percent=Decimal(threshold), reason=reason, by=ANN, at=NOON,
        )  # fmt: skip


def test_what_changes_nothing_is_no_effect_and_no_reason_to_recalculate() -> None:
    found = simulated(effect("error", water=0, air_travel=0))

    assert found.effects == ()
    with pytest.raises(NothingToRecalculate):
        propose(found, proposal_id="p", recalculate=True, reason="r", by=ANN, at=NOON)


@pytest.mark.parametrize(("earlier", "number"), [(None, 1), (replace(BASE, number=4), 5)])
def test_versions_are_counted(earlier: BaseYear | None, number: int) -> None:
    chosen = set_base_year(
        base_year_id="b", earlier=earlier, location_id="unon", target_id=None, year=2018, inventory_id="i",
        co2e_kg_by_category={}, threshold_percent=Decimal(100), reason="r", by=ANN, at=NOON,
    )  # fmt: skip

    assert chosen.number == number
