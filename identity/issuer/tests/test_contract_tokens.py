"""Contract with any identity provider: discovery, keys, claims, refresh, introspection, revocation, refusals."""

import base64
import json
import time

import pytest
from identity_provider import IdentityProvider, claims_of, good, refused

UNON = ["/locations/secretariat/unon/technical-team"]


async def test_discovery_names_the_issuer_and_every_endpoint_below_it(idp: IdentityProvider) -> None:
    document = (await idp.http.get(f"{idp.url}/.well-known/openid-configuration")).json()

    assert document["issuer"] == idp.url
    assert document["authorization_endpoint"] == idp.at("auth")
    assert document["token_endpoint"] == idp.at("token")
    assert document["introspection_endpoint"] == idp.at("token/introspect")
    assert document["userinfo_endpoint"] == idp.at("userinfo")
    assert document["end_session_endpoint"] == idp.at("logout")
    assert document["jwks_uri"] == idp.at("certs")
    assert document["revocation_endpoint"] == idp.at("revoke")
    assert document["device_authorization_endpoint"] == idp.at("auth/device")
    assert "S256" in document["code_challenge_methods_supported"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]


async def test_another_realm_is_not_there(idp: IdentityProvider) -> None:
    answer = await idp.http.get(f"{idp.url}-other/.well-known/openid-configuration")

    assert answer.status_code == 404


async def test_published_keys_are_public_halves_with_distinct_ids(idp: IdentityProvider) -> None:
    keys = (await idp.http.get(idp.at("certs"))).json()["keys"]

    signing = [key for key in keys if key["use"] == "sig"]
    assert all(key["kty"] == "RSA" and key["alg"] == "RS256" for key in signing)
    assert all(len(base64.urlsafe_b64decode(key["n"] + "==")) * 8 >= 2048 for key in signing)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {member for key in keys for member in key}
    assert len({key["kid"] for key in keys}) == len(keys)


async def test_access_token_has_the_claims_that_services_check(idp: IdentityProvider) -> None:
    answer = await idp.log_in("unon-technical")

    claims = await claims_of(idp, answer["access_token"])
    issued = claims["iat"]
    assert isinstance(issued, int)
    assert claims["iss"] == idp.url
    assert claims["aud"] in (idp.audience, [idp.audience])
    assert claims["typ"] == "Bearer"
    assert claims["azp"] == "lichen-cli"
    assert claims["preferred_username"] == "unon-technical"
    assert claims["groups"] == UNON
    assert claims["exp"] == issued + 300
    assert abs(time.time() - issued) < 60
    assert claims["sub"]
    assert claims["sid"]
    assert claims["name"]


async def test_id_token_is_for_the_client_and_carries_no_groups(idp: IdentityProvider) -> None:
    answer = await idp.log_in("unon-technical")

    claims = await claims_of(idp, answer["id_token"])
    assert claims["typ"] == "ID"
    assert claims["aud"] in ("lichen-cli", ["lichen-cli"])
    assert "groups" not in claims


async def test_no_id_token_without_the_openid_scope(idp: IdentityProvider) -> None:
    answer = await idp.log_in("unon-technical", scope="profile")

    assert "id_token" not in answer


async def test_token_answers_are_never_stored(idp: IdentityProvider) -> None:
    answer = await idp.token(
        client_id="lichen-cli", grant_type="password", username="coordinator", password="coordinator"
    )

    assert "no-store" in answer.headers["cache-control"]


