"""What only the real Keycloak has: the production baseline as imported, clients of other shapes, secret rotation."""

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from administration import Administration, KeycloakAdministration
from identity_provider import API_SECRET, IdentityProvider, claims_of, good
from keycloak import KeycloakAdmin
from real_keycloak import PLACEHOLDERS

from chassis.identity import Identity, InvalidToken
from chassis.settings import ServiceSettings
from embedded.keycloak import ADMIN_CLIENT


@pytest.fixture
def admin(administration: Administration) -> KeycloakAdmin:
    assert isinstance(administration, KeycloakAdministration)
    return administration.admin


def test_it_listens_on_loopback_alone(served: str) -> None:
    port = urlsplit(served).port
    listening = [each for each in psutil.net_connections(kind="tcp") if each.status == psutil.CONN_LISTEN]
    (server,) = {each.pid for each in listening if each.laddr.port == port}

    # Java says an IPv4 address in the form of IPv6.
    assert {each.laddr.ip.removeprefix("::ffff:") for each in listening if each.pid == server} == {"127.0.0.1"}


@pytest.fixture
def production(admin: KeycloakAdmin) -> Iterator[KeycloakAdmin]:
    """Administrator of the realm that the baseline became."""
    ours = admin.connection.realm_name
    admin.change_current_realm("lichen")
    yield admin
    admin.change_current_realm(ours)


async def accepts(listening: IdentityProvider, token: str) -> bool:
    settings = ServiceSettings(
        env="local",
        database_url="postgresql://x/y",
        nats_url="nats://x",
        issuer=listening.url,
        audience=listening.audience,
        introspection_secret=API_SECRET,
    )
    try:
        return bool((await Identity(settings).principal(f"Bearer {token}")).subject)
    except InvalidToken:
        return False


def client_of(admin: KeycloakAdmin, client_id: str) -> dict[str, Any]:
    return dict(admin.get_client(admin.get_client_id(client_id)))


def test_the_baseline_imports_with_its_placeholders_filled(production: KeycloakAdmin) -> None:
    console = client_of(production, "lichen-console")

    assert console["redirectUris"] == [f"{PLACEHOLDERS['LICHEN_CONSOLE_URL']}/callback"]
    assert console["webOrigins"] == [PLACEHOLDERS["LICHEN_CONSOLE_URL"]]
    for client, variable in (("lichen-api", "LICHEN_INTROSPECTION_SECRET"), ("ext-unep", "LICHEN_EXT_UNEP_SECRET")):
        secret = production.get_client_secrets(production.get_client_id(client))
        assert secret["value"] == PLACEHOLDERS[variable]
    undp = client_of(production, "ext-undp")
    assert undp["clientAuthenticatorType"] == "client-jwt"
    assert undp["attributes"]["jwks.url"] == PLACEHOLDERS["LICHEN_EXT_UNDP_JWKS_URL"]


def test_the_baseline_answers_only_over_tls(served: str, production: KeycloakAdmin) -> None:
    there = served.replace("lichen-local", "lichen")

    answer = httpx.post(f"{there}/protocol/openid-connect/token", data={"grant_type": "password"})

    assert answer.status_code == 403
    assert "HTTPS required" in answer.text


def test_nobody_gets_a_token_for_a_password_in_production(production: KeycloakAdmin) -> None:
    clients = [client for client in production.get_clients() if client["enabled"]]

    assert {"lichen-console", "lichen-cli", "ext-unep"} <= {client["clientId"] for client in clients}
    assert [client["clientId"] for client in clients if client["directAccessGrantsEnabled"]] == []
    assert [client["clientId"] for client in clients if client["implicitFlowEnabled"]] == []


def test_the_baseline_keeps_its_rules(production: KeycloakAdmin) -> None:
    realm = production.get_realm("lichen")

    assert (realm["sslRequired"], realm["registrationAllowed"], realm["bruteForceProtected"]) == ("all", False, True)
    assert (realm["accessTokenLifespan"], realm["revokeRefreshToken"], realm["refreshTokenMaxReuse"]) == (300, True, 0)
    assert production.get_users() == []
    assert {group["path"] for group in production.get_groups()} == {"/locations", "/functions"}


def test_the_built_in_password_client_is_off_locally_too(served: str) -> None:
    form = {"client_id": "admin-cli", "grant_type": "password", "username": "coordinator", "password": "coordinator"}

    answer = httpx.post(f"{served}/protocol/openid-connect/token", data=form)

    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


