"""Contract with any identity provider: what the services' own verifier makes of its tokens."""

import asyncio
import time
from collections.abc import Callable

import pytest
from administration import Administration
from identity_provider import API_SECRET, IdentityProvider, good, published_kids
from joserfc import jws
from joserfc.jwk import RSAKey

from chassis import identity as verifier
from chassis.identity import Identity, InvalidToken
from chassis.settings import ServiceSettings

Verifier = Callable[..., Identity]
FORGER = RSAKey.generate_key(2048)
ESCWA = "/locations/secretariat/escwa/technical-team"


@pytest.fixture
def verifier_of(listening: IdentityProvider) -> Verifier:
    def make(**changes: str) -> Identity:
        settings = {"issuer": listening.url, "audience": listening.audience, "introspection_secret": API_SECRET}
        return Identity(
            ServiceSettings(env="local", database_url="postgresql://x/y", nats_url="nats://x", **settings | changes)
        )

    return make


async def accepts(identity: Identity, token: str) -> bool:
    try:
        return bool((await identity.principal(f"Bearer {token}")).subject)
    except InvalidToken:
        return False


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


async def test_a_persons_token_is_accepted_with_its_rights(listening: IdentityProvider, verifier_of: Verifier) -> None:
    token = (await listening.log_in("unon-technical"))["access_token"]

    principal = await verifier_of().principal(f"Bearer {token}")

    assert principal.name == "unon-technical"
    assert [(grant.role, grant.location_id) for grant in principal.grants] == [("technical-team", "unon")]


async def test_a_machines_token_is_accepted_with_its_scopes(listening: IdentityProvider, verifier_of: Verifier) -> None:
    answer = good(
        await listening.token(
            client_id="ext-unep", client_secret=listening.unep_secret, grant_type="client_credentials"
        )
    )

    principal = await verifier_of().principal(f"Bearer {answer['access_token']}")

    assert principal.name == "service-account-ext-unep"
    assert [(grant.role, grant.location_id) for grant in principal.grants] == [("external-system", "unon")]
    assert principal.scopes & {"lichen.read", "lichen.enter"} == {"lichen.read"}


async def test_tokens_of_another_kind_are_refused(listening: IdentityProvider, verifier_of: Verifier) -> None:
    answer = await listening.log_in("unon-technical")
    identity = verifier_of()

    assert await accepts(identity, answer["access_token"])
    assert not await accepts(identity, answer["id_token"])
    assert not await accepts(identity, answer["refresh_token"])


@pytest.mark.parametrize("audience", ["lichen-api", "account", "lichen-cli"])
async def test_a_token_for_others_is_refused(listening: IdentityProvider, verifier_of: Verifier, audience: str) -> None:
    token = (await listening.log_in("unon-technical"))["access_token"]

    assert not await accepts(verifier_of(audience=audience), token)


async def test_a_token_of_the_issuer_by_another_name_is_refused(
    listening: IdentityProvider, verifier_of: Verifier
) -> None:
    token = (await listening.log_in("unon-technical"))["access_token"]
    by_another_name = verifier_of(issuer=listening.url.replace("127.0.0.1", "localhost"))

    # Its keys are the same ones.
    assert not await accepts(by_another_name, token)
    assert await accepts(verifier_of(), token)


async def test_a_right_that_was_taken_away_is_gone_at_once_by_introspection_and_at_the_next_refresh(
    listening: IdentityProvider, verifier_of: Verifier, administration: Administration
) -> None:
    answer = await listening.log_in("escwa-technical")
    identity = verifier_of()
    principal = await identity.principal(f"Bearer {answer['access_token']}")
    administration.set_groups("escwa-technical")
    try:
        now = await identity.still_holds(principal)
        after = await identity.principal(
            f"Bearer {good(await listening.refresh(answer['refresh_token']))['access_token']}"
        )
    finally:
        administration.set_groups("escwa-technical", ESCWA)

    assert len(principal.grants) == 1
    assert now is not None
    assert now.grants == ()
    assert after.grants == ()


async def test_no_request_fails_while_a_staged_key_takes_over(
    listening: IdentityProvider, verifier_of: Verifier, administration: Administration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of forged keys meanwhile uses up every look at the key set that is due; the tokens pass all the same."""
    monkeypatch.setattr(verifier, "KEYS_REFETCH_MIN_S", 0.5)
    identity = verifier_of()
    before = (await listening.log_in("unon-technical"))["access_token"]
    assert await accepts(identity, before)

    async def flood(seconds: float) -> None:
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            number += 1
            forged = jws.serialize_compact({"alg": "RS256", "kid": f"forged-{number}"}, b"{}", FORGER)
            assert not await accepts(identity, forged)
            await asyncio.sleep(0.01)

    staged = administration.stage_key()
    assert {staged, kid_of(before)} <= await published_kids(listening)
    assert kid_of((await listening.log_in("unon-technical"))["access_token"]) == kid_of(before)
    await flood(0.6)  # longer than it takes until a verifier may look again
    administration.sign_with(staged)
    results = []
    flooding = asyncio.create_task(flood(1.2))
    while not flooding.done():
        after = (await listening.log_in("unon-technical"))["access_token"]
        results += [kid_of(after) == staged, await accepts(identity, after), await accepts(identity, before)]
    await flooding

    assert all(results)
    assert len(results) > 3


async def test_a_disabled_key_verifies_nothing_more(
    listening: IdentityProvider, verifier_of: Verifier, administration: Administration, monkeypatch: pytest.MonkeyPatch
) -> None:
    knew_it_before = verifier_of()
    before = (await listening.log_in("unon-technical"))["access_token"]
    assert await accepts(knew_it_before, before)

    administration.sign_with(administration.stage_key())
    administration.disable(kid_of(before))

    assert kid_of(before) not in await published_kids(listening)
    assert not await accepts(verifier_of(), before)
    # One that had the key set learns it when that is old: it forgets what it had verified by the key, too.
    assert await accepts(knew_it_before, before)
    monkeypatch.setattr(verifier, "KEYS_LIFESPAN_S", 0)
    monkeypatch.setattr(verifier, "KEYS_REFETCH_MIN_S", 0)
    assert not await accepts(knew_it_before, before)
    assert await accepts(knew_it_before, (await listening.log_in("unon-technical"))["access_token"])