PASSWORD = {"grant_type": "password", "username": "auditor", "password": "auditor"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "nobody", **PASSWORD}, "invalid_client"),
        (PASSWORD, "invalid_client"),
        ({"client_id": "ext-unep", "grant_type": "client_credentials"}, "invalid_client,unauthorized_client"),
        (
            {"client_id": "ext-unep", "client_secret": "wrong", "grant_type": "client_credentials"},
            "invalid_client,unauthorized_client",
        ),
        ({"client_id": "lichen-cli"}, "invalid_request"),
        ({"client_id": "lichen-cli", "grant_type": "implicit"}, "unsupported_grant_type"),
        ({"client_id": "lichen-console", **PASSWORD}, "unauthorized_client"),
        ({"client_id": "lichen-cli", "grant_type": "client_credentials"}, "unauthorized_client"),
        (
            {"client_id": "lichen-cli", "grant_type": "authorization_code", "code": "x"},
            "unauthorized_client,invalid_grant",
        ),
        ({"client_id": "lichen-cli", **PASSWORD, "scope": "openid everything"}, "invalid_scope"),
        ({"client_id": "lichen-cli", **PASSWORD, "username": "nobody"}, "invalid_grant"),
        ({"client_id": "lichen-cli", **PASSWORD, "password": "wrong"}, "invalid_grant"),
        ({"client_id": "lichen-cli", "grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
async def test_token_endpoint_refuses_by_name(idp: IdentityProvider, form: dict[str, str], error: str) -> None:
    answer = await idp.token(**form)

    assert answer.json()["error"] in error.split(",")
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


async def test_client_credentials_give_a_machine_a_token_and_no_refresh(idp: IdentityProvider) -> None:
    answer = await idp.token(client_id="ext-unep", client_secret=idp.unep_secret, grant_type="client_credentials")

    claims = await claims_of(idp, good(answer)["access_token"])
    assert claims["aud"] in (idp.audience, [idp.audience])
    assert claims["azp"] == "ext-unep"
    assert claims["preferred_username"] == "service-account-ext-unep"
    assert claims["groups"] == ["/locations/secretariat/unon/external-system"]
    assert "refresh_token" not in answer.json()
    assert "id_token" not in answer.json()


async def test_client_credentials_are_taken_by_http_basic_too(idp: IdentityProvider) -> None:
    answer = await idp.http.post(
        idp.at("token"), data={"grant_type": "client_credentials"}, auth=("ext-unep", idp.unep_secret)
    )

    assert good(answer)["token_type"] == "Bearer"


async def test_refresh_gives_new_tokens_of_the_same_session(idp: IdentityProvider) -> None:
    first = await idp.log_in("escwa-chair")

    second = good(await idp.refresh(first["refresh_token"]))

    assert second["refresh_token"] != first["refresh_token"]
    before, after = [await claims_of(idp, answer["access_token"]) for answer in (first, second)]
    assert (before["sub"], before["sid"]) == (after["sub"], after["sid"])
    assert before["jti"] != after["jti"]


async def test_using_a_refresh_token_twice_ends_the_session(idp: IdentityProvider) -> None:
    first = await idp.log_in("escwa-chair")
    second = good(await idp.refresh(first["refresh_token"]))

    refused(await idp.refresh(first["refresh_token"]), "invalid_grant")

    refused(await idp.refresh(second["refresh_token"]), "invalid_grant")
    assert await idp.introspect(second["access_token"]) == {"active": False}


async def test_another_clients_refresh_token_is_refused(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    refused(await idp.refresh(answer["refresh_token"], client_id="lichen-console"), "invalid_grant")

    assert (await idp.refresh(answer["refresh_token"])).status_code == 200


async def test_access_token_does_not_serve_as_refresh_token(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    refused(await idp.refresh(answer["access_token"]), "invalid_grant")


async def test_introspection_repeats_what_the_token_says(idp: IdentityProvider) -> None:
    answer = await idp.log_in("unon-technical")

    found = await idp.introspect(answer["access_token"])

    claims = await claims_of(idp, answer["access_token"])
    assert found["active"] is True
    assert found["groups"] == UNON
    assert found["username"] == "unon-technical"
    assert found["client_id"] == "lichen-cli"
    assert {name: found[name] for name in ("sub", "iss", "exp", "jti", "typ")} == {
        name: claims[name] for name in ("sub", "iss", "exp", "jti", "typ")
    }


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"client_id": "lichen-api-local"},
        {"client_id": "lichen-api-local", "client_secret": "wrong"},
        {"client_id": "lichen-cli"},
    ],
)
async def test_introspection_tells_nothing_without_the_services_secret(
    idp: IdentityProvider, credentials: dict[str, str]
) -> None:
    answer = await idp.log_in("unon-technical")

    found = await idp.post("token/introspect", token=answer["access_token"], **credentials)

    assert found.status_code in {400, 401, 403}
    assert "active" not in found.json()


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_forged_and_altered_tokens_are_not_active(idp: IdentityProvider) -> None:
    token = (await idp.log_in("unon-technical"))["access_token"]
    header, claims, signature = token.split(".")
    key = (await idp.http.get(idp.at("certs"))).json()["keys"][0]
    altered = _part((await claims_of(idp, token)) | {"groups": ["/functions/approver"]})
    forged = {
        "altered claims": f"{header}.{altered}.{signature}",
        "no signature": f"{_part({'alg': 'none'})}.{claims}.",
        "key inside": f"{_part({'alg': 'RS256', 'jwk': key})}.{claims}.{signature}",
        "another algorithm": f"{_part({'alg': 'HS256', 'kid': key['kid']})}.{claims}.{signature}",
        "key id with a path": f"{_part({'alg': 'RS256', 'kid': '../../dev/null'})}.{claims}.{signature}",
        "not a token": "x",
    }

    for how, forgery in forged.items():
        assert await idp.introspect(forgery) == {"active": False}, how


async def test_revoking_the_refresh_token_ends_the_session(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    revoked = await idp.post("revoke", client_id="lichen-cli", token=answer["refresh_token"])

    assert revoked.status_code == 200
    refused(await idp.refresh(answer["refresh_token"]), "invalid_grant")
    assert await idp.introspect(answer["access_token"]) == {"active": False}


async def test_revoking_an_access_token_ends_that_token(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    revoked = await idp.post("revoke", client_id="lichen-cli", token=answer["access_token"])

    assert revoked.status_code == 200
    assert await idp.introspect(answer["access_token"]) == {"active": False}


async def test_revoking_what_belongs_to_another_client_changes_nothing(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    await idp.post("revoke", client_id="lichen-console", token=answer["access_token"])
    await idp.post("revoke", client_id="lichen-console", token=answer["refresh_token"])

    assert (await idp.introspect(answer["access_token"]))["active"] is True


async def test_userinfo_answers_an_access_token_and_nothing_else(idp: IdentityProvider) -> None:
    answer = await idp.log_in("unon-technical")

    async def asked(token: str) -> int:
        return (await idp.http.get(idp.at("userinfo"), headers={"Authorization": f"Bearer {token}"})).status_code

    assert await asked(answer["access_token"]) == 200
    assert await asked(answer["id_token"]) == 401
    assert await asked(answer["refresh_token"]) == 401
    assert await asked("x") == 401
    assert (await idp.http.get(idp.at("userinfo"))).status_code in {400, 401}


async def test_logout_ends_the_session(idp: IdentityProvider) -> None:
    answer = await idp.log_in("escwa-chair")

    left = await idp.post("logout", client_id="lichen-cli", refresh_token=answer["refresh_token"])

    assert left.status_code == 204
    refused(await idp.refresh(answer["refresh_token"]), "invalid_grant")
    assert await idp.introspect(answer["access_token"]) == {"active": False}


async def test_guessing_a_password_locks_the_account(idp: IdentityProvider) -> None:
    for _ in range(31):
        await idp.token(client_id="lichen-cli", grant_type="password", username="steering", password="guess")

    right = await idp.token(client_id="lichen-cli", grant_type="password", username="steering", password="steering")

    refused(right, "invalid_grant")
