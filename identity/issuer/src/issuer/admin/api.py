"""The addresses below `/admin/realms/<realm>`, for the client `lichen-access` alone."""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from issuer.admin.tree import Node, Taken, Tree
from issuer.clients import ADMINISTRATION, CLIENT_CREDENTIALS, Client
from issuer.directory import Persona
from issuer.settings import REALM
from issuer.state import Issuer
from issuer.tokens import SERVICE_ACCOUNT

__all__ = ["admin_routes"]

Document = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

PATH = f"/admin/realms/{REALM}"
NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
BODY_MAX_BYTES = 32_768
PAGE = 100
CREATED, NO_CONTENT = 201, 204
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_LARGE = 400, 401, 403, 404, 409, 413


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


def admin_routes(issuer: Issuer) -> list[Route]:
    """Everything lives in memory, as all of this issuer: personas' file wins when it changes."""
    admin = Administration(issuer)
    table: dict[str, dict[str, Endpoint]] = {
        "/users": {"GET": admin.users},
        "/users/{user}": {"GET": admin.user},
        "/users/{user}/groups": {"GET": admin.groups_of_user},
        "/users/{user}/groups/{group}": {"PUT": admin.join, "DELETE": admin.leave},
        "/groups": {"GET": admin.groups, "POST": admin.create_top},
        "/groups/{group}": {"GET": admin.group, "DELETE": admin.delete},
        "/groups/{group}/children": {"GET": admin.children, "POST": admin.create_child},
        "/groups/{group}/members": {"GET": admin.members},
        "/group-by-path/{path:path}": {"GET": admin.by_path},
        "/clients": {"GET": admin.clients},
        "/clients/{client}": {"GET": admin.client, "PUT": admin.change_client},
        "/clients/{client}/service-account-user": {"GET": admin.account},
        "/clients/{client}/client-secret": {"POST": admin.rotate_secret},
    }
    return [Route(PATH + path, admin.guarded(by_method), methods=list(by_method)) for path, by_method in table.items()]


