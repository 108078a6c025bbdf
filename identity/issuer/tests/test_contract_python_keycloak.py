"""Contract with any identity provider, through the library that services and scripts use, over a real connection."""

import asyncio
from collections.abc import Callable

import pytest
from identity_provider import API_SECRET, UNEP_SECRET
from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakPostError

Clients = Callable[..., KeycloakOpenID]


@pytest.fixture
def client(served: str) -> Clients:
    server, _, realm = served.partition("/realms/")

    def of(client_id: str, secret: str | None = None) -> KeycloakOpenID:
        return KeycloakOpenID(server_url=server, realm_name=realm, client_id=client_id, client_secret_key=secret)

    return of


def test_library_logs_in_refreshes_introspects_and_logs_out(client: Clients) -> None:
    cli, services = client("lichen-cli"), client("lichen-api-local", API_SECRET)

    first = cli.token("unon-chair", "unon-chair")
    second = cli.refresh_token(first["refresh_token"])
    found = services.introspect(second["access_token"])
    person = cli.userinfo(second["access_token"])
    cli.logout(second["refresh_token"])

    assert found["active"] is True
    assert found["groups"] == ["/locations/secretariat/unon/local-chair"]
    assert isinstance(person, dict)
    assert person["preferred_username"] == "unon-chair"
    assert services.introspect(second["access_token"]) == {"active": False}


def test_library_verifies_a_token_by_the_published_keys(client: Clients) -> None:
    cli = client("lichen-cli")

    claims = cli.decode_token(cli.token("unon-chair", "unon-chair")["access_token"])

    assert claims["preferred_username"] == "unon-chair"


def test_library_begins_a_device_log_in_and_polls(client: Clients) -> None:
    cli = client("lichen-cli")

    device = cli.device(scope="openid")

    with pytest.raises(KeycloakPostError, match="authorization_pending"):
        cli.token(grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=device["device_code"])


def test_library_gets_a_machines_token(client: Clients) -> None:
    answer = client("ext-unep", UNEP_SECRET).token(grant_type="client_credentials")

    assert answer["token_type"] == "Bearer"


def test_library_builds_the_authorization_address(client: Clients, served: str) -> None:
    address = client("lichen-console").auth_url("http://127.0.0.1:4000/callback", scope="openid")

    assert address.startswith(f"{served}/protocol/openid-connect/auth?client_id=lichen-console")


async def test_library_works_asynchronously_and_many_at_once(client: Clients) -> None:
    cli, services = client("lichen-cli"), client("lichen-api-local", API_SECRET)
    token = await cli.a_token("dfs-environment", "dfs-environment")

    renewed = await cli.a_refresh_token(token["refresh_token"])
    found = await asyncio.gather(*(services.a_introspect(renewed["access_token"]) for _ in range(20)))

    assert all(answer["active"] for answer in found)
    assert (await cli.a_device())["user_code"]
    assert (await cli.a_certs())["keys"]
