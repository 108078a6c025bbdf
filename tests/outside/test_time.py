"""What an answer of the callout is worth: a minute, and nothing without it."""

import asyncio
import time

import nats
import pytest
from outside_site import PEOPLE, own_consumer, own_inbox, say

from chassis.callout.responder import ADMITTED_S


async def closed(client, *, within_s: float) -> float:
    """Seconds until the server ends the connection."""
    began = time.monotonic()
    while client.is_connected and time.monotonic() - began < within_s:
        await asyncio.sleep(0.1)
    assert not client.is_connected
    return time.monotonic() - began


async def test_a_right_that_was_taken_away_ends_within_a_minute_and_the_consumer_forgets_it_too(site):
    places = [f"/locations/secretariat/{place}/local-member" for place in ("unon", "escwa")]
    people = PEOPLE | {"leaving": places}
    site.set_groups(people)
    token = site.token("leaving")
    own, inbox = own_consumer(token), own_inbox(token)
    async with site.outsider(token, inbox=inbox) as client:
        subscription = await client.jetstream().pull_subscribe_bind(consumer=own, stream="evt-offsets")
        before = await subscription.fetch(1000, timeout=1)
        for message in before:
            await message.ack_sync()
        site.set_groups(people | {"leaving": places[1:]})

        lasted = await closed(client, within_s=ADMITTED_S + 5)
    assert "expired" in str(client.last_error)
    async with site.service("offsets") as service:
        await say(service, "offsets", "unon")
        await say(service, "offsets", "escwa")
    async with site.outsider(token, inbox=inbox) as client:
        subscription = await client.jetstream().pull_subscribe_bind(consumer=own, stream="evt-offsets")
        after = await subscription.fetch(1000, timeout=1)
        await client.subscribe("evt.offsets.*.v1.secretariat.unon.>")
        await client.flush()
        await client.flush()

    assert {message.subject.split(".")[5] for message in before} == {"unon", "escwa"}
    assert lasted <= ADMITTED_S + 1
    assert [message.subject.split(".")[5] for message in after] == ["escwa"]
    assert "permissions violation for subscription" in client.refused[0]


async def test_a_revoked_token_is_not_let_in_again(site):
    token = site.token("unon-chair")
    async with site.outsider(token, inbox=own_inbox(token)):
        pass

    site.revoke(token)

    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        async with site.outsider(token):
            pass


async def test_without_the_callout_outsiders_are_refused_and_services_go_on(site):
    token = site.token("unon-chair")
    site.stop_access()
    try:
        began = time.monotonic()
        with pytest.raises(nats.errors.Error, match="Authorization Violation"):
            async with site.outsider(token):
                pass
        refused_after = time.monotonic() - began
        async with site.service("targets") as service:
            await say(service, "targets", "unon")
        async with site.service("reporting") as service:
            subscription = await service.jetstream().pull_subscribe_bind(consumer="reporting", stream="evt-targets")
            heard = await subscription.fetch(1, timeout=5)
    finally:
        site.start_access()

    assert refused_after < 4
    assert heard[0].subject.startswith("evt.targets.")
    deadline = time.monotonic() + 20
    while True:
        try:
            async with site.outsider(token, inbox=own_inbox(token)):
                return
        except nats.errors.Error:
            assert time.monotonic() < deadline
