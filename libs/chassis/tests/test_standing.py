"""A right that was taken away stops within half a minute, for requests as for sockets."""

import asyncio
import time

import pytest

from chassis import standing as module
from chassis.access import ANONYMOUS
from chassis.identity import Identity, InvalidToken
from chassis.standing import Standing
from chassis.testing import settings_for

FRESH_S = 30


@pytest.fixture
def identity(issuer):
    return Identity(settings_for(issuer=issuer.url, introspection_secret="a secret of some length"))


@pytest.fixture
def standing(identity):
    return Standing(identity, fresh_s=FRESH_S)


def old(issuer, **claims):
    """A token that was issued a minute ago."""
    now = int(time.time())
    return issuer.token(iat=now - 60, exp=now + 240, **claims)


async def caller(identity, standing, token):
    return await standing.now(await identity.principal(f"Bearer {token}"))


async def test_a_fresh_token_speaks_for_itself_and_an_older_one_is_asked_about_once_in_half_a_minute(
    identity, standing, issuer
):
    await caller(identity, standing, issuer.token())
    assert issuer.introspections == 0

    token = old(issuer)
    await asyncio.gather(*(caller(identity, standing, token) for _ in range(20)))
    await caller(identity, standing, token)
    assert issuer.introspections == 1


async def test_who_was_logged_out_is_refused(identity, standing, issuer):
    token = old(issuer)
    issuer.revoke(token)

    with pytest.raises(InvalidToken):
        await caller(identity, standing, token)


async def test_a_role_that_was_taken_away_is_gone_though_the_token_still_names_it(identity, standing, issuer):
    token = old(issuer)
    issuer.regroup(token, ["/locations/secretariat/escwa/local-member"])

    principal = await caller(identity, standing, token)

    assert [(grant.role, grant.location_id) for grant in principal.grants] == [("local-member", "escwa")]


async def test_a_word_older_than_half_a_minute_is_asked_for_again(identity, issuer):
    standing = Standing(identity, fresh_s=0.05)
    token = old(issuer)
    await caller(identity, standing, token)
    issuer.revoke(token)
    await asyncio.sleep(0.06)

    with pytest.raises(InvalidToken):
        await caller(identity, standing, token)


async def test_while_the_issuer_is_away_a_verified_token_stands_and_the_issuer_is_left_alone(
    identity, standing, issuer, monkeypatch
):
    token = old(issuer)
    issuer.away = True

    for _ in range(5):
        assert (await caller(identity, standing, token)).name == "ana"
    assert issuer.introspections == 1

    issuer.away = False
    issuer.revoke(token)
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    standing._away_until = 0.0
    with pytest.raises(InvalidToken):
        await caller(identity, standing, token)


async def test_nobody_is_asked_about_who_has_no_token(standing, issuer):
    assert await standing.now(ANONYMOUS) is ANONYMOUS
    assert issuer.introspections == 0
