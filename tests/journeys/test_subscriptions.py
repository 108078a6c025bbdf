"""Another UN entity's system hears of its location's credits through the gateway, as they are bought and retired."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import httpx

from embedded.sockets import connected
from lichen.mainjob import operations

YEAR = 2024
LISTEN = Path(__file__).resolve().parents[2] / "docs" / "subscriber" / "listen.py"
EVENTS = """subscription($location: ID!) { offsetEvents(locationId: $location, since: "2020-01-01T00:00:00Z") {
  id type location { name } retirement { year amount { value unit } serialFirst } } }"""


def secret_of_another_entity(platform):
    return (platform.home / "secrets" / "ext-unep").read_text()


def token_of_another_entity(platform):
    secret = secret_of_another_entity(platform)
    answer = httpx.post(
        f"{platform.run['issuer']}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials", "client_id": "ext-unep", "client_secret": secret},
    )
    return answer.raise_for_status().json()["access_token"]


def done(platform, operation, persona, **given):
    given |= {"idempotencyKey": str(uuid.uuid4())}
    ((_, decided),) = platform.ask(operation, persona=persona, input=given)["data"].items()
    assert decided["__typename"] != "Refusal", decided
    return decided["id"]


def retire_one_tonne(platform):
    ours = {"locationId": "unon", "year": YEAR, "tonnes": 1}
    purchase = done(platform, operations.REQUEST_PURCHASE, "unon-chair", **ours, justification="One more journey")
    done(platform, operations.APPROVE_PURCHASE, "approver", purchaseId=purchase)
    batch = done(
        platform, operations.RECORD_DELIVERY, "procurement", purchaseId=purchase, registry="Another Registry",
        project="1", vintage=2022, serialFirst="77", serialLast="77", pricePerTonne="4", currency="USD",
    )  # fmt: skip
    done(platform, operations.RETIRE_CREDITS, "certifying", **ours, batchId=batch)


def _heard_by_the_documented_client(platform, folder, *, after):
    """Ids of what docs/subscriber/listen.py prints, up to a retirement, when it was stopped after that event."""
    (folder / "last-event.txt").write_text(after)
    arguments = [
        platform.run["gateway"],
        platform.run["issuer"],
        "ext-unep",
        secret_of_another_entity(platform),
        "unon",
    ]
    command = [sys.executable, str(LISTEN), *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as client:
        heard = []
        for line in client.stdout:
            heard.append(json.loads(line))
            if heard[-1]["type"] == "CREDITS_RETIRED":
                break
        client.terminate()
    return [event["id"] for event in heard]


async def test_another_entity_hears_of_its_locations_retirements(platform, tmp_path):
    async with connected(platform.run["gateway"].replace("http", "ws", 1)) as socket:
        await socket.start(authorization=f"Bearer {token_of_another_entity(platform)}")
        await socket.subscribe(EVENTS, "1", location="escwa")
        refused = (await socket.receive())["payload"]["errors"]
        assert (await socket.receive())["type"] == "complete"
        await socket.subscribe(EVENTS, "2", location="unon")
        earlier = [await socket.event()]
        while earlier[-1]["type"] != "CREDITS_RETIRED":
            earlier.append(await socket.event())

        retire_one_tonne(platform)
        later = [await socket.event()]
        while later[-1]["type"] != "CREDITS_RETIRED":
            later.append(await socket.event())

    assert _heard_by_the_documented_client(platform, tmp_path, after=earlier[-1]["id"]) == [
        event["id"] for event in later
    ]
    assert [error["extensions"]["code"] for error in refused] == ["NOT_FOUND"]
    assert [event["type"] for event in earlier] == [
        "PURCHASE_REQUESTED", "PURCHASE_APPROVED", "CREDITS_PURCHASED", "CREDITS_RETIRED",
    ]  # fmt: skip
    assert later[-1]["retirement"] == {
        "year": YEAR, "amount": {"value": "1", "unit": "tCO2e"}, "serialFirst": "77",
    }  # fmt: skip
    assert later[-1]["location"] == {"name": "United Nations Office at Nairobi"}
