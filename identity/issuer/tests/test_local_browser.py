"""What the development issuer does with codes and pages; the clock moves only when told."""

from dataclasses import replace

import pytest
from identity_provider import Browser, IdentityProvider, good, new_verifier, query_of, refused

from identity.issuer.tests.conftest import Clock
from issuer.attempts import FAILURES_MAX, LOCKED_S
from issuer.device import INTERVAL_S
from issuer.state import DeviceRequest, Issuer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def test_disabled_person_gets_no_code_from_the_page(local: IdentityProvider, issuer: Issuer) -> None:
    browser = Browser(local.http)
    page = await browser.open(local.authorization(new_verifier()))
    issuer.directory.set_enabled("approver", enabled=False)

    answer = await browser.submit(page, username="approver", password="approver")

    assert not answer.is_redirect
    assert "Account disabled" in answer.text


async def test_codes_of_another_client_are_refused(local: IdentityProvider, issuer: Issuer) -> None:
    verifier = new_verifier()
    code = await local.code_for("coordinator", verifier)
    found = issuer.codes.get(code)
    assert found is not None
    other = issuer.clients["lichen-api-local"]
    found.request = replace(found.request, client=other)
    device = DeviceRequest(client=other, scope="profile", user_code="", interval_s=5, polled_at=0, username="auditor")
    issuer.devices.put("device", device, lifetime_s=60)

    refused(await local.exchange(code, verifier), "invalid_grant", 400)
    form = {"client_id": "lichen-cli", "grant_type": DEVICE_GRANT, "device_code": "device"}
    refused(await local.token(**form), "invalid_grant", 400)


async def test_code_is_good_for_a_minute(local: IdentityProvider, clock: Clock) -> None:
    verifier = new_verifier()
    code = await local.code_for("coordinator", verifier)

    clock.now += 60

    refused(await local.exchange(code, verifier), "invalid_grant", 400)


async def test_code_is_spent_by_a_wrong_verifier(local: IdentityProvider) -> None:
    verifier = new_verifier()
    code = await local.code_for("coordinator", verifier)
    await local.exchange(code, new_verifier())

    refused(await local.exchange(code, verifier), "invalid_grant", 400)


async def test_id_token_repeats_the_nonce(local: IdentityProvider, issuer: Issuer) -> None:
    verifier = new_verifier()

    tokens = good(await local.exchange(await local.code_for("coordinator", verifier), verifier))

    claims = issuer.keys.verified(tokens["id_token"])
    assert claims is not None
    assert claims["nonce"] == "a-nonce"


async def test_log_in_page_expires(local: IdentityProvider, clock: Clock) -> None:
    browser = Browser(local.http)
    page = await browser.open(local.authorization(new_verifier()))

    clock.now += 600
    answer = await browser.submit(page, username="coordinator", password="coordinator")

    assert answer.status_code == 400


async def test_log_in_form_of_another_browser_is_refused(local: IdentityProvider) -> None:
    page = await Browser(local.http).open(local.authorization(new_verifier()))

    answer = await Browser(local.http, {"LICHEN_LOCAL_BROWSER": "other"}).submit(
        page, username="coordinator", password="coordinator"
    )

    assert answer.status_code == 400


async def test_polling_too_fast_makes_the_interval_longer(local: IdentityProvider, clock: Clock) -> None:
    device = good(await local.post("auth/device", client_id="lichen-cli"))
    form = {"client_id": "lichen-cli", "grant_type": DEVICE_GRANT, "device_code": device["device_code"]}
    await local.token(**form)
    refused(await local.token(**form), "slow_down", 400)

    clock.now += INTERVAL_S
    refused(await local.token(**form), "slow_down", 400)
    clock.now += 3 * INTERVAL_S
    refused(await local.token(**form), "authorization_pending", 400)


async def test_device_code_expires(local: IdentityProvider, clock: Clock) -> None:
    device = good(await local.post("auth/device", client_id="lichen-cli"))

    clock.now += 600

    form = {"client_id": "lichen-cli", "grant_type": DEVICE_GRANT, "device_code": device["device_code"]}
    refused(await local.token(**form), "expired_token", 400)
    page = await local.http.get(device["verification_uri_complete"])
    assert "not known" in page.text


async def test_user_code_is_typed_in_any_case_and_wrong_password_is_told(local: IdentityProvider) -> None:
    device = good(await local.post("auth/device", client_id="lichen-cli"))
    browser = Browser(local.http)
    page = await browser.open(device["verification_uri"])

    asked = await browser.submit(page, device_user_code=device["user_code"].lower().replace("-", " "))
    wrong = await browser.submit(asked, "accept", username="auditor", password="wrong")
    done = await browser.submit(wrong, "accept", username="auditor", password="auditor")

    assert device["user_code"] in asked.text
    assert "Lichen command line" in asked.text
    assert "Invalid user credentials" in wrong.text
    assert "successful" in done.text


async def test_device_form_of_another_browser_is_refused(local: IdentityProvider, issuer: Issuer) -> None:
    device = good(await local.post("auth/device", client_id="lichen-cli"))
    page = await Browser(local.http).open(device["verification_uri_complete"])

    answer = await Browser(local.http).submit(page, "accept", username="auditor", password="auditor")

    assert answer.status_code == 400
    found = issuer.devices.get(device["device_code"])
    assert found is not None
    assert found.username is None


async def test_guessing_user_codes_closes_their_entry_for_a_while(local: IdentityProvider, clock: Clock) -> None:
    device = good(await local.post("auth/device", client_id="lichen-cli"))
    for _ in range(FAILURES_MAX):
        await local.http.get(f"{local.url}/device", params={"user_code": "BBBB-BBBB"})

    assert "not known" in (await local.http.get(device["verification_uri_complete"])).text
    clock.now += LOCKED_S
    assert "not known" not in (await local.http.get(device["verification_uri_complete"])).text


async def test_browser_logs_out_by_its_id_token(local: IdentityProvider) -> None:
    verifier = new_verifier()
    tokens = good(await local.exchange(await local.code_for("coordinator", verifier), verifier))
    hint = {"id_token_hint": tokens["id_token"]}

    elsewhere = await local.http.get(
        local.at("logout"), params=hint | {"post_logout_redirect_uri": "https://example.org/"}
    )
    back = await local.http.get(local.at("logout"), params=hint | {"post_logout_redirect_uri": local.redirect_uri})

    assert "location" not in elsewhere.headers
    assert back.headers["location"] == local.redirect_uri
    assert await local.introspect(tokens["access_token"]) == {"active": False}


@pytest.mark.parametrize("hint", ["", "x"])
async def test_log_out_without_a_good_hint_ends_nothing(local: IdentityProvider, hint: str) -> None:
    tokens = await local.log_in("auditor")

    answer = await local.http.get(local.at("logout"), params={"id_token_hint": hint})

    assert answer.status_code == 200
    assert (await local.introspect(tokens["access_token"]))["active"] is True


async def test_redirect_keeps_the_state_as_it_came(local: IdentityProvider) -> None:
    browser = Browser(local.http)
    page = await browser.open(local.authorization(new_verifier(), state="a b&c=d#é"))

    landed = await browser.submit(page, username="coordinator", password="coordinator")

    assert query_of(landed)["state"] == "a b&c=d#é"