@dataclass(slots=True)
class Administration:
    issuer: Issuer
    tree: Tree = field(default_factory=Tree)

    def guarded(self, by_method: dict[str, Endpoint]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                self._require_administration(request)
                self._take_in_groups()
                return await by_method[request.method if request.method != "HEAD" else "GET"](request)
            except Refused as refused:
                return JSONResponse({"error": refused.error}, status_code=refused.status)

        return endpoint

    def _require_administration(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self.issuer.tokens.active(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None:
            raise Refused(UNAUTHORIZED, "HTTP 401 Unauthorized")
        if claims["azp"] != ADMINISTRATION:
            raise Refused(FORBIDDEN, "HTTP 403 Forbidden")

    def _take_in_groups(self) -> None:
        """A group that somebody is in is there: the personas' file may name new ones at any time."""
        for path in ("/locations", "/functions", *(path for each in self._everyone() for path in each.groups)):
            self.tree.ensure(path)

    # Users.

    async def users(self, request: Request) -> Response:
        """By user name; nobody here has an address. Machines' accounts are among them, as in Keycloak."""
        wanted, exact = request.query_params.get("username", ""), request.query_params.get("exact") == "true"
        found = [
            persona.representation
            for persona in self._everyone()
            if "email" not in request.query_params
            and (persona.username == wanted if exact and wanted else wanted in persona.username)
        ]
        return JSONResponse(_page(request, found))

    async def user(self, request: Request) -> Response:
        return JSONResponse(self._user(request).representation)

    async def groups_of_user(self, request: Request) -> Response:
        found = [_group(self.tree.ensure(path)) for path in self._user(request).groups]
        return JSONResponse(_page(request, found))

    async def join(self, request: Request) -> Response:
        user, path = self._user(request), self._node(request).path
        if path not in user.groups:
            self._set_groups(user, (*user.groups, path))
        return Response(status_code=NO_CONTENT)

    async def leave(self, request: Request) -> Response:
        user, path = self._user(request), self._node(request).path
        self._set_groups(user, tuple(each for each in user.groups if each != path))
        return Response(status_code=NO_CONTENT)

    # Groups.

    async def groups(self, request: Request) -> Response:
        """The top; or, searched by part of a name, the tree around all matches."""
        part = request.query_params.get("search", "")
        top = sorted(self.tree.top.values(), key=lambda node: node.name)
        found = [_group(node) for node in top] if not part else list(_around(top, part))
        return JSONResponse(_page(request, found))

    async def group(self, request: Request) -> Response:
        return JSONResponse(_group(self._node(request)))

    async def by_path(self, request: Request) -> Response:
        node = self.tree.at(request.path_params["path"])
        if node is None:
            raise Refused(NOT_FOUND, "Group path does not exist")
        return JSONResponse(_group(node))

    async def children(self, request: Request) -> Response:
        found = sorted(self._node(request).children.values(), key=lambda node: node.name)
        return JSONResponse(_page(request, [_group(node) for node in found]))

    async def create_top(self, request: Request) -> Response:
        return await self._create(request, parent=None)

    async def create_child(self, request: Request) -> Response:
        return await self._create(request, parent=self._node(request))

    async def _create(self, request: Request, *, parent: Node | None) -> Response:
        """A new group, or, where the body has an id, that one under another parent."""
        body = await _body(request)
        try:
            if "id" in body:
                self._move(self._known(str(body["id"])), parent)
                return Response(status_code=NO_CONTENT)
            if not NAME.fullmatch(str(body.get("name", ""))):
                raise Refused(BAD_REQUEST, "Group name is missing")
            node = self.tree.create(str(body["name"]), parent=parent)
        except Taken as error:
            raise Refused(CONFLICT, "Sibling group already exists") from error
        location = f"{self.issuer.settings.base_url}{PATH}/groups/{node.id}"
        return JSONResponse(_group(node), status_code=CREATED, headers={"Location": location})

    def _move(self, node: Node, parent: Node | None) -> None:
        before = node.path
        self.tree.move(node, parent=parent)
        self._rename(before, node.path)

    async def delete(self, request: Request) -> Response:
        node = self._node(request)
        self._rename(node.path, None)
        self.tree.delete(node)
        return Response(status_code=NO_CONTENT)

    async def members(self, request: Request) -> Response:
        path = self._node(request).path
        return JSONResponse(_page(request, [each.representation for each in self._everyone() if path in each.groups]))

    # Clients.

    async def clients(self, request: Request) -> Response:
        return JSONResponse(_page(request, [_client(client) for client in self.issuer.clients.values()]))

    async def client(self, request: Request) -> Response:
        return JSONResponse(_client(self._client(request)))

    async def change_client(self, request: Request) -> Response:
        """Whether it may be used; all else is the issuer's settings."""
        client, body = self._client(request), await _body(request)
        if not isinstance(body.get("enabled"), bool):
            raise Refused(BAD_REQUEST, "only enabled can be changed here")
        self.issuer.clients[client.id] = replace(client, enabled=body["enabled"])
        return Response(status_code=NO_CONTENT)

    async def account(self, request: Request) -> Response:
        client = self._client(request)
        if CLIENT_CREDENTIALS not in client.grants:
            raise Refused(BAD_REQUEST, "Service account not enabled for the client")
        return JSONResponse(_account(client).representation)

    async def rotate_secret(self, request: Request) -> Response:
        client = replace(self._client(request), secret=secrets.token_urlsafe(24))
        self.issuer.clients[client.id] = client
        return JSONResponse({"type": "secret", "value": client.secret})

    # Finding.

    def _everyone(self) -> Iterable[Persona]:
        yield from self.issuer.directory.everyone
        yield from (_account(client) for client in self.issuer.clients.values() if CLIENT_CREDENTIALS in client.grants)

    def _user(self, request: Request) -> Persona:
        found = next((each for each in self._everyone() if each.subject == request.path_params["user"]), None)
        if found is None:
            raise Refused(NOT_FOUND, "User not found")
        return found

    def _node(self, request: Request) -> Node:
        return self._known(request.path_params["group"])

    def _known(self, group_id: str) -> Node:
        node = self.tree.find(group_id)
        if node is None:
            raise Refused(NOT_FOUND, "Could not find group by id")
        return node

    def _client(self, request: Request) -> Client:
        found = self.issuer.clients.get(request.path_params["client"])
        if found is None:
            raise Refused(NOT_FOUND, "Could not find client")
        return found

    def _set_groups(self, user: Persona, groups: tuple[str, ...]) -> None:
        client_id = user.username.removeprefix(SERVICE_ACCOUNT)
        if client_id != user.username:
            self.issuer.clients[client_id] = replace(self.issuer.clients[client_id], groups=groups)
        else:
            self.issuer.directory.set_groups(user.username, groups=groups)

    def _rename(self, before: str, after: str | None) -> None:
        """Everyone's groups when a group's path is another now, or none."""

        def renamed(path: str) -> str | None:
            if path != before and not path.startswith(f"{before}/"):
                return path
            return None if after is None else after + path.removeprefix(before)

        for user in list(self._everyone()):
            groups = tuple(path for each in user.groups if (path := renamed(each)) is not None)
            if groups != user.groups:
                self._set_groups(user, groups)


def _account(client: Client) -> Persona:
    return Persona(username=f"{SERVICE_ACCOUNT}{client.id}", name=client.name, groups=client.groups)


def _group(node: Node) -> Document:
    return {
        "id": node.id,
        "name": node.name,
        "path": node.path,
        "subGroupCount": len(node.children),
        "subGroups": [],
    }


def _around(nodes: Iterable[Node], part: str) -> Iterable[Document]:
    """The matches with all above them."""
    for node in sorted(nodes, key=lambda each: each.name):
        below = list(_around(node.children.values(), part))
        if below or part in node.name:
            yield _group(node) | {"subGroups": below}


def _client(client: Client) -> Document:
    return {
        # Keycloak's own ids are random; here a client is found by its name.
        "id": client.id,
        "clientId": client.id,
        "name": client.name,
        "enabled": client.enabled,
        "publicClient": client.secret is None,
        "serviceAccountsEnabled": CLIENT_CREDENTIALS in client.grants,
    }


def _page(request: Request, found: list[Document]) -> list[Document]:
    try:
        first, most = (int(request.query_params.get(name, at)) for name, at in (("first", 0), ("max", PAGE)))
    except ValueError as error:
        raise Refused(BAD_REQUEST, "first and max are numbers") from error
    return found[max(0, first) :][: max(0, most)]


async def _body(request: Request) -> Document:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise Refused(TOO_LARGE, "The body is too large")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Refused(BAD_REQUEST, "The body is not JSON") from error
    if not isinstance(document, dict):
        raise Refused(BAD_REQUEST, "The body is not an object")
    return document
