"""Subscriptions over graphql-transport-ws, from the caller to the service."""

import asyncio
import json
import time

import pytest
from websockets.exceptions import InvalidStatus

from embedded.sockets import connected


@pytest.fixture
async def socket(gateway):
    async with connected(gateway.websocket_url) as socket:
        yield socket


async def test_each_event_is_joined_over_the_services(socket):
    await socket.start()
    await socket.subscribe("subscription { registered(count: 2) { id name offsetPosition { remaining } } }")

    messages = [await socket.receive() for _ in range(3)]

    assert [message["type"] for message in messages] == ["next", "next", "complete"]
    assert [message["payload"] for message in messages[:2]] == [
        {"data": {"registered": {"id": code, "name": name, "offsetPosition": {"remaining": "12.5"}}}}
        for code, name in (("unon", "Nairobi"), ("unog", "Geneva"))
    ]


async def test_each_event_has_its_own_errors(socket):
    await socket.start()
    await socket.subscribe("subscription { registered(count: 3) { id flaky } }")

    messages = [await socket.receive() for _ in range(3)]

    assert [len(message["payload"].get("errors", [])) for message in messages] == [0, 1, 0]
    assert "secret" not in json.dumps(messages)


@pytest.mark.parametrize("prefix", ["Bearer ", ""])
@pytest.mark.ours
async def test_the_token_of_connection_init_reaches_the_service(socket, issuer, prefix):
    token = issuer.token()
    await socket.start(authorization=f"{prefix}{token}")
    await socket.subscribe("subscription { listener }")

    assert (await socket.receive())["payload"]["data"]["listener"] == f"Bearer {token}"


async def test_without_a_token_the_listener_is_anonymous(socket):
    await socket.start()
    await socket.subscribe("subscription { listener }")

    assert (await socket.receive())["payload"]["data"]["listener"] == "None"


@pytest.mark.ours
async def test_a_bad_token_closes_the_socket(socket):
    await socket.send(type="connection_init", payload={"authorization": "Bearer abc"})

    assert await socket.closing() == (4403, "INVALID_TOKEN")


@pytest.mark.ours
async def test_the_socket_closes_when_the_token_ends(start, issuer):
    strict = start(settings={"tokens": {"leeway_s": 1}})
    now = int(time.time())
    async with connected(strict.websocket_url) as socket:
        await socket.start(authorization=issuer.token(iat=now - 10, exp=now + 1))
        await socket.subscribe("subscription { silence }")
        await socket.receive()

        assert await socket.closing() == (4403, "TOKEN_EXPIRED")


@pytest.mark.ours
async def test_a_socket_carries_twenty_subscriptions(socket):
    await socket.start()
    for number in range(21):
        await socket.subscribe("subscription { silence }", str(number))

    messages = [await socket.receive() for _ in range(21)]

    refused = [message for message in messages if message["type"] == "error"]
    assert len(refused) == 1
    assert refused[0]["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"


@pytest.mark.ours
async def test_limits_hold_on_a_socket_too(socket):
    await socket.start()
    codes = []
    for query in (
        "subscription { registered { children { id } nothing } }",
        "{ registries }",
        "subscription { " + "a " * 1000 + "}",
    ):
        await socket.subscribe(query)
        codes.append((await socket.receive())["payload"][0]["extensions"]["code"])

    assert codes == ["GRAPHQL_VALIDATION_FAILED", "NOT_A_SUBSCRIPTION", "TOO_MANY_TOKENS"]


@pytest.mark.ours
async def test_a_silent_service_is_left_when_the_caller_completes(socket):
    await socket.start()
    await socket.subscribe("subscription { silence }")
    await socket.receive()
    await socket.send(id="1", type="complete")
    await socket.subscribe("subscription { registered(count: 1) { id } }", "2")

    assert (await socket.receive())["payload"]["data"]["registered"]["id"] == "unon"


@pytest.mark.ours
async def test_a_subscription_to_a_service_that_is_down_is_an_error(gateway_without_inventory):
    async with connected(gateway_without_inventory.websocket_url) as socket:
        await socket.start()
        await socket.subscribe("subscription { silence }")
        message = await socket.receive()

    assert message["payload"]["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert "127.0.0.1" not in json.dumps(message)


async def test_a_subscription_before_the_handshake_closes_the_socket(socket):
    await socket.subscribe("subscription { silence }")

    assert (await socket.closing())[0] == 4401


@pytest.mark.ours
async def test_a_message_of_another_form_closes_the_socket(socket):
    await socket.connection.send('["x"]')

    assert (await socket.closing())[0] == 4400


@pytest.mark.ours
async def test_a_page_of_another_site_may_not_connect(gateway):
    with pytest.raises(InvalidStatus) as refused:
        async with connected(gateway.websocket_url, origin="https://elsewhere.example"):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.ours
@pytest.mark.parametrize(
    ("closing", "code"),
    [
        ((4403, "TOKEN_EXPIRED"), "TOKEN_EXPIRED"),
        ((4403, "RIGHT_WITHDRAWN"), "RIGHT_WITHDRAWN"),
        ((4401, "NOT_SIGNED_IN"), "NOT_SIGNED_IN"),
        ((1012, ""), "SERVICE_UNAVAILABLE"),
    ],
)
async def test_a_subscription_that_the_service_ends_says_why(socket, closing, code):
    await socket.start()
    await socket.subscribe(f'subscription {{ ending(code: {closing[0]}, reason: "{closing[1]}") }}')
    messages = [await socket.receive() for _ in range(3)]

    assert [message["type"] for message in messages] == ["next", "next", "complete"]
    assert messages[0]["payload"] == {"data": {"ending": 0}}
    assert [error["extensions"]["code"] for error in messages[1]["payload"]["errors"]] == [code]


@pytest.mark.ours
async def test_a_reader_that_takes_nothing_is_closed(gateway):
    async with connected(gateway.websocket_url, compression=None, max_size=None) as socket:
        await socket.start()
        await socket.subscribe("subscription { flood(count: 2000, size: 50000) }")
        socket.connection.transport.pause_reading()
        await asyncio.sleep(3)
        socket.connection.transport.resume_reading()

        assert await socket.closing() == (1013, "SLOW_READER")


@pytest.mark.ours
async def test_a_reader_that_keeps_up_gets_more_than_may_lie_ahead(socket):
    await socket.start()
    await socket.subscribe("subscription { flood(count: 1000, size: 1) }")
    heard = [await socket.event() for _ in range(1000)]

    assert [int(text) for text in heard] == list(range(1000))
