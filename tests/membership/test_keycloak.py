"""What only a real Keycloak shows: clients and scopes with all the defaults that it fills in."""

import pytest

from access.reconciling import realm


@pytest.fixture
def document(keycloak):
    (found,) = keycloak.realms
    return realm.read(found)


async def test_after_the_import_nothing_is_to_do(directory, document):
    assert await realm.plan_realm(directory, document) == []
    assert realm.plan_accounts(await directory.machines(), document) == []


async def test_what_was_changed_by_hand_is_set_back_and_the_second_plan_is_empty(directory, document):
    (console,) = [client for client in await directory.clients() if client["clientId"] == "lichen-console"]
    attributes = console["attributes"] | {"pkce.code.challenge.method": "plain", "a.site.added": "this"}
    await directory.save_client(console | {"redirectUris": ["http://127.0.0.1:9/evil"], "attributes": attributes})
    (unep,) = [client for client in await directory.clients() if client["clientId"] == "ext-unep"]
    await directory.save_client(unep | {"name": "Changed by hand"})
    (scope,) = [scope for scope in await directory.client_scopes() if scope["name"] == "lichen"]
    (mapper,) = [mapper for mapper in scope["protocolMappers"] if mapper["name"] == "groups"]
    mapper["config"]["full.path"] = "false"
    await directory.save_client_scope(scope | {"protocolMappers": [mapper]})

    planned = await realm.plan_realm(directory, document)
    await realm.carry_out(directory, planned)

    assert {(change.name, *change.fields) for change in planned} == {
        ("lichen", "mapper groups"),
        ("lichen-console", "redirectUris", "attributes"),
        ("ext-unep", "name"),
    }
    assert await realm.plan_realm(directory, document) == []
    (after,) = [client for client in await directory.clients() if client["clientId"] == "lichen-console"]
    assert after["attributes"]["a.site.added"] == "this"
