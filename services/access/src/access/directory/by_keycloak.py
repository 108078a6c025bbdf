"""The directory that Keycloak is, by python-keycloak.

The library's traps, and what is done about each (measured; docs/adr/0017): an instance belongs to one event loop, so it
is made where the process serves; concurrent calls with an expired token each fetched a new one, so they wait for one;
what sets headers on the shared connection (userinfo, UMA) is never called here.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError, KeycloakGetError, raise_error_from_response

from access.config import AccessSettings
from access.directory.interface import (
    MACHINE,
    Directory,
    DirectoryAway,
    DirectoryPerson,
    Group,
    GroupTree,
    Machine,
    NotInDirectory,
)

__all__ = ["KeycloakDirectory", "open_directory"]

Answer = TypeVar("Answer")

TIMEOUT_S = 5
NOT_FOUND, CONFLICT, NO_CONTENT, CREATED = 404, 409, 204, 201
GROUPS_MAX = 100_000
SEARCHES = ("a", "e", "i", "o", "u")
"""Keycloak shows the tree below its top only around the matches of a search by part of a name. These find every group
whose name has a vowel, and all above it: each role's does."""


class _Connection(KeycloakOpenIDConnection):
    """Fetches one token at a time, however many calls find the last one expired."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._refreshing = asyncio.Lock()

    async def a_refresh_token(self) -> None:
        expired = self.token
        async with self._refreshing:
            if self.token is expired:
                await super().a_refresh_token()


class KeycloakDirectory:
    """One realm's people, groups and clients. Belongs to the event loop that made it."""

    def __init__(self, *, server: str, realm: str, client: str, secret: str, headers: dict[str, str]) -> None:
        self._realm = f"admin/realms/{realm}"
        self._connection = _Connection(
            server_url=server,
            realm_name=realm,
            client_id=client,
            client_secret_key=secret,
            custom_headers=headers,
            timeout=TIMEOUT_S,
        )
        self._admin = KeycloakAdmin(connection=self._connection)

    async def close(self) -> None:
        await self._connection.async_s.aclose()
        await self._connection.keycloak_openid.connection.async_s.aclose()

    async def person(self, *, user_name: str | None = None, email: str | None = None) -> DirectoryPerson | None:
        wanted = {"email": email} if user_name is None else {"username": user_name.lower()}
        found = await _asked(self._admin.a_get_users(query={**wanted, "exact": True, "first": 0, "max": 2}))
        # Keycloak finds machines' accounts by their names as well; a role is given to a person.
        people = [entry for entry in found if not entry["username"].startswith(MACHINE)]
        return _person(people[0]) if len(people) == 1 else None

    async def groups_of(self, subject: str) -> frozenset[str]:
        return frozenset(group["path"] for group in await _asked(self._admin.a_get_user_groups(subject)))

    async def join(self, subject: str, path: str) -> None:
        await _asked(self._admin.a_group_user_add(subject, await self._group_id(path)))

    async def leave(self, subject: str, path: str) -> None:
        try:
            await _asked(self._admin.a_group_user_remove(subject, await self._group_id(path)))
        except NotInDirectory:
            return

    async def groups(self) -> GroupTree:
        found: dict[str, Group] = {}

        def add(listed: list[dict[str, Any]]) -> None:
            for entry in listed:
                found[entry["id"]] = Group(id=entry["id"], path=entry["path"])
                add(entry.get("subGroups") or [])

        for part in SEARCHES:
            answer = await _asked(
                self._connection.a_raw_get(f"{self._realm}/groups", search=part, first=0, max=GROUPS_MAX)
            )
            add(_read(answer))
        return GroupTree(found.values())

    async def members(self, group: Group) -> tuple[DirectoryPerson, ...]:
        return tuple(_person(entry) for entry in await _asked(self._admin.a_get_group_members(group.id)))

    async def create_group(self, name: str, *, parent: Group | None) -> Group:
        path = f"{'' if parent is None else parent.path}/{name}"
        try:
            made = await _asked(
                self._admin.a_create_group({"name": name}, parent=None if parent is None else parent.id)
            )
        except _Conflict:
            # Somebody was quicker.
            made = await self._group_id(path)
        return Group(id=str(made), path=path)

    async def move_group(self, group: Group, *, parent: Group) -> None:
        body = json.dumps({"id": group.id, "name": group.name})
        answer = await _asked(self._connection.a_raw_post(f"{self._realm}/groups/{parent.id}/children", data=body))
        _read(answer, NO_CONTENT, CREATED)

    async def delete_group(self, group: Group) -> None:
        await _asked(self._admin.a_delete_group(group.id))

    async def machines(self) -> tuple[Machine, ...]:
        found = []
        for client in await self.clients():
            if not client.get("serviceAccountsEnabled") or client["clientId"] == self._connection.client_id:
                continue
            account = _person(await _asked(self._admin.a_get_client_service_account_user(client["id"])))
            found.append(
                Machine(
                    id=client["id"],
                    client_id=client["clientId"],
                    name=client.get("name") or client["clientId"],
                    enabled=client["enabled"],
                    scopes=(*client.get("defaultClientScopes", ()), *client.get("optionalClientScopes", ())),
                    account=account,
                    groups=await self.groups_of(account.subject),
                )
            )
        return tuple(sorted(found, key=lambda machine: machine.client_id))

    async def rotate_secret(self, machine: Machine) -> str:
        return str((await _asked(self._admin.a_generate_client_secrets(machine.id)))["value"])

    async def set_enabled(self, machine: Machine, *, enabled: bool) -> None:
        await self._change_client(machine.id, {"enabled": enabled})

    async def clients(self) -> list[dict[str, Any]]:
        return list(await _asked(self._admin.a_get_clients()))

    async def client_scopes(self) -> list[dict[str, Any]]:
        return list(await _asked(self._admin.a_get_client_scopes()))

    async def save_client(self, client: dict[str, Any]) -> None:
        if "id" not in client:
            await _asked(self._admin.a_create_client(client))
            return
        await self._change_client(client["id"], client)

    async def _change_client(self, client_id: str, changes: dict[str, Any]) -> None:
        """With all that it has beside the changes: a policy on secrets fails (500) on a client told in part."""
        found = await _asked(self._admin.a_get_client(client_id))
        await _asked(self._admin.a_update_client(client_id, found | changes))

    async def save_client_scope(self, scope: dict[str, Any]) -> None:
        if "id" not in scope:
            await _asked(self._admin.a_create_client_scope(scope))
            return
        await _asked(self._admin.a_update_client_scope(scope["id"], scope))
        for mapper in scope.get("protocolMappers", []):
            if "id" in mapper:
                await _asked(self._admin.a_update_mapper_in_client_scope(scope["id"], mapper["id"], mapper))
            else:
                await _asked(self._admin.a_add_mapper_to_client_scope(scope["id"], mapper))

    async def _group_id(self, path: str) -> str:
        return str((await _asked(self._admin.a_get_group_by_path(path.strip("/"))))["id"])


