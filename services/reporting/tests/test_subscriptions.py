"""Who subscribes to *reporting* hears of the own place's reports."""

from typing import TYPE_CHECKING, Any

from reporting.main import SERVICE

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

EVENTS = """subscription($location: ID!) { reportingEvents(locationId: $location, since: "2020-01-01T00:00:00Z") {
    type progressReport { year state submittedBy } consolidatedReport { year } } }"""


async def test_a_subscriber_hears_of_a_report_that_is_handed_in_and_accepted(
    reporting: "Reporting", signed_in: Any
) -> None:
    await reporting.opens()
    await reporting.inventory_is_final()
    async with signed_in(SERVICE, reporting.settings, "/locations/secretariat/unon/local-chair") as socket:
        await socket.subscribe(EVENTS, "1", location="escwa")
        refused = await socket.refusal()
        await socket.subscribe(EVENTS, "2", location="unon")
        report = await reporting.submits()
        submitted = await socket.event()
        await reporting.accepts(report.id)
        accepted = await socket.event()

    assert refused == "NOT_FOUND"
    assert submitted == {
        "type": "PROGRESS_REPORT_SUBMITTED",
        "progressReport": {"year": 2024, "state": "submitted", "submittedBy": "unon-chair"},
        "consolidatedReport": None,
    }
    assert (accepted["type"], accepted["progressReport"]["state"]) == ("PROGRESS_REPORT_ACCEPTED", "accepted")
