"""What *reporting* does when it hears something, in whatever order it hears it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from chassis.inbox import EventUnreadable, Outcome
from contracts.fact import Amount
from contracts.inventory import CategoryTotal, ScopeTotal
from reporting.domain.figure import Section

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

TONNES = Amount(value=Decimal(5), unit="tCO2e")
KG = Amount(value=Decimal(5), unit="kgCO2e")


async def frozen(reporting: "Reporting") -> dict[tuple[str, str], Decimal]:
    return {(row["section"], row["key"]): row["value"] for row in await reporting.rows("report_figure")}


async def test_the_same_final_inventory_twice_counts_once(reporting: "Reporting") -> None:
    outcomes = [await reporting.inventory_is_final(event_id="e") for _ in range(2)]
    rows = len(await reporting.rows("inventory_figure"))
    outcomes.append(await reporting.inventory_is_final(event_id="another event of the same version"))

    assert outcomes == [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.APPLIED]
    assert len(await reporting.rows("inventory_figure")) == rows == 5


async def test_an_older_version_that_arrives_late_is_not_the_one_that_counts(reporting: "Reporting") -> None:
    await reporting.opens()
    await reporting.inventory_is_final(total="90", version=2)
    await reporting.inventory_is_final(total="100", version=1)

    report = await reporting.submits()

    assert report.inventory_version == 2
    assert (await frozen(reporting))["total", "co2e"] == 90


async def test_progress_and_standing_of_another_version_are_not_frozen(reporting: "Reporting") -> None:
    await reporting.opens()
    await reporting.progress_is_assessed(version=1)
    await reporting.statement_is_issued(1, "40", version=1)
    await reporting.inventory_is_final(version=2)

    await reporting.submits()

    assert {section for section, _ in await frozen(reporting)} & {"progress", "neutrality"} == set()


async def test_the_newest_statement_counts_in_whatever_order_they_come(reporting: "Reporting") -> None:
    await reporting.opens()
    await reporting.inventory_is_final()
    await reporting.statement_is_issued(2, "100")
    await reporting.statement_is_issued(1, "40")

    await reporting.submits()

    assert (await frozen(reporting))["neutrality", "coverage"] == 100


async def test_one_category_in_two_scopes_is_two_figures(reporting: "Reporting") -> None:
    await reporting.opens("unon")
    await reporting.inventory_is_final(
        total="3",
        by_category=(
            CategoryTotal(
                scope=2, category="electricity", co2e=Amount(value=Decimal(1), unit="kgCO2e"), optional=False
            ),
            CategoryTotal(
                scope=3, category="electricity", co2e=Amount(value=Decimal(2), unit="kgCO2e"), optional=False
            ),
        ),
    )

    report = await reporting.submits()
    await reporting.accepts(report.id)
    consolidated = await reporting.consolidates()

    found = [figure for figure in consolidated.figures if figure.section is Section.CATEGORY]
    assert [(figure.name, figure.note, figure.value) for figure in found] == [
        ("electricity", "scope 2", 1),
        ("electricity", "scope 3", 2),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"total": TONNES},
        {"by_scope": (ScopeTotal(scope=1, co2e=KG), ScopeTotal(scope=2, co2e=TONNES))},
        {"by_category": (CategoryTotal(scope=3, category="waste", co2e=TONNES, optional=True),)},
    ],
)
async def test_emissions_in_another_unit_are_not_guessed_at(reporting: "Reporting", given: dict[str, Any]) -> None:
    with pytest.raises(EventUnreadable, match="in tCO2e, not in kgCO2e"):
        await reporting.inventory_is_final(**given)

    assert await reporting.rows("inventory_figure") == []