class _Conflict(RuntimeError):
    """It is there already."""


async def _asked(call: Awaitable[Answer]) -> Answer:
    """The answer. Raises NotInDirectory, _Conflict, and for all else DirectoryAway; never with a body in its text."""
    try:
        return await call
    except KeycloakError as error:
        if error.response_code == NOT_FOUND:
            raise NotInDirectory from error
        if error.response_code == CONFLICT:
            raise _Conflict from error
        message = f"{type(error).__name__}, status {error.response_code}"
        raise DirectoryAway(message) from error


def _read(answer: Any, *expected: int) -> Any:
    try:
        return raise_error_from_response(answer, KeycloakGetError, expected_codes=list(expected) or None)
    except KeycloakError as error:
        message = f"status {error.response_code}"
        raise DirectoryAway(message) from error


def _person(entry: dict[str, Any]) -> DirectoryPerson:
    name = " ".join(part for part in (entry.get("firstName"), entry.get("lastName")) if part)
    return DirectoryPerson(
        subject=entry["id"],
        user_name=entry["username"],
        name=name or entry["username"],
        enabled=bool(entry.get("enabled", True)),
    )


@asynccontextmanager
async def open_directory(settings: AccessSettings) -> AsyncIterator[Directory]:
    """The directory of the issuer's realm, for as long as a process serves."""
    server, _, realm = settings.issuer.partition("/realms/")
    # Inside the cluster TLS ends before Keycloak, which takes a request without it only as a proxy's.
    headers = {} if settings.directory_url is None else {"X-Forwarded-Proto": "https"}
    directory = KeycloakDirectory(
        server=settings.directory_url or server,
        realm=realm,
        client=settings.access_client,
        secret=settings.access_secret.get_secret_value(),
        headers=headers,
    )
    try:
        yield directory
    finally:
        await directory.close()
