"""Contract with any identity provider: the flows that go through a browser."""

import re
from collections.abc import Callable

import httpx
import pytest
from identity_provider import Browser, IdentityProvider, good, new_verifier, query_of, refused

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def test_console_logs_in_by_code_and_verifier(idp: IdentityProvider) -> None:
    verifier = new_verifier()
    browser = Browser(idp.http)

    page = await browser.open(idp.authorization(verifier))
    landed = await browser.submit(page, username="coordinator", password="coordinator")

    assert landed.headers["location"].startswith(idp.redirect_uri + "?")
    assert query_of(landed)["state"] == "a-state"
    assert query_of(landed)["iss"] == idp.url
    tokens = good(await idp.exchange(query_of(landed)["code"], verifier))
    found = await idp.introspect(tokens["access_token"])
    assert found["username"] == "coordinator"
    assert found["client_id"] == "lichen-console"
    assert good(await idp.refresh(tokens["refresh_token"], client_id="lichen-console"))


async def test_wrong_password_shows_the_page_again_and_gives_no_code(idp: IdentityProvider) -> None:
    browser = Browser(idp.http)
    page = await browser.open(idp.authorization(new_verifier()))

    again = await browser.submit(page, username="coordinator", password="wrong")
    landed = await browser.submit(again, username="coordinator", password="coordinator")

    assert again.status_code == 200
    assert "code" in query_of(landed)


async def test_log_in_form_sent_by_another_browser_gives_no_code(idp: IdentityProvider) -> None:
    page = await Browser(idp.http).open(idp.authorization(new_verifier()))

    answer = await Browser(idp.http).submit(page, username="coordinator", password="coordinator")

    assert not answer.is_redirect
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("verifier", [None, "x" * 43, "short", "ä" * 43])
async def test_code_is_worth_nothing_without_its_verifier(idp: IdentityProvider, verifier: str | None) -> None:
    code = await idp.code_for("coordinator", new_verifier())

    refused(await idp.exchange(code, verifier), "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type,unauthorized_client"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_authorization_refusals_go_back_to_the_client(
    idp: IdentityProvider, changes: dict[str, str | None], error: str
) -> None:
    answer = await Browser(idp.http).open(idp.authorization(new_verifier(), **changes))

    location = answer.headers["location"]
    assert location.startswith(idp.redirect_uri)
    # Keycloak puts the answer to response_type=token behind a "#".
    found = re.search(r"[?&#]error=([a-z_]+)", location)
    assert found is not None
    assert found[1] in error.split(",")
    assert "state=a-state" in location


@pytest.mark.parametrize(
    "change",
    [
        lambda uri: uri + "/",
        lambda uri: uri + "/../other",
        lambda uri: uri + "?next=1",
        lambda uri: uri.upper(),
        lambda uri: uri.replace("127.0.0.1", "127.0.0.1.example.org"),
        lambda uri: uri.replace("//", "//user@"),
        lambda _: "https://example.org/callback",
        lambda _: None,
    ],
)
async def test_any_other_redirect_address_is_refused_without_redirecting(
    idp: IdentityProvider, change: Callable[[str], str | None]
) -> None:
    answer = await Browser(idp.http).open(idp.authorization(new_verifier(), redirect_uri=change(idp.redirect_uri)))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_unknown_client_is_refused_without_redirecting(idp: IdentityProvider) -> None:
    answer = await Browser(idp.http).open(idp.authorization(new_verifier(), client_id="nobody"))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_code_is_exchanged_only_for_its_own_redirect_address(idp: IdentityProvider) -> None:
    verifier = new_verifier()
    code = await idp.code_for("coordinator", verifier)

    refused(await idp.exchange(code, verifier, redirect_uri=idp.redirect_uri + "/"), "invalid_grant")


async def test_using_a_code_twice_ends_what_it_gave(idp: IdentityProvider) -> None:
    verifier = new_verifier()
    code = await idp.code_for("coordinator", verifier)
    tokens = good(await idp.exchange(code, verifier))

    refused(await idp.exchange(code, verifier), "invalid_grant")

    assert await idp.introspect(tokens["access_token"]) == {"active": False}


async def begin(idp: IdentityProvider) -> dict[str, str]:
    return good(await idp.post("auth/device", client_id="lichen-cli", scope="openid"))


async def poll(idp: IdentityProvider, device: dict[str, str], client_id: str = "lichen-cli") -> httpx.Response:
    return await idp.token(client_id=client_id, grant_type=DEVICE_GRANT, device_code=device["device_code"])


async def allow(idp: IdentityProvider, device: dict[str, str], press: str) -> None:
    """Log in and answer; Keycloak asks on two pages, the development issuer on one."""
    browser = Browser(idp.http)
    page = await browser.open(device["verification_uri_complete"])
    for _ in range(3):
        if "<form" not in page.text:
            return
        answers = f'name="{press}"' in page.text
        page = await browser.submit(page, press if answers else "", username="auditor", password="auditor")


async def test_device_gets_a_code_to_show_and_a_code_to_keep(idp: IdentityProvider) -> None:
    device = await begin(idp)

    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", device["user_code"])
    assert device["verification_uri"].startswith(idp.url)
    assert device["verification_uri_complete"].endswith(device["user_code"])
    assert int(device["expires_in"]) == 600
    assert int(device["interval"]) == 5


async def test_device_waits_and_is_told_to_slow_down(idp: IdentityProvider) -> None:
    device = await begin(idp)

    refused(await poll(idp, device), "authorization_pending")
    refused(await poll(idp, device), "slow_down")


async def test_device_gets_tokens_once_after_the_person_agrees(idp: IdentityProvider) -> None:
    device = await begin(idp)
    await allow(idp, device, "accept")

    tokens = good(await poll(idp, device))

    assert (await idp.introspect(tokens["access_token"]))["username"] == "auditor"
    assert (await poll(idp, device)).json()["error"] in {"invalid_grant", "expired_token"}


async def test_device_is_told_when_the_person_denies(idp: IdentityProvider) -> None:
    device = await begin(idp)
    await allow(idp, device, "cancel")

    refused(await poll(idp, device), "access_denied")


async def test_device_code_belongs_to_its_client(idp: IdentityProvider) -> None:
    device = await begin(idp)

    answer = await poll(idp, device, client_id="lichen-console")

    assert answer.json()["error"] in {"unauthorized_client", "invalid_grant"}


async def test_console_may_not_begin_as_a_device(idp: IdentityProvider) -> None:
    refused(await idp.post("auth/device", client_id="lichen-console"), "unauthorized_client")
