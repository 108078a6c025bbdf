"""Who subscribes to *inventory* hears of the own place's inventories as they are handed in and approved."""

from typing import TYPE_CHECKING, Any

from inventory.main import SERVICE

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

EVENTS = """subscription($location: ID!) { inventoryEvents(locationId: $location, since: "2020-01-01T00:00:00Z") {
    type locationId location { name } inventory { year total { value unit } } } }"""


async def test_a_subscriber_hears_of_an_inventory_as_it_becomes_final(
    inventories: "Inventories", signed_in: Any
) -> None:
    settings = SERVICE.settings(**inventories.settings.model_dump())
    async with signed_in(SERVICE, settings, "/locations/secretariat/unon/local-chair") as socket:
        await socket.subscribe(EVENTS, "1", location="unon")
        await socket.subscribe(EVENTS, "2", location="escwa")
        messages = [await socket.receive()]
        await inventories.final()
        while len(messages) < 2 or messages[-1]["payload"]["data"]["inventoryEvents"]["type"] != "INVENTORY_FINALISED":
            messages.append(await socket.receive())

    refused = [message for message in messages if message["type"] == "error"]
    heard = [message["payload"]["data"]["inventoryEvents"] for message in messages if message["type"] == "next"]
    assert [(message["id"], message["payload"][0]["extensions"]["code"]) for message in refused] == [("2", "NOT_FOUND")]
    assert [event["type"] for event in heard if event["inventory"]] == ["INVENTORY_SUBMITTED", "INVENTORY_FINALISED"]
    assert {event["type"] for event in heard if not event["inventory"]} == {"LOCATION_REGISTERED"}
    assert heard[0]["location"] == {"name": heard[0]["locationId"].upper()}
    assert heard[-1]["inventory"]["year"] == 2024
    assert heard[-1]["inventory"]["total"]["unit"] == "kgCO2e"
