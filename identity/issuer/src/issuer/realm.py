"""The same realm for a real Keycloak: the production baseline, with what a developer's machine has instead.

So `make run IDENTITY=keycloak` and `make test-keycloak` try the baseline itself; what differs is in this file alone.
"""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from issuer.clients import PASSWORD, Client, clients_of
from issuer.directory import Directory, Persona, subject_of
from issuer.settings import AUDIENCE, REALM, Settings

__all__ = ["keycloak_realm"]

Document = dict[str, Any]


def keycloak_realm(baseline: Mapping[str, Any], settings: Settings) -> Document:
    """The realm to import: the baseline's clients and rules under the development issuer's names, with its people."""
    realm = deepcopy(dict(baseline))
    clients = clients_of(settings)
    personas = Directory(settings.personas).everyone
    machines = [client for client in clients.values() if client.groups]
    realm |= {
        "realm": REALM,
        "displayName": "Lichen on this machine",
        # Loopback has no TLS.
        "sslRequired": "external",
        # Nobody has an address here, and the password is the user name; a strong hash of it would only cost time.
        "verifyEmail": False,
        "passwordPolicy": "hashAlgorithm(pbkdf2-sha512) and hashIterations(1000)",
        # Keycloak would ask each of them at the first log-in for an address and a last name without brackets.
        "requiredActions": [
            {
                "alias": "VERIFY_PROFILE",
                "name": "Verify Profile",
                "providerId": "VERIFY_PROFILE",
                "enabled": False,
                "defaultAction": False,
            }
        ],
        "users": [
            *map(_person, personas),
            *map(_service_account, machines),
            *({"id": subject_of(account["username"]), "groups": []} | account for account in baseline["users"]),
        ],
    }
    _add_groups(realm["groups"], [group for user in realm["users"] for group in user["groups"]])
    _rename_audience(realm)
    # A client whose keys nobody gave is left out; one that is switched off stays off.
    realm["clients"] = [entry for entry in realm["clients"] if entry["clientId"] in clients or not entry["enabled"]]
    for entry in realm["clients"]:
        if entry["enabled"]:
            _fit(entry, clients[entry["clientId"]])
    return realm


def _fit(entry: Document, client: Client) -> None:
    attributes = entry.setdefault("attributes", {})
    entry["directAccessGrantsEnabled"] = PASSWORD in client.grants
    if client.secret is not None:
        entry["secret"] = client.secret
    if client.redirect_uris:
        entry["redirectUris"] = sorted(client.redirect_uris)
        entry["webOrigins"] = sorted({uri.rpartition("/")[0] for uri in client.redirect_uris})
        attributes["post.logout.redirect.uris"] = "##".join(sorted(client.redirect_uris))
    if client.keys is not None:
        # In production Keycloak fetches the entity's keys from the entity; here there is nobody to ask.
        del attributes["use.jwks.url"], attributes["jwks.url"]
        attributes |= {
            "use.jwks.string": "true",
            "jwks.string": json.dumps(client.keys.as_dict(private=False)),
        }


def _person(persona: Persona) -> Document:
    # The same `sub` from both providers: who did what stays readable when a home changes to the other.
    return persona.representation | {
        "credentials": [{"type": "password", "value": persona.username, "temporary": False}],
        "groups": list(persona.groups),
    }


def _service_account(client: Client) -> Document:
    username = f"service-account-{client.id}"
    return {
        "id": subject_of(username),
        "username": username,
        "enabled": True,
        "serviceAccountClientId": client.id,
        "groups": list(client.groups),
    }


def _rename_audience(realm: Document) -> None:
    """The audience is a client, the one that introspects: Keycloak tells a token only to whom it is for."""
    for scope in realm["clientScopes"]:
        for mapper in scope["protocolMappers"]:
            if (there := mapper["config"].get("included.client.audience")) is not None:
                mapper["config"]["included.client.audience"] = AUDIENCE
                for entry in realm["clients"]:
                    entry["clientId"] = AUDIENCE if entry["clientId"] == there else entry["clientId"]


def _add_groups(groups: list[Document], paths: Iterable[str]) -> None:
    """Put every group of these paths into the tree, where it isn't yet."""
    for path in paths:
        level = groups
        for name in path.strip("/").split("/"):
            found = next((group for group in level if group["name"] == name), None)
            if found is None:
                found = {"name": name, "subGroups": []}
                level.append(found)
            level = found.setdefault("subGroups", [])
