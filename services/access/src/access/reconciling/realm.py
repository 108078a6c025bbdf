"""Clients and client scopes, by the realm's document: a client that the document names is as it says, save its secret.

Keycloak fills in defaults that no document has, so that what the document does not mention is left alone.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from access.directory.interface import Directory, Machine

__all__ = ["AccountChange", "Change", "Realm", "carry_out", "plan_accounts", "plan_realm", "read"]

Document = dict[str, Any]

_PLACEHOLDER = re.compile(r"\$\{(LICHEN_[A-Z_]+)\}")
LISTS = {"redirectUris", "webOrigins", "defaultClientScopes", "optionalClientScopes"}
"""Whose order says nothing."""
NOT_COMPARED = {"secret", "protocolMappers"}
"""A secret is never read nor written here; mappers are compared one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """What a realm's document has of clients."""

    clients: tuple[Document, ...]
    scopes: tuple[Document, ...]
    groups_by_client: Mapping[str, frozenset[str]]
    """Groups of the accounts of clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of a client or a client scope."""

    kind: str
    """client or client scope"""
    name: str
    fields: tuple[str, ...]
    """What differs; empty: it is not there."""
    document: Document
    """As it is to be; with an id where it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """A machine's account that the document puts into other groups."""

    machine: Machine
    join: tuple[str, ...]
    leave: tuple[str, ...]


def read(document: Document, environment: Mapping[str, str] = os.environ) -> Realm:
    """The document with its placeholders filled. Refuses: KeyError naming a variable that is not set.

    A secret's placeholder stays: a new client's secret is made by Keycloak, and told by `rotate-secret`.
    """
    clients = [{key: value for key, value in client.items() if key != "secret"} for client in document["clients"]]
    groups = {
        user["serviceAccountClientId"]: frozenset(user.get("groups", ()))
        for user in document.get("users", ())
        if "serviceAccountClientId" in user
    }
    return Realm(
        clients=tuple(_filled(client, environment) for client in clients),
        scopes=tuple(document["clientScopes"]),
        groups_by_client=groups,
    )


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _PLACEHOLDER.sub(lambda found: environment[found[1]], value)
        case list():
            return [_filled(item, environment) for item in value]
        case dict():
            return {key: _filled(item, environment) for key, item in value.items()}
        case _:
            return value


async def plan_realm(directory: Directory, realm: Realm) -> list[Change]:
    """What differs, scopes before the clients that use them."""
    scopes = {scope["name"]: scope for scope in await directory.client_scopes()}
    clients = {client["clientId"]: client for client in await directory.clients()}
    planned = [
        *(_change("client scope", scope["name"], scope, scopes.get(scope["name"])) for scope in realm.scopes),
        *(_change("client", client["clientId"], client, clients.get(client["clientId"])) for client in realm.clients),
    ]
    return [change for change in planned if change is not None]


def _change(kind: str, name: str, wanted: Document, found: Document | None) -> Change | None:
    if found is None:
        return Change(kind=kind, name=name, fields=(), document=wanted)
    differing = [key for key in wanted if key not in NOT_COMPARED and not _holds(key, wanted[key], found.get(key))]
    mappers, differing_mappers = _mappers(wanted, found)
    if not differing and not differing_mappers:
        return None
    changed = {key: value for key, value in wanted.items() if key not in NOT_COMPARED}
    # Keycloak replaces attributes as a whole: what the document does not mention would be lost.
    if "attributes" in wanted:
        changed["attributes"] = found.get("attributes", {}) | wanted["attributes"]
    return Change(
        kind=kind,
        name=name,
        fields=(*differing, *(f"mapper {mapper}" for mapper in differing_mappers)),
        document=changed | {"id": found["id"], "protocolMappers": mappers},
    )


def _holds(key: str, wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(found.get(name) == value for name, value in wanted.items())
    if key in LISTS:
        return sorted(wanted) == sorted(found or [])
    return bool(wanted == found)


def _mappers(wanted: Document, found: Document) -> tuple[list[Document], list[str]]:
    """Mappers as they are to be, with the ids that they have, and the names of those that differ."""
    there = {mapper["name"]: mapper for mapper in found.get("protocolMappers", [])}
    all_wanted: Sequence[Document] = wanted.get("protocolMappers", [])
    differing = [
        mapper["name"]
        for mapper in all_wanted
        if not all(_holds(key, mapper[key], there.get(mapper["name"], {}).get(key)) for key in mapper)
    ]
    changed = [
        {**mapper, **({"id": there[mapper["name"]]["id"]} if mapper["name"] in there else {})}
        for mapper in all_wanted
        if mapper["name"] in differing
    ]
    return changed, differing


def plan_accounts(machines: Sequence[Machine], realm: Realm) -> list[AccountChange]:
    """Machines whose account is in other groups than the document says; those it does not place are left alone."""
    planned = [
        AccountChange(
            machine=machine,
            join=tuple(sorted(realm.groups_by_client[machine.client_id] - machine.groups)),
            leave=tuple(sorted(machine.groups - realm.groups_by_client[machine.client_id])),
        )
        for machine in machines
        if realm.groups_by_client.get(machine.client_id)
    ]
    return [change for change in planned if change.join or change.leave]


async def carry_out(directory: Directory, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.kind == "client":
            await directory.save_client(change.document)
        else:
            await directory.save_client_scope(change.document)