EXTRA_AUDIENCE = {
    "name": "another audience",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"access.token.claim": "true", "included.custom.audience": "account"},
}
OURS = ["basic", "profile", "lichen"]


@pytest.mark.parametrize(
    ("shape", "accepted"),
    [
        ({"defaultClientScopes": OURS}, True),
        ({"defaultClientScopes": ["basic", "profile"]}, False),
        ({"defaultClientScopes": ["profile", "lichen"]}, False),
        ({"defaultClientScopes": OURS, "protocolMappers": [EXTRA_AUDIENCE]}, False),
        ({"defaultClientScopes": OURS, "attributes": {"access.token.signed.response.alg": "PS256"}}, False),
        ({"defaultClientScopes": OURS, "attributes": {"access.token.signed.response.alg": "ES256"}}, False),
        ({"defaultClientScopes": OURS, "attributes": {"access.token.signed.response.alg": "RS512"}}, False),
        ({"defaultClientScopes": OURS, "attributes": {"access.token.header.type.rfc9068": "true"}}, True),
        ({"defaultClientScopes": OURS, "attributes": {"access.token.lifespan": "1200"}}, False),
        ({"defaultClientScopes": OURS, "attributes": {"client.use.lightweight.access.token.enabled": "true"}}, False),
    ],
    ids=[
        "ours", "no audience", "no subject", "two audiences", "PS256", "ES256", "RS512", "at+jwt", "20 minutes",
        "lightweight",
    ],
)  # fmt: skip
async def test_only_tokens_of_our_shape_are_accepted(
    listening: IdentityProvider, admin: KeycloakAdmin, shape: dict[str, Any], *, accepted: bool
) -> None:
    client_id = f"shape-{uuid.uuid4()}"
    common = {"publicClient": True, "directAccessGrantsEnabled": True, "fullScopeAllowed": False}
    made = admin.create_client({"clientId": client_id, "optionalClientScopes": [], **common, **shape})
    try:
        answer = good(
            await listening.token(client_id=client_id, grant_type="password", username="auditor", password="auditor")
        )
    finally:
        admin.delete_client(made)

    assert await accepts(listening, answer["access_token"]) is accepted


async def test_an_administrators_token_is_refused(listening: IdentityProvider, admin: KeycloakAdmin) -> None:
    admin.get_realms()

    assert admin.connection.client_id == ADMIN_CLIENT
    assert not await accepts(listening, admin.connection.token["access_token"])


async def test_a_secret_is_changed_without_interruption(listening: IdentityProvider, admin: KeycloakAdmin) -> None:
    client_id = f"ext-{uuid.uuid4()}"
    old = "a-secret-of-the-first-year"
    made = admin.create_client(
        {
            "clientId": client_id, "secret": old, "serviceAccountsEnabled": True, "fullScopeAllowed": False,
            "standardFlowEnabled": False, "defaultClientScopes": [*OURS, "lichen.read"], "optionalClientScopes": [],
        }
    )  # fmt: skip

    async def works(secret: str) -> bool:
        answer = await listening.token(client_id=client_id, client_secret=secret, grant_type="client_credentials")
        return answer.status_code == 200

    try:
        assert await works(old)
        new = admin.generate_client_secrets(made)["value"]
        during = [await works(old), await works(new), await works("another")]
        expires = int(client_of(admin, client_id)["attributes"]["client.secret.rotated.expiration.time"])
        path = f"{admin.connection.base_url}/admin/realms/lichen-local/clients/{made}/client-secret/rotated"
        admin.connection.raw_delete(path)
        after = [await works(old), await works(new)]
    finally:
        admin.delete_client(made)

    assert during == [True, True, False]
    assert expires == pytest.approx(time.time() + 7 * 86_400, abs=600)
    assert after == [False, True]


async def test_a_machine_has_the_claims_of_the_same_client_in_the_development_issuer(
    listening: IdentityProvider,
) -> None:
    answer = await listening.token(
        client_id="ext-unep", client_secret=listening.unep_secret, grant_type="client_credentials"
    )

    claims = await claims_of(listening, good(answer)["access_token"])
    # `client_id` is a claim of Keycloak's `service_account` scope, which the baseline does without.
    assert {"iss", "aud", "sub", "typ", "azp", "scope", "groups", "preferred_username", "exp", "iat", "jti"} <= set(
        claims
    )
