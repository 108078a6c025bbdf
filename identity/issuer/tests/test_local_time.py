"""What the development issuer does as time passes and as people change; the clock moves only when told."""

import json
from pathlib import Path

from identity_provider import IdentityProvider, good, refused
from joserfc import jws

from identity.issuer.tests.conftest import Clock
from issuer.attempts import FAILURES_MAX, LOCKED_S
from issuer.expiring import Expiring
from issuer.settings import Settings
from issuer.state import Issuer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def key_ids(idp: IdentityProvider) -> list[str]:
    return [key["kid"] for key in (await idp.http.get(idp.at("certs"))).json()["keys"]]


async def signed_by(idp: IdentityProvider) -> str:
    token = (await idp.log_in("auditor"))["access_token"]
    kid: str = jws.extract_compact(token.encode()).headers()["kid"]
    return kid


async def test_next_key_is_published_before_it_signs(local: IdentityProvider, issuer: Issuer, clock: Clock) -> None:
    signing, staged = await key_ids(local)
    assert await signed_by(local) == signing

    clock.now += issuer.settings.key_rotation_s

    assert await signed_by(local) == staged
    assert signing in await key_ids(local)
    assert len(await key_ids(local)) == 3


async def test_retired_key_verifies_until_its_last_token_has_expired(
    local: IdentityProvider, issuer: Issuer, clock: Clock
) -> None:
    token = (await local.log_in("auditor"))["access_token"]
    first = (await key_ids(local))[0]

    issuer.keys.rotate()

    assert (await local.introspect(token))["active"] is True
    clock.now += 299
    assert first in await key_ids(local)
    clock.now += 61
    assert first not in await key_ids(local)
    assert len(await key_ids(local)) == 2


async def test_keys_are_new_at_each_start(issuer: Issuer) -> None:
    other = Issuer(issuer.settings)

    kids = {key["kid"] for each in (issuer, other) for key in each.keys.published()["keys"]}
    assert len(kids) == 4


async def test_access_token_ends_after_300_seconds(local: IdentityProvider, clock: Clock) -> None:
    token = (await local.log_in("auditor"))["access_token"]

    clock.now += 299
    assert (await local.introspect(token))["active"] is True
    clock.now += 1
    assert await local.introspect(token) == {"active": False}


async def test_idle_session_ends_after_30_minutes(local: IdentityProvider, clock: Clock) -> None:
    tokens = await local.log_in("auditor")
    clock.now += 29 * 60
    tokens = good(await local.refresh(tokens["refresh_token"]))
    clock.now += 29 * 60
    tokens = good(await local.refresh(tokens["refresh_token"]))

    clock.now += 30 * 60

    refused(await local.refresh(tokens["refresh_token"]), "invalid_grant", 400)


async def test_session_ends_after_10_hours_however_busy(local: IdentityProvider, clock: Clock) -> None:
    tokens = await local.log_in("auditor")
    for _ in range(29):
        clock.now += 20 * 60
        tokens = good(await local.refresh(tokens["refresh_token"]))

    clock.now += 20 * 60

    refused(await local.refresh(tokens["refresh_token"]), "invalid_grant", 400)


async def test_introspection_and_refresh_tell_the_groups_of_now(local: IdentityProvider, issuer: Issuer) -> None:
    tokens = await local.log_in("approver")

    issuer.directory.set_groups("approver", groups=("/locations/secretariat/auditor",))

    assert (await local.introspect(tokens["access_token"]))["groups"] == ["/locations/secretariat/auditor"]
    renewed = good(await local.refresh(tokens["refresh_token"]))
    claims = issuer.keys.verified(renewed["access_token"])
    assert claims is not None
    assert claims["groups"] == ["/locations/secretariat/auditor"]


async def test_disabled_person_is_out_at_once(local: IdentityProvider, issuer: Issuer) -> None:
    tokens = await local.log_in("approver")

    issuer.directory.set_enabled("approver", enabled=False)

    assert await local.introspect(tokens["access_token"]) == {"active": False}
    refused(await local.refresh(tokens["refresh_token"]), "invalid_grant", 400)
    form = {"client_id": "lichen-cli", "grant_type": "password", "username": "approver", "password": "approver"}
    refused(await local.token(**form), "invalid_grant", 400)


def write(file: Path, groups: list[str]) -> None:
    file.write_text(json.dumps({"version": 1, "personas": [{"username": "someone", "name": "S", "groups": groups}]}))


def test_changed_personas_file_is_read_again_and_a_broken_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "personas.json"
    write(file, [])
    directory = Issuer(
        Settings.from_environment({"LICHEN_ENV": "local", "LICHEN_ISSUER_PERSONAS": str(file)}, port=1)
    ).directory

    write(file, ["/functions/approver"])
    changed = directory.find("someone")
    file.write_text("{")
    kept = directory.find("someone")

    assert changed is not None
    assert changed.groups == ("/functions/approver",)
    assert kept == changed


def test_person_keeps_the_same_subject_over_restarts(issuer: Issuer) -> None:
    here, there = issuer.directory.find("auditor"), Issuer(issuer.settings).directory.find("auditor")

    assert here is not None
    assert there is not None
    assert here.subject == there.subject
    assert here.subject != here.username


async def test_account_opens_again_after_the_lock(local: IdentityProvider, clock: Clock) -> None:
    form = {"client_id": "lichen-cli", "grant_type": "password", "username": "auditor"}
    for _ in range(FAILURES_MAX):
        refused(await local.token(**form, password="guess"), "invalid_grant", 401)

    refused(await local.token(**form, password="auditor"), "invalid_grant", 401)
    clock.now += LOCKED_S - 1
    refused(await local.token(**form, password="auditor"), "invalid_grant", 401)
    clock.now += 1
    assert good(await local.token(**form, password="auditor"))


async def test_lock_of_one_account_leaves_the_others_open(local: IdentityProvider) -> None:
    for _ in range(FAILURES_MAX):
        await local.token(client_id="lichen-cli", grant_type="password", username="auditor", password="guess")

    assert await local.log_in("approver")


async def test_success_forgets_the_failures_before_it(local: IdentityProvider) -> None:
    form = {"client_id": "lichen-cli", "grant_type": "password", "username": "auditor"}
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            await local.token(**form, password="guess")
        assert good(await local.token(**form, password="auditor"))


async def test_refresh_and_id_tokens_are_not_active_access_tokens(local: IdentityProvider) -> None:
    tokens = await local.log_in("auditor")

    assert await local.introspect(tokens["refresh_token"]) == {"active": False}
    assert await local.introspect(tokens["id_token"]) == {"active": False}


async def test_refresh_may_not_widen_the_scope(local: IdentityProvider) -> None:
    tokens = await local.log_in("auditor", scope="profile")
    form = {"client_id": "lichen-cli", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    refused(await local.token(**form, scope="openid"), "invalid_scope", 400)


async def test_userinfo_asks_for_the_openid_scope(local: IdentityProvider) -> None:
    tokens = await local.log_in("auditor", scope="profile")

    answer = await local.http.get(local.at("userinfo"), headers={"Authorization": f"Bearer {tokens['access_token']}"})

    refused(answer, "insufficient_scope", 403)


def test_memory_keeps_a_bound_by_giving_up_the_oldest(clock: Clock) -> None:
    memory: Expiring[int] = Expiring(now=clock, entries_max=2)
    memory.put("expired", 0, lifetime_s=1)
    clock.now += 1
    for number in range(3):
        memory.put(str(number), number, lifetime_s=60)

    assert [memory.get(key) for key in ("expired", "0", "1", "2")] == [None, None, 1, 2]
