"""Cycles, progress reports and consolidation: every refusal, in order, and sums that are exact."""

from datetime import UTC, date, datetime
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quantities.person import Person
from reporting.domain.consolidated_report import consolidate
from reporting.domain.cycle import open_cycle
from reporting.domain.errors import (
    AlreadyPublished,
    ConsolidatorMayNotPublish,
    InventoryNotFinal,
    NarrativeMissing,
    NoAcceptedReports,
    NobodyOwes,
    OwingLocationInsideAnother,
    OwingLocationRepeated,
    ReasonsMissing,
    ReportAlreadyDecided,
    ReportAwaitsDecision,
    SubmitterMayNotAccept,
)
from reporting.domain.figure import Figure, Figures, Section
from reporting.domain.progress_report import ReportState, submit_report

EXACT = Context(prec=200)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
PATHS = {"unon": "s.unon", "site": "s.unon.site", "escwa": "s.escwa"}


def figures(total="10", **extra):
    found = [Figure(section=Section.TOTAL, key="co2e", name="co2e", value=Decimal(total), unit="kgCO2e")]
    found += [
        Figure(section=Section.SCOPE, key=scope, name=scope, value=Decimal(value), unit="kgCO2e")
        for scope, value in extra.get("scopes", {}).items()
    ]
    found.append(Figure(section=Section.INDICATOR, key="e", name="e", value=Decimal(7), unit="kWh/m2"))
    return Figures(inventory_id="i", inventory_version=1, figures=tuple(found))


def person(name):
    return Person(subject=f"subject-of-{name}", name=name)


COORDINATOR = person("coordinator")


def submitted(newest=None, narrative="A year.", *, known=True, by="chair"):
    return submit_report(
        report_id="r", location_id="unon", year=2024, narrative=narrative, newest=newest,
        figures=figures() if known else None, by=person(by), at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("owing", "refusal"),
    [
        ([], NobodyOwes),
        (["unon", "unon", "site"], OwingLocationRepeated),
        (["unon", "site"], OwingLocationInsideAnother),
        (["site", "unon"], OwingLocationInsideAnother),
    ],
)
def test_a_cycle_refuses_in_this_order(owing, refusal):
    with pytest.raises(refusal):
        open_cycle(year=2024, due_on=date(2025, 4, 30), owing=owing, paths=PATHS, by="c", at=NOW)


def test_a_cycle_keeps_who_owes():
    cycle = open_cycle(year=2024, due_on=date(2025, 4, 30), owing=["unon", "escwa"], paths=PATHS, by="c", at=NOW)

    assert (cycle.id, cycle.owing) == ("2024", ("unon", "escwa"))


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"narrative": "  ", "known": False, "newest": submitted()}, NarrativeMissing),
        ({"known": False, "newest": submitted()}, ReportAwaitsDecision),
        ({"known": False, "newest": submitted().accept(by=COORDINATOR, at=NOW, earlier=[])}, ReportAlreadyDecided),
        ({"known": False}, InventoryNotFinal),
        (
            {"known": False, "newest": submitted().return_(by=COORDINATOR, at=NOW, earlier=[], reasons="x")},
            InventoryNotFinal,
        ),
    ],
)
def test_a_report_refuses_in_this_order(arguments, refusal):
    with pytest.raises(refusal):
        submitted(**arguments)


def test_the_next_version_follows_a_returned_one():
    returned = submitted().return_(by=COORDINATOR, at=NOW, earlier=[], reasons=" Say more. ")
    again = submitted(newest=returned)

    assert (returned.state, returned.decision.reasons) == (ReportState.RETURNED, "Say more.")
    assert (again.version, again.state) == (2, ReportState.SUBMITTED)


