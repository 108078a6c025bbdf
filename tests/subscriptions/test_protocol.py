"""graphql-transport-ws, used wrongly: each mistake has its answer."""

import asyncio
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from embedded.sockets import connected

QUERY = 'subscription { targetEvents(locationId: "unon") { id } }'
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": QUERY}}


@pytest.fixture
async def url(targets):
    async with targets.serving() as url:
        yield url


MISTAKES = (
    ('["x"]', 4400),
    ("7", 4400),
    ("null", 4400),
    ("{", 4400),
    ("[" * 60_000, 4400),
    ("{}", 4400),
    ('{"type": null}', 4400),
    ('{"type": "start"}', 4400),
    ('{"type": "connection_init", "payload": 7}', 4400),
    ('{"type": "connection_init", "payload": {"authorization": "\\u0000"}}', 4400),
    (b"\x00\x01", 4400),
    (json.dumps(SUBSCRIBE), 4401),
    (json.dumps({"type": "subscribe"}), 4400),
    (json.dumps(SUBSCRIBE | {"id": 7}), 4400),
    (json.dumps(SUBSCRIBE | {"payload": {"query": 7}}), 4400),
    (json.dumps(SUBSCRIBE | {"payload": {"query": QUERY, "variables": []}}), 4400),
    (json.dumps(SUBSCRIBE | {"payload": {"query": QUERY, "operationName": 7}}), 4400),
    (json.dumps({"type": "complete"}), 4400),
    (json.dumps({"type": "complete", "id": []}), 4400),
    ("x" * 65_537, 1009),
)


async def test_a_message_that_may_not_come_first_closes_the_socket(url):
    found = []
    for sent, _ in MISTAKES:
        async with connected(url) as client:
            await client.connection.send(sent)
            found.append((sent, (await client.closing())[0]))

    assert found == list(MISTAKES)


async def test_no_other_protocol_is_spoken(url):
    for protocols in (["graphql-ws"], ["chat"], None):
        async with connected(url, subprotocols=protocols) as client:
            assert (await client.closing())[0] == 4406, protocols


async def test_a_second_init_closes_the_socket(targets, url):
    async with targets.listening(url) as listener:
        await listener.send(type="connection_init", payload={})

        assert (await listener.closing())[0] == 4429


async def test_an_id_in_use_closes_the_socket(targets, url):
    async with targets.listening(url) as listener:
        await listener.listen()
        await listener.listen()

        assert (await listener.closing())[0] == 4409


async def test_an_id_may_be_used_again_when_its_subscription_is_over(targets, url):
    async with targets.listening(url) as listener:
        await listener.listen()
        await listener.send(type="complete", id="1")
        await listener.listen()
        happened = await targets.happens()

        assert await listener.heard(1) == happened


async def test_who_does_not_sign_in_is_sent_away(targets):
    async with targets.serving(subscription_init_s=0.2) as url, connected(url) as client:
        assert (await client.closing())[0] == 4408


async def test_a_ping_is_answered_before_sign_in_too(url):
    async with connected(url) as client:
        await client.send(type="ping")

        assert await client.receive() == {"type": "pong"}


async def test_a_page_of_another_site_may_not_connect(url):
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=["graphql-transport-ws"], origin="https://elsewhere.example"):
            pass

    assert refused.value.response.status_code == 403


async def test_a_socket_carries_twenty_subscriptions(targets, url):
    async with targets.listening(url) as listener:
        for number in range(21):
            await listener.listen(number=str(number))
        message = await listener.receive()
        happened = await targets.happens()
        heard = [await listener.receive() for _ in range(20)]

    assert (message["id"], message["type"]) == ("20", "error")
    assert message["payload"][0]["extensions"] == {"code": "SUBSCRIPTION_LIMIT", "limit": 20}
    assert {item["payload"]["data"]["targetEvents"]["id"] for item in heard} == set(happened)


REFUSED = (
    ('{ target(id: "1") { id } }', "NOT_A_SUBSCRIPTION"),
    ("mutation { setTarget(input: {}) { __typename } }", "NOT_A_SUBSCRIPTION"),
    ("subscription { targetEvents", "BAD_REQUEST"),
    ("subscription { nothing }", "BAD_REQUEST"),
    (QUERY.replace("{ id }", "{ " + "id " * 2_000 + "}"), "BAD_REQUEST"),
    (QUERY.replace("{ id }", "{ " + " ".join(f"a{n}: id" for n in range(31)) + " }"), "BAD_REQUEST"),
    (QUERY.replace('"unon"', "7.5"), "BAD_REQUEST"),
    (QUERY.replace('"unon"', '"unon", since: "yesterday"'), "BAD_REQUEST"),
)


async def test_the_limits_of_queries_hold_and_the_socket_stays_open(targets, url):
    found = []
    async with targets.listening(url) as listener:
        for query, _ in REFUSED:
            await listener.subscribe(query)
            found.append((query, await listener.refusal()))
        await listener.listen()
        happened = await targets.happens()

        assert await listener.heard(1) == happened
    assert found == list(REFUSED)


async def test_a_subscription_that_is_too_deep_is_refused(targets):
    async with targets.serving(graphql_depth_limit=2) as url, targets.listening(url) as listener:
        await listener.subscribe(
            QUERY.replace("{ id }", "{ location { targets(first: 1) { edges { node { id } } } } }")
        )

        assert await listener.refusal() == "BAD_REQUEST"


async def test_a_reader_that_takes_nothing_is_closed(targets):
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    large = QUERY.replace("{ id }", "{ " + " ".join(f"a{n}: aggregateId" for n in range(30)) + " }")
    with capture_logs() as logs:
        async with targets.serving(subscription_send_s=0.3, send_buffer_bytes=4096) as url:
            small.connect(("127.0.0.1", urlsplit(url).port))
            async with targets.signed_in(url, targets.token(), sock=small, compression=None) as listener:
                await listener.subscribe(large.replace(")", ', since: "2026-01-01T00:00:00Z")'))
                listener.connection.transport.pause_reading()
                await targets.happens(count=200)
                async with asyncio.timeout(20):
                    while not any(line.get("reason") == "SLOW_READER" for line in logs):
                        await asyncio.sleep(0.05)
                listener.connection.transport.resume_reading()

                assert await listener.closing() == (1013, "SLOW_READER")


async def test_a_restart_closes_the_socket(targets):
    async with targets.serving() as url:
        listening = targets.listening(url)
        listener = await listening.__aenter__()
        await listener.listen()

    assert (await listener.closing())[0] == 1012
    await listening.__aexit__(None, None, None)


async def test_a_subscription_by_post_is_refused(targets, url):
    async with httpx.AsyncClient() as client:
        answer = await client.post(url.replace("ws", "http", 1), json={"query": QUERY})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "USE_WEBSOCKET")
