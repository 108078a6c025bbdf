"""Who subscribes to *offsets* hears of the own place's credits as they are bought and retired."""

from typing import TYPE_CHECKING, Any

from offsets.main import SERVICE

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Desk, Offsets

EVENTS = """subscription($location: ID!) { offsetEvents(locationId: $location, since: "2020-01-01T00:00:00Z") {
    type location { id } purchase { state } creditBatch { serialFirst price { value unit } }
    retirement { retiredBy amount { value unit } } neutralityStatement { status coverage { value } } } }"""


async def test_a_subscriber_hears_of_a_purchase_and_a_retirement_as_they_happen(
    offsets: "Offsets", desk: "Desk", signed_in: Any
) -> None:
    await offsets.inventory_is_final()
    async with signed_in(SERVICE, offsets.settings, "/locations/secretariat/unon/local-chair") as socket:
        await socket.subscribe(EVENTS, location="unon")
        batch = await desk.batch()
        bought = [await socket.event() for _ in range(3)]
        await desk.retire(batch, tonnes=100)
        retired = [await socket.event() for _ in range(2)]

    assert [event["type"] for event in bought] == ["PURCHASE_REQUESTED", "PURCHASE_APPROVED", "CREDITS_PURCHASED"]
    assert bought[2]["location"] == {"id": "unon"}
    assert bought[2]["creditBatch"] == {"serialFirst": "3000000001", "price": {"value": "425.00", "unit": "USD"}}
    assert bought[2]["purchase"] == {"state": "delivered"}
    assert bought[2]["retirement"] is None
    assert retired[0]["type"] == "CREDITS_RETIRED"
    assert retired[0]["retirement"] == {"retiredBy": "certifying", "amount": {"value": "100", "unit": "tCO2e"}}
    assert retired[1]["type"] == "NEUTRALITY_STATEMENT_ISSUED"
    assert retired[1]["neutralityStatement"]["status"] == "neutral"


async def test_nobody_hears_of_another_place(offsets: "Offsets", desk: "Desk", signed_in: Any) -> None:
    async with signed_in(SERVICE, offsets.settings, "/locations/secretariat/escwa/local-chair") as socket:
        await socket.subscribe(EVENTS, "1", location="unon")
        refused = await socket.receive()
        await socket.subscribe(EVENTS, "2", location="escwa")
        await desk.batch(location_id="unon")
        await desk.batch(first=4_000_000_001, location_id="escwa")
        heard = await socket.event()

    assert refused["payload"][0]["extensions"]["code"] == "NOT_FOUND"
    assert heard["location"] == {"id": "escwa"}


async def test_who_may_not_read_offsets_hears_nothing_of_them(offsets: "Offsets", signed_in: Any) -> None:
    async with signed_in(SERVICE, offsets.settings, "/functions/platform-administrator") as socket:
        await socket.subscribe(EVENTS, location="unon")

        assert await socket.refusal() == "NOT_PERMITTED"
