"""The production realm and the development issuer say the same, except where production must be stricter."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from issuer import attempts, device, login, sessions, tokens
from issuer.clients import CLIENT_CREDENTIALS, CODE, DEVICE, PASSWORD
from issuer.realm import keycloak_realm
from issuer.settings import AUDIENCE, Settings
from issuer.state import Issuer

REALM = Path(__file__).parents[2] / "realm" / "lichen.json"
PLACEHOLDER = re.compile(r"\$\{LICHEN_[A-Z_]+\}")


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(REALM.read_text())
    return document


def mapper(realm: dict[str, Any], name: str) -> dict[str, str]:
    found = [each for scope in realm["clientScopes"] for each in scope["protocolMappers"] if each["name"] == name]
    assert len(found) == 1
    config: dict[str, str] = found[0]["config"]
    return config


def test_realm_has_the_issuers_lifetimes_and_locks(realm: dict[str, Any]) -> None:
    assert realm["realm"] == "lichen"
    assert realm["defaultSignatureAlgorithm"] == "RS256"
    assert realm["accessTokenLifespan"] == tokens.ACCESS_S
    assert realm["accessCodeLifespan"] == login.CODE_S
    assert realm["accessCodeLifespanLogin"] == login.LOGIN_S
    assert realm["ssoSessionIdleTimeout"] == sessions.IDLE_S
    assert realm["ssoSessionMaxLifespan"] == sessions.LIFETIME_S
    assert realm["oauth2DeviceCodeLifespan"] == device.EXPIRES_S
    assert realm["oauth2DevicePollingInterval"] == device.INTERVAL_S
    assert realm["bruteForceProtected"] is True
    assert realm["failureFactor"] == attempts.FAILURES_MAX
    assert (realm["revokeRefreshToken"], realm["refreshTokenMaxReuse"]) == (True, 0)
    assert realm["registrationAllowed"] is False


def test_realm_has_the_issuers_clients_without_the_password_grant(realm: dict[str, Any], issuer: Issuer) -> None:
    clients = {each["clientId"]: each for each in realm["clients"] if each["enabled"]}
    # Named as the audience, which is another one locally.
    clients[AUDIENCE] = clients.pop(mapper(realm, "audience")["included.client.audience"])

    assert set(clients) == set(issuer.clients)
    for client_id, local in issuer.clients.items():
        there = clients[client_id]
        assert there["publicClient"] is (local.secret is None and local.keys is None)
        assert (there.get("clientAuthenticatorType") == "client-jwt") is (local.keys is not None)
        ours = {"basic", "lichen", "openid"}
        assert {*there["defaultClientScopes"]} - ours == ({*local.scopes} if local.grants else set())
        assert {*there["optionalClientScopes"]} == {*local.scopes_on_request} - ours
        assert there["standardFlowEnabled"] is (CODE in local.grants)
        assert there["serviceAccountsEnabled"] is (CLIENT_CREDENTIALS in local.grants)
        attributes = there.get("attributes", {})
        assert (attributes.get("oauth2.device.authorization.grant.enabled") == "true") is (DEVICE in local.grants)
        assert there["directAccessGrantsEnabled"] is False
        assert there["implicitFlowEnabled"] is False
        assert there["fullScopeAllowed"] is False
    assert [each.id for each in issuer.clients.values() if PASSWORD in each.grants] == ["lichen-cli"]


def test_console_must_use_pkce_and_exact_addresses(realm: dict[str, Any]) -> None:
    console = next(each for each in realm["clients"] if each["clientId"] == "lichen-console")

    assert console["attributes"]["pkce.code.challenge.method"] == "S256"
    assert console["redirectUris"]
    assert "*" not in json.dumps(console)
    assert "+" not in console["webOrigins"]


def test_realm_holds_no_secret_and_no_person(realm: dict[str, Any]) -> None:
    confidential = [each for each in realm["clients"] if not each["publicClient"]]
    secrets = [each["secret"] for each in confidential if each["clientAuthenticatorType"] == "client-secret"]
    addresses = [each["attributes"]["jwks.url"] for each in confidential if "secret" not in each]

    assert (len(secrets), len(addresses)) == (3, 1)
    assert all(PLACEHOLDER.fullmatch(address) for address in addresses)
    assert all(PLACEHOLDER.fullmatch(secret) for secret in secrets)
    # The accounts of clients, which nobody logs in with.
    assert all("serviceAccountClientId" in user and "credentials" not in user for user in realm["users"])
    assert "components" not in realm


def test_token_carries_whole_group_paths_and_one_audience(realm: dict[str, Any]) -> None:
    groups, audience = mapper(realm, "groups"), mapper(realm, "audience")

    assert groups["claim.name"] == "groups"
    assert groups["full.path"] == "true"
    assert groups["access.token.claim"] == "true"
    assert groups["introspection.token.claim"] == "true"
    assert groups["id.token.claim"] == "false"
    assert audience["included.client.audience"] == "lichen-api"
    # Scopes named "roles" would bring Keycloak's own `account` audience along.
    assert {scope["name"] for scope in realm["clientScopes"]} == {
        "basic", "profile", "lichen", "lichen.read", "lichen.enter",
    }  # fmt: skip


def test_local_realm_is_the_baseline_with_its_people_and_nothing_left_open(
    realm: dict[str, Any], environment: dict[str, str]
) -> None:
    local = keycloak_realm(realm, Settings.from_environment(environment, port=4999))

    assert not PLACEHOLDER.search(json.dumps(local))
    assert {user["username"] for user in local["users"]} > {"unon-chair", "service-account-ext-unep"}
    assert paths_of(local["groups"]) >= {group for user in local["users"] for group in user["groups"]}
    assert mapper(local, "audience")["included.client.audience"] == AUDIENCE
    assert [each["clientId"] for each in local["clients"] if each["directAccessGrantsEnabled"]] == ["lichen-cli"]
    same = {
        "accessTokenLifespan",
        "bruteForceProtected",
        "failureFactor",
        "revokeRefreshToken",
        "clientPolicies",
        "roles",
    }
    assert {name: local[name] for name in same} == {name: realm[name] for name in same}
    assert PLACEHOLDER.search(json.dumps(realm)), "the baseline itself was changed"


def test_client_whose_keys_nobody_gave_is_left_out(realm: dict[str, Any]) -> None:
    local = keycloak_realm(realm, Settings.from_environment({"LICHEN_ENV": "local"}, port=4999))

    assert "ext-undp" not in {each["clientId"] for each in local["clients"]}


def paths_of(groups: list[dict[str, Any]], above: str = "") -> set[str]:
    here = {f"{above}/{group['name']}": group for group in groups}
    return set(here) | {path for name, group in here.items() for path in paths_of(group.get("subGroups", []), name)}


def test_one_client_alone_administers_and_with_two_roles_alone(realm: dict[str, Any]) -> None:
    roles = {user["serviceAccountClientId"]: user["clientRoles"] for user in realm["users"] if "clientRoles" in user}
    two = ["manage-users", "manage-clients"]

    assert roles == {"lichen-access": {"realm-management": two}}
    # Without full scope a token carries what is mapped, and nothing else that the account may get one day.
    assert realm["clientScopeMappings"] == {"realm-management": [{"client": "lichen-access", "roles": two}]}
