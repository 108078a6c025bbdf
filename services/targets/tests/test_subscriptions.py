"""Who subscribes to *targets* hears of the own place's targets and of how they are met."""

from typing import TYPE_CHECKING, Any

from targets.main import SERVICE

if TYPE_CHECKING:
    from services.targets.tests.conftest import Targets

EVENTS = """subscription($location: ID!) { targetEvents(locationId: $location, since: "2020-01-01T00:00:00Z") {
    type aggregateVersion target { indicator setBy progress { verdict } } } }"""


async def test_a_subscriber_hears_of_a_target_and_of_its_assessment(targets: "Targets", signed_in: Any) -> None:
    async with signed_in(SERVICE, targets.settings, "/locations/secretariat/unon/local-chair") as socket:
        await socket.subscribe(EVENTS, "1", location="escwa")
        refused = await socket.refusal()
        await socket.subscribe(EVENTS, "2", location="unon")
        await targets.set()
        was_set = await socket.event()
        await targets.inventory_is_final()
        assessed = await socket.event()

    assert refused == "NOT_FOUND"
    assert was_set == {
        "type": "TARGET_SET",
        "aggregateVersion": 1,
        "target": {"indicator": "electricity", "setBy": "unon-chair", "progress": []},
    }
    assert (assessed["type"], assessed["aggregateVersion"]) == ("PROGRESS_ASSESSED", 2)
    assert assessed["target"]["progress"] == [{"verdict": "on_track"}]
