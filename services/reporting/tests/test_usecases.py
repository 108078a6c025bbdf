"""Reports on real PostgreSQL: who may do what, what is frozen, what others and the public see."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.refusals import NotFound, NotPermitted, Refusal
from reporting.domain.errors import (
    AlreadyPublished,
    CycleAlreadyOpen,
    CycleNotOpen,
    InventoryNotFinal,
    NoReportOwed,
    ReportAlreadyDecided,
    ReportAwaitsDecision,
)
from reporting.domain.figure import Section
from reporting.domain.progress_report import ReportState

REPORT = """query($id: ID!) { _entities(representations: [{__typename: "Location", id: $id}]) { ... on Location {
  progressReport(year: 2024) { id state version inventoryVersion submittedBy decidedBy reasons total { value }
    byScope { scope co2e { value } } byCategory { category optional }
    figures { section name value { value unit } note } }
} } }"""
CYCLE = "{ reportingCycle(year: 2024) { dueOn owing { location { id } state } } }"
CONSOLIDATED = """{ consolidatedReport(year: 2024) { id version publishedAt total { value }
  included { location { id } inventoryVersion total { value } } missing { location { id } } } }"""


async def report_of(reporting: Any, who: str | None, location_id: str = "unon") -> Any:
    data = await reporting.ask(who, REPORT, id=location_id)
    return data["_entities"][0]["progressReport"]


async def accepted(reporting: Any, location_id: str = "unon", total: str = "100.5") -> Any:
    await reporting.inventory_is_final(location_id, total)
    submitted = await reporting.submits(f"{location_id}-chair", location_id)
    return await reporting.accepts(submitted.id)


async def test_a_cycle_is_opened_once_for_known_locations_by_the_coordinator(reporting):
    with pytest.raises(NotFound):
        await reporting.opens("unon", "atlantis")
    await reporting.opens()
    with pytest.raises(CycleAlreadyOpen):
        await reporting.opens("unon")

    found = await reporting.ask("unon-chair", CYCLE)
    states = {item["location"]["id"]: item["state"] for item in found["reportingCycle"]["owing"]}
    assert states == {"unon": "missing", "escwa": None, "unog": None}  # whether others' came is not theirs to see


async def test_only_who_may_opens_a_cycle(reporting):
    with pytest.raises(NotFound):
        await reporting.opens(who="unon-chair")


async def test_a_report_is_refused_in_this_order(reporting):
    with pytest.raises(NotFound):
        await reporting.submits("escwa-chair")
    with pytest.raises(NotPermitted):
        await reporting.submits("unon-technical")
    with pytest.raises(CycleNotOpen):
        await reporting.submits()
    await reporting.opens("escwa")
    with pytest.raises(NoReportOwed):
        await reporting.submits()
    with pytest.raises(InventoryNotFinal):
        await reporting.submits("escwa-chair", "escwa")


async def test_a_report_freezes_what_is_known_and_later_events_do_not_move_it(reporting):
    await reporting.opens()
    await reporting.progress_is_assessed()  # before the inventory that it is about: any order will do
    await reporting.statement_is_issued(1, "40")
    await reporting.statement_is_issued(2, "100")
    await reporting.inventory_is_final()

    submitted = await reporting.submits()
    await reporting.inventory_is_final(total="999", version=2)
    await reporting.progress_is_assessed(version=2, verdict="off_track")
    await reporting.statement_is_issued(3, "10", version=2)

    found = await report_of(reporting, "unon-chair")
    figures = {(item["section"], item["name"]): (item["value"]["value"], item["note"]) for item in found["figures"]}
    assert (found["id"], found["state"], found["inventoryVersion"]) == (submitted.id, "submitted", 1)
    assert found["total"] == {"value": "100.5"}
    assert figures["progress", "electricity_per_m2"] == ("61", "on_track")
    assert figures["neutrality", "coverage"] == ("100", "neutral")
    assert {(item["category"], item["optional"]) for item in found["byCategory"]} == {
        ("grid_electricity", False),
        ("waste", True),
    }


async def test_a_returned_report_is_followed_by_the_next_version_on_the_newest_figures(reporting):
    await reporting.opens()
    await reporting.inventory_is_final()
    first = await reporting.submits()
    with pytest.raises(ReportAwaitsDecision):
        await reporting.submits()
    await reporting.returns(first.id)
    await reporting.inventory_is_final(total="90", version=2)

    second = await reporting.submits()

    assert (second.version, second.inventory_version) == (2, 2)
    await reporting.accepts(second.id)
    with pytest.raises(ReportAlreadyDecided):
        await reporting.submits()


async def test_two_decisions_at_once_make_one(reporting):
    await reporting.opens()
    await reporting.inventory_is_final()
    report = await reporting.submits()

    outcomes = await asyncio.gather(
        *(reporting.accepts(report.id) for _ in range(3)),
        *(reporting.returns(report.id) for _ in range(3)),
        return_exceptions=True,
    )

    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert all(isinstance(o, ReportAlreadyDecided) for o in outcomes if isinstance(o, BaseException))


async def test_two_submissions_at_once_make_one(reporting):
    await reporting.opens()
    await reporting.inventory_is_final()

    outcomes = await asyncio.gather(*(reporting.submits() for _ in range(4)), return_exceptions=True)

    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert all(isinstance(o, ReportAwaitsDecision) for o in outcomes if isinstance(o, BaseException))


async def test_a_consolidation_sums_what_was_frozen_and_says_who_is_missing(reporting):
    await reporting.opens()
    await accepted(reporting, "unon", "100.5")
    await accepted(reporting, "escwa", "0.25")
    await reporting.inventory_is_final("unon", "7", version=2)

    found = await reporting.consolidates()

    total = next(figure for figure in found.figures if figure.section is Section.TOTAL)
    assert total.value == Decimal("100.75")
    assert [member.location_id for member in found.included] == ["escwa", "unon"]
    assert found.missing == ("unog",)
    assert (await reporting.consolidates()).version == 2


async def test_a_consolidation_is_published_once_and_told(reporting):
    await reporting.opens()
    await accepted(reporting)
    found = await reporting.consolidates()
    await reporting.publishes(found.id)

    with pytest.raises(AlreadyPublished):
        await reporting.publishes(found.id)
    with pytest.raises(NotFound):
        await reporting.publishes("none")
    async with reporting.database.transaction([]) as tx:
        subjects = list(await tx.scalars(text("SELECT subject FROM outbox ORDER BY id")))
    assert subjects == [
        "evt.reporting.progress_report_submitted.v1.secretariat.unon._",
        "evt.reporting.progress_report_accepted.v1.secretariat.unon._",
        "evt.reporting.consolidated_report_published.v1.secretariat._",
    ]


async def test_others_see_nothing_before_publication_and_only_what_is_in_it_after(reporting):
    await reporting.opens()
    await reporting.inventory_is_final()
    returned = await reporting.submits()
    await reporting.returns(returned.id, "not for the public")
    accepted_one = await reporting.accepts((await reporting.submits()).id)
    found = await reporting.consolidates()

    for who in (None, "escwa-chair", "escwa-technical"):
        assert await report_of(reporting, who) is None
        assert (await reporting.ask(who, CONSOLIDATED))["consolidatedReport"] is None
    await reporting.publishes(found.id)

    for who in (None, "escwa-chair"):
        seen = await report_of(reporting, who)
        assert (seen["id"], seen["state"]) == (accepted_one.id, ReportState.ACCEPTED)
        assert (seen["submittedBy"], seen["decidedBy"]) == (None, None)
        report = (await reporting.ask(who, CONSOLIDATED))["consolidatedReport"]
        assert report["included"] == [{"location": {"id": "unon"}, "inventoryVersion": 1, "total": {"value": "100.5"}}]
        query = "query($id: ID!) { progressReport(id: $id) { id } }"
        assert (await reporting.ask(who, query, id=returned.id))["progressReport"] is None
    assert (await report_of(reporting, "unon-chair"))["submittedBy"] == "unon-chair"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_figure SET value = 0",
        "DELETE FROM report_decision",
        "UPDATE progress_report SET narrative = ''",
        "TRUNCATE consolidated_figure",
        "UPDATE consolidated_member SET total_kg = 0",
        "DELETE FROM inventory_figure",
    ],
)
async def test_what_is_kept_cannot_be_changed_by_sql(reporting, statement):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with reporting.database.transaction(["secretariat"]) as tx:
            await tx.execute(text(statement))


async def test_without_rights_no_row_is_seen(reporting):
    await reporting.opens()
    await accepted(reporting)
    tables = ("progress_report", "report_figure", "report_decision", "inventory_figure")

    async with reporting.database.transaction([]) as tx:
        counts = [await tx.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]  # noqa: S608 - our own
    assert counts == [0, 0, 0, 0]


def test_every_refusal_of_the_service_has_a_code_of_its_own():
    from reporting.domain import errors

    codes = [kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)]
    assert len(codes) == len(set(codes))
