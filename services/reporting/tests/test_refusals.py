"""Use cases on real PostgreSQL: each refusal in its order, what it leaves behind, and what is said when all is well."""

from datetime import date

import pytest

from chassis.refusals import NotFound, NotPermitted
from contracts.access import Capability, Role
from reporting import usecases
from reporting.domain.errors import (
    CycleNotOpen,
    InventoryNotFinal,
    NarrativeMissing,
    NoAcceptedReports,
    NobodyOwes,
    NoReportOwed,
    OwingLocationInsideAnother,
    OwingLocationRepeated,
    ReasonsMissing,
    ReportAlreadyDecided,
    SubmitterMayNotAccept,
)
from reporting.store import consolidations, reports

CYCLE = "{ reportingCycle(year: 2024) { owing { location { id } } } }"


async def accepted(reporting, location_id="unon", total="100.5"):
    await reporting.inventory_is_final(location_id, total)
    submitted = await reporting.submits(f"{location_id}-chair", location_id)
    return await reporting.accepts(submitted.id)


@pytest.mark.parametrize(
    ("owing", "refusal"),
    [
        (["atlantis", "unon", "unon"], NotFound),
        (["unon", "unon", "unon-gigiri"], OwingLocationRepeated),
        (["unon-gigiri", "unon"], OwingLocationInsideAnother),
        (["unog", "secretariat"], OwingLocationInsideAnother),
    ],
)
async def test_a_cycle_is_refused_in_this_order_and_leaves_no_trace(reporting, owing, refusal):
    with pytest.raises(refusal):
        await reporting.opens(*owing)

    assert (await reporting.ask("coordinator", CYCLE))["reportingCycle"] is None


async def test_a_cycle_in_which_nobody_owes_is_refused(reporting):
    with pytest.raises(NobodyOwes):
        await reporting.decide(
            "coordinator", Capability.MANAGE_CYCLE, usecases.open_reporting_cycle,
            root="secretariat", year=2024, due_on=date(2025, 4, 30), owing=[],
        )  # fmt: skip


async def test_a_report_is_refused_in_this_order_and_nothing_is_said(reporting):
    for who, location_id, refusal in (
        ("unon-chair", "atlantis", NotFound),
        ("escwa-chair", "unon", NotFound),
        ("unon-technical", "unon", NotPermitted),
        ("unon-chair", "unon", CycleNotOpen),
    ):
        with pytest.raises(refusal):
            await reporting.submits(who, location_id, narrative="")
    await reporting.opens("escwa")
    with pytest.raises(NoReportOwed):
        await reporting.submits(narrative="")
    with pytest.raises(NarrativeMissing):
        await reporting.submits("escwa-chair", "escwa", narrative=" \n")
    with pytest.raises(InventoryNotFinal):
        await reporting.submits("escwa-chair", "escwa")

    assert await reporting.events() == []


async def test_a_decision_is_refused_in_this_order(reporting, people):
    both = people("unon-chair", Role.CENTRAL_COORDINATOR)
    await reporting.opens()
    await reporting.inventory_is_final()
    report = await reporting.submits()
    with pytest.raises(NotFound):
        await reporting.returns("none", reasons="")
    with pytest.raises(NotFound):  # the right to accept is held nowhere, so no row is seen
        await reporting.accepts(report.id, who="unon-chair")
    with pytest.raises(SubmitterMayNotAccept):
        await reporting.accepts(report.id, who=both)
    with pytest.raises(SubmitterMayNotAccept):
        await reporting.returns(report.id, reasons="", who=both)
    with pytest.raises(ReasonsMissing):
        await reporting.returns(report.id, reasons="  ")

    returned = await reporting.returns(report.id, reasons=" The waste is missing. ")

    assert (returned.decision.reasons, returned.decision.by) == ("The waste is missing.", "coordinator")
    with pytest.raises(ReportAlreadyDecided):
        await reporting.accepts(report.id)
    async with reporting.database.transaction(["unon"]) as tx:
        assert await reports.existing(tx, report.id) == returned
    assert [fact for fact, _ in await reporting.events()] == ["progress_report_submitted"]


async def test_a_consolidation_is_refused_in_this_order(reporting):
    with pytest.raises(NotFound):
        await reporting.consolidates(who="escwa-chair")
    with pytest.raises(CycleNotOpen):
        await reporting.consolidates()
    await reporting.opens()
    await reporting.inventory_is_final()
    await reporting.submits()
    with pytest.raises(NoAcceptedReports):
        await reporting.consolidates()


async def test_a_report_that_is_accepted_later_is_in_the_next_version_only(reporting):
    await reporting.opens()
    await accepted(reporting, "unon", "100.5")
    first = await reporting.consolidates()
    await accepted(reporting, "escwa", "0.25")

    second = await reporting.consolidates()

    async with reporting.database.transaction(["secretariat"]) as tx:
        kept = await consolidations.existing(tx, first.id)
    assert kept == first
    assert (second.version, second.missing) == (2, ("unog",))
    assert [member.location_id for member in second.included] == ["escwa", "unon"]


async def test_the_events_say_what_happened(reporting):
    await reporting.opens()
    report = await accepted(reporting, "unon", "100.5")
    found = await reporting.consolidates()
    await reporting.publishes(found.id)

    total = {"value": "100.5", "unit": "kgCO2e"}
    base = {"location_id": "unon", "report_id": report.id, "year": 2024}
    assert await reporting.events() == [
        ("progress_report_submitted", base | {"submitted_by": "unon-chair"}),
        ("progress_report_accepted", base | {"accepted_by": "coordinator"}),
        (
            "consolidated_report_published",
            {
                "location_id": "secretariat",
                "report_id": found.id,
                "year": 2024,
                "included": [
                    {"location_id": "unon", "inventory_id": "unon-v1", "inventory_version": 1, "total": total}
                ],
                "missing": ["escwa", "unog"],
                "total": total,
            },
        ),
    ]
