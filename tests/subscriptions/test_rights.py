"""Who may listen, and for how long: a right that ends, ends the socket."""

import asyncio
import time

from embedded.sockets import connected

NOBODY = "/locations/secretariat/escwa/local-chair"
QUICK = {"recheck_s": 0.2, "subscription_unvouched_s": 1.0}


async def asked_again(targets, *, times):
    """Returns once the issuer has been asked so many times more."""
    asked = targets.issuer.introspections
    async with asyncio.timeout(20):
        while targets.issuer.introspections < asked + times:
            await asyncio.sleep(0.02)


async def test_a_foreign_place_answers_like_one_that_is_not_there(targets):
    messages = []
    async with targets.serving() as url, targets.listening(url) as listener:
        for place in ("escwa", "nowhere", "secretariat"):
            await listener.listen(place)
            message = await listener.receive()
            messages.append(str(message).replace(place, "PLACE"))

    assert len(set(messages)) == 1
    assert "NOT_FOUND" in messages[0]


async def test_without_a_good_token_there_is_no_socket(targets):
    table = (
        ({}, (4401, "NOT_SIGNED_IN")),
        ({"authorization": None}, (4401, "NOT_SIGNED_IN")),
        ({"authorization": ""}, (4403, "INVALID_TOKEN")),
        ({"authorization": "Bearer abc"}, (4403, "INVALID_TOKEN")),
        ({"authorization": {}}, (4403, "INVALID_TOKEN")),
    )
    found = []
    async with targets.serving() as url:
        for payload, _ in table:
            async with connected(url) as socket:
                await socket.send(type="connection_init", payload=payload)
                found.append((payload, await socket.closing()))

    assert found == list(table)


async def test_a_token_that_the_issuer_took_back_opens_no_socket(targets):
    token = targets.token()
    targets.issuer.revoke(token)
    async with targets.serving() as url, connected(url) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {token}"})

        assert await socket.closing() == (4403, "TOKEN_NO_LONGER_ACTIVE")


async def test_an_issuer_that_is_away_lets_nobody_in(targets):
    targets.issuer.away = True
    async with targets.serving() as url, connected(url) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {targets.token()}"})

        assert await socket.closing() == (4403, "ISSUER_UNAVAILABLE")


async def test_the_socket_closes_when_the_token_ends(targets):
    ends = int(time.time()) + 2
    async with targets.serving() as url, targets.listening(url, exp=ends) as listener:
        await listener.listen()
        closing = await listener.closing()

        assert closing == (4403, "TOKEN_EXPIRED")
        assert 0 <= time.time() - ends < 1


async def test_a_token_that_is_taken_back_ends_the_socket(targets):
    token = targets.token()
    async with targets.serving(**QUICK) as url, targets.signed_in(url, token) as listener:
        await listener.listen()
        await asked_again(targets, times=2)
        targets.issuer.revoke(token)

        assert await listener.closing() == (4403, "TOKEN_NO_LONGER_ACTIVE")


async def test_a_right_that_is_withdrawn_ends_the_socket(targets):
    token = targets.token()
    async with targets.serving(**QUICK) as url, targets.signed_in(url, token) as listener:
        await listener.listen()
        targets.issuer.regroup(token, [NOBODY])

        assert await listener.closing() == (4403, "RIGHT_WITHDRAWN")


async def test_a_right_that_shrinks_tells_of_what_is_left(targets):
    token = targets.token("/locations/secretariat/central-coordinator")
    async with targets.serving(**QUICK) as url, targets.signed_in(url, token) as listener:
        await listener.listen("unon")
        targets.issuer.regroup(token, ["/locations/secretariat/unon/local-chair"])
        await asked_again(targets, times=2)
        await listener.listen("escwa", "2")
        message = await listener.receive()
        happened = await targets.happens()

        assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("2", "NOT_FOUND")
        assert await listener.heard(1) == happened


async def test_an_issuer_that_is_away_for_long_ends_the_socket_and_for_a_while_does_not(targets):
    unvouched_s = 2.0
    bounds = QUICK | {"subscription_unvouched_s": unvouched_s}
    async with targets.serving(**bounds) as url, targets.listening(url) as listener:
        await listener.listen()
        targets.issuer.away = True
        vouched = time.monotonic()
        await asked_again(targets, times=2)
        happened = await targets.happens()
        assert await listener.heard(1) == happened
        targets.issuer.away = False
        # Longer than the bound after its last word from before, it hears all the while.
        while time.monotonic() < vouched + unvouched_s:
            await asked_again(targets, times=1)
            happened = await targets.happens()
            assert await listener.heard(1) == happened
        targets.issuer.away = True

        assert await listener.closing() == (4403, "ISSUER_UNAVAILABLE")


async def test_the_issuer_is_asked_once_for_all_sockets_of_a_token(targets):
    token = targets.token()
    async with targets.serving() as url:
        for _ in range(5):
            async with targets.signed_in(url, token) as listener:
                await listener.listen()

    assert targets.issuer.introspections == 1


async def test_an_expired_token_of_the_last_seconds_hears_nothing(targets):
    now = int(time.time())
    async with targets.serving() as url, connected(url) as socket:
        await socket.send(
            type="connection_init", payload={"authorization": f"Bearer {targets.token(iat=now - 60, exp=now - 5)}"}
        )

        assert await socket.closing() == (4403, "TOKEN_EXPIRED")