@pytest.mark.parametrize("decide", ["accept", "return"])
def test_a_decision_refuses_in_this_order(decide):
    def on(report, by, reasons="because"):
        if decide == "accept":
            return report.accept(by=person(by), at=NOW, earlier=[])
        return report.return_(by=person(by), at=NOW, earlier=[], reasons=reasons)

    decided = on(submitted(), "coordinator")
    with pytest.raises(ReportAlreadyDecided):
        on(decided, "chair")
    with pytest.raises(SubmitterMayNotAccept):
        on(submitted(), "chair", reasons="")
    if decide == "return":
        with pytest.raises(ReasonsMissing):
            on(submitted(), "coordinator", reasons=" ")


@pytest.mark.parametrize(
    ("submitter", "decider", "one"),
    [
        (("s", "chair"), ("s", "renamed"), True),
        (("s", "chair"), ("t", "chair"), False),
        ((None, "chair"), ("t", "chair"), True),
        ((None, "chair"), ("t", "coordinator"), False),
    ],
)
def test_a_person_is_told_by_subject_and_by_name_only_where_no_subject_was_kept(submitter, decider, one):
    first, second = (Person(subject=subject, name=name) for subject, name in (submitter, decider))

    assert first.is_same_as(second) is one
    assert second.is_same_as(first) is one


def consolidated(accepted, owing=("unon", "escwa")):
    return consolidate(
        report_id="c", root="s", year=2024, version=1, owing=owing, accepted=accepted, by=COORDINATOR, at=NOW
    )


def test_nothing_accepted_is_nothing_to_consolidate():
    with pytest.raises(NoAcceptedReports):
        consolidated({})


def test_a_consolidation_says_who_is_in_and_who_is_missing_and_is_published_once():
    found = consolidated({"unon": ("r", figures("10.5", scopes={"1": "4"}))})

    assert [(member.location_id, member.total_kg) for member in found.included] == [("unon", Decimal("10.5"))]
    assert found.missing == ("escwa",)
    assert {(figure.section, figure.value) for figure in found.figures} == {
        (Section.TOTAL, Decimal("10.5")),
        (Section.SCOPE, Decimal(4)),
    }
    with pytest.raises(AlreadyPublished):
        found.publish(by=person("deputy"), at=NOW).publish(by=COORDINATOR, at=NOW)


def test_who_consolidated_may_not_publish():
    found = consolidated({"unon": ("r", figures())})

    with pytest.raises(ConsolidatorMayNotPublish):
        found.publish(by=COORDINATOR, at=NOW)
    assert found.publish(by=person("deputy"), at=NOW).published_at == NOW


@pytest.mark.parametrize("decide", ["accept", "return_"])
def test_who_submitted_an_earlier_version_may_not_decide_on_the_next(decide):
    returned = submitted(by="author").return_(by=COORDINATOR, at=NOW, earlier=[], reasons="Say more.")
    again = submitted(newest=returned)
    given = {"reasons": "No."} if decide == "return_" else {}

    with pytest.raises(SubmitterMayNotAccept):
        getattr(again, decide)(by=person("author"), at=NOW, earlier=[returned.submitted_by], **given)
    assert getattr(again, decide)(by=COORDINATOR, at=NOW, earlier=[returned.submitted_by], **given).decision


amounts = st.integers(min_value=0, max_value=10**60).map(lambda digits: Decimal(digits).scaleb(-20, EXACT))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), st.tuples(amounts, amounts), min_size=1))
@example({"a": (Decimal(10) ** 60, Decimal(0)), "b": (Decimal(1).scaleb(-60), Decimal(0))})
def test_a_consolidated_figure_is_the_exact_sum_of_the_frozen_ones(parts):
    found = consolidated(
        {name: ("r", figures(str(total), scopes={"2": str(scope)})) for name, (total, scope) in parts.items()}
    )
    by_section = {figure.section: figure.value for figure in found.figures}

    assert Fraction(by_section[Section.TOTAL]) == sum(Fraction(total) for total, _ in parts.values())
    assert Fraction(by_section[Section.SCOPE]) == sum(Fraction(scope) for _, scope in parts.values())
    assert Section.INDICATOR not in by_section
