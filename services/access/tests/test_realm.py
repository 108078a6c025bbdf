"""What a realm's document changes of clients and scopes, and what it leaves alone."""

from copy import deepcopy
from typing import Any

import pytest

from access.directory.interface import DirectoryPerson, Machine
from access.reconciling.realm import carry_out, plan_accounts, plan_realm, read

CONSOLE = {
    "clientId": "lichen-console",
    "enabled": True,
    "secret": "${LICHEN_SOME_SECRET}",
    "redirectUris": ["${LICHEN_CONSOLE_URL}/callback"],
    "attributes": {"pkce.code.challenge.method": "S256"},
}
SCOPE = {
    "name": "lichen",
    "attributes": {"include.in.token.scope": "false"},
    "protocolMappers": [{"name": "groups", "config": {"full.path": "true"}}],
}
DOCUMENT = {
    "clients": [CONSOLE],
    "clientScopes": [SCOPE],
    "users": [{"serviceAccountClientId": "ext-unep", "groups": ["/locations/secretariat/unon/external-system"]}],
}
ENVIRONMENT = {"LICHEN_CONSOLE_URL": "https://console.example.org"}


class Clients:
    """The part of a directory that has clients; it fills in defaults, as Keycloak does."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}
        self.scopes: dict[str, dict[str, Any]] = {}

    async def clients(self) -> list[dict[str, Any]]:
        return deepcopy(list(self.by_name.values()))

    async def client_scopes(self) -> list[dict[str, Any]]:
        return deepcopy(list(self.scopes.values()))

    async def save_client(self, client: dict[str, Any]) -> None:
        self._save(self.by_name, client["clientId"], client)

    async def save_client_scope(self, scope: dict[str, Any]) -> None:
        mappers = {each["name"]: each for each in self.scopes.get(scope["name"], {}).get("protocolMappers", [])}
        for number, mapper in enumerate(scope["protocolMappers"]):
            mappers[mapper["name"]] = {"id": f"mapper-{number}", "consentRequired": False} | mapper
        self._save(self.scopes, scope["name"], scope | {"protocolMappers": list(mappers.values())})

    def _save(self, kept: dict[str, dict[str, Any]], name: str, entry: dict[str, Any]) -> None:
        assert "secret" not in entry
        before = kept.get(name, {"id": f"id-of-{name}", "surrogateAuthRequired": False})
        kept[name] = before | deepcopy(entry)


@pytest.fixture
def realm():
    return read(DOCUMENT, ENVIRONMENT)


@pytest.fixture
async def clients(realm):
    """As the document says."""
    made = Clients()
    await carry_out(made, await plan_realm(made, realm))
    return made


def of_client(found):
    found["lichen-console"] |= {"redirectUris": ["https://elsewhere.example.org"]}


def of_attribute(found):
    found["lichen-console"]["attributes"] = {"pkce.code.challenge.method": "plain"}


async def test_what_is_not_there_is_made_and_then_nothing_is_left_to_do(realm):
    clients = Clients()
    first = await plan_realm(clients, realm)
    await carry_out(clients, first)

    assert [(change.kind, change.name, change.fields) for change in first] == [
        ("client scope", "lichen", ()),
        ("client", "lichen-console", ()),
    ]
    assert await plan_realm(clients, realm) == []
    assert clients.by_name["lichen-console"]["redirectUris"] == ["https://console.example.org/callback"]


@pytest.mark.parametrize(
    ("change", "fields"), [(of_client, ("redirectUris",)), (of_attribute, ("attributes",))], ids=["list", "attribute"]
)
async def test_what_was_changed_by_hand_is_named_and_set_back(realm, clients, change, fields):
    change(clients.by_name)

    (planned,) = await plan_realm(clients, realm)
    await carry_out(clients, [planned])

    assert planned.fields == fields
    assert planned.document["id"] == "id-of-lichen-console"
    assert await plan_realm(clients, realm) == []


async def test_a_mapper_that_differs_is_changed_under_its_id(realm, clients):
    clients.scopes["lichen"]["protocolMappers"][0]["config"] = {"full.path": "false"}

    (planned,) = await plan_realm(clients, realm)
    await carry_out(clients, [planned])

    assert planned.fields == ("mapper groups",)
    assert planned.document["protocolMappers"][0]["id"] == "mapper-0"
    assert await plan_realm(clients, realm) == []


async def test_what_the_document_does_not_mention_is_left_alone(realm, clients):
    clients.by_name["lichen-console"]["attributes"]["client.secret.creation.time"] = "1"
    clients.by_name["lichen-console"]["redirectUris"] = []
    clients.by_name["another"] = {"id": "x", "clientId": "another"}

    await carry_out(clients, await plan_realm(clients, realm))

    assert clients.by_name["lichen-console"]["attributes"]["client.secret.creation.time"] == "1"
    assert clients.by_name["another"] == {"id": "x", "clientId": "another"}


def test_a_placeholder_without_a_value_is_named_and_a_secret_needs_none():
    with pytest.raises(KeyError, match="LICHEN_CONSOLE_URL"):
        read(DOCUMENT, {})


def test_a_machine_is_put_where_the_document_says(realm):
    def machine(client_id, *groups):
        account = DirectoryPerson(subject=client_id, user_name=client_id, name=client_id, enabled=True)
        return Machine(
            id=client_id,
            client_id=client_id,
            name=client_id,
            enabled=True,
            scopes=(),
            account=account,
            groups=frozenset(groups),
        )

    place, other = "/locations/secretariat/unon/external-system", "/locations/secretariat/escwa/external-system"
    (planned,) = plan_accounts([machine("ext-unep", other), machine("ext-undp", other)], realm)

    assert (planned.machine.client_id, planned.join, planned.leave) == ("ext-unep", (place,), (other,))
    assert plan_accounts([machine("ext-unep", place)], realm) == []
