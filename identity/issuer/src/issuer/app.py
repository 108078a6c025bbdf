"""The realm's addresses, as Keycloak lays them out, and which function answers each."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from issuer.admin.api import admin_routes
from issuer.assertions import ALGORITHMS
from issuer.clients import GRANTS, SCOPES
from issuer.device import Devices
from issuer.errors import OAuthError, invalid_request
from issuer.forms import authenticated_client, form_of, parameters_of
from issuer.grants import token_for
from issuer.guard import LoopbackOnly
from issuer.login import Login
from issuer.pages import message_page
from issuer.settings import REALM
from issuer.state import Issuer

__all__ = ["application"]

Endpoint = Callable[[Request], Awaitable[Response]]
REALM_PATH = f"/realms/{REALM}"
CONNECT = f"{REALM_PATH}/protocol/openid-connect"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORBIDDEN, UNAUTHORIZED, NO_CONTENT, FOUND = 403, 401, 204, 303


def application(issuer: Issuer) -> ASGIApp:
    login, devices = Login(issuer), Devices(issuer)
    routes = [
        Route(f"{REALM_PATH}/.well-known/openid-configuration", _discovery(issuer)),
        Route(f"{CONNECT}/certs", _certs(issuer)),
        Route(f"{CONNECT}/auth", login.authorize, methods=["GET", "POST"]),
        Route(f"{REALM_PATH}/login-actions/authenticate", login.authenticate, methods=["POST"]),
        Route(f"{CONNECT}/token", _token(issuer), methods=["POST"]),
        Route(f"{CONNECT}/token/introspect", _introspect(issuer), methods=["POST"]),
        Route(f"{CONNECT}/revoke", _revoke(issuer), methods=["POST"]),
        Route(f"{CONNECT}/userinfo", _userinfo(issuer), methods=["GET", "POST"]),
        Route(f"{CONNECT}/logout", _logout(issuer), methods=["GET", "POST"]),
        Route(f"{CONNECT}/auth/device", _begin_device(issuer, devices), methods=["POST"]),
        Route(f"{REALM_PATH}/device", devices.show, methods=["GET"]),
        Route(f"{REALM_PATH}/device", devices.answer, methods=["POST"]),
        *admin_routes(issuer),
    ]
    origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(uri)) for uri in issuer.settings.redirect_uris})
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app = Starlette(routes=routes, middleware=[cors], exception_handlers={OAuthError: _refusal})
    return LoopbackOnly(app)


async def _refusal(_request: Request, error: Exception) -> Response:
    if not isinstance(error, OAuthError):
        raise error
    headers = NO_STORE | ({} if error.challenge is None else {"WWW-Authenticate": error.challenge})
    body = {"error": error.error, "error_description": error.description}
    return JSONResponse(body, status_code=error.status, headers=headers)


def _discovery(issuer: Issuer) -> Endpoint:
    base = issuer.settings.base_url + CONNECT
    proven_by = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    document: dict[str, Any] = {
        "issuer": issuer.settings.issuer,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "introspection_endpoint": f"{base}/token/introspect",
        "userinfo_endpoint": f"{base}/userinfo",
        "end_session_endpoint": f"{base}/logout",
        "jwks_uri": f"{base}/certs",
        "revocation_endpoint": f"{base}/revoke",
        "device_authorization_endpoint": f"{base}/auth/device",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": proven_by,
        "introspection_endpoint_auth_methods_supported": proven_by,
        "revocation_endpoint_auth_methods_supported": proven_by,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": list(SCOPES),
        "claims_supported": ["iss", "aud", "sub", "azp", "exp", "iat", "preferred_username", "name", "groups"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }

    async def discovery(_request: Request) -> Response:
        return JSONResponse(document)

    return discovery


def _certs(issuer: Issuer) -> Endpoint:
    async def certs(_request: Request) -> Response:
        return JSONResponse(issuer.keys.published(), headers={"Cache-Control": "no-cache"})

    return certs


def _token(issuer: Issuer) -> Endpoint:
    async def token(request: Request) -> Response:
        form = await form_of(request)
        client = authenticated_client(request, form, issuer)
        return JSONResponse(token_for(issuer, client, form), headers=NO_STORE)

    return token


def _begin_device(issuer: Issuer, devices: Devices) -> Endpoint:
    async def begin_device(request: Request) -> Response:
        form = await form_of(request)
        client = authenticated_client(request, form, issuer)
        return JSONResponse(devices.begin(client, form), headers=NO_STORE)

    return begin_device


def _introspect(issuer: Issuer) -> Endpoint:
    async def introspect(request: Request) -> Response:
        form = await form_of(request)
        client = authenticated_client(request, form, issuer)
        if not client.introspects:
            raise OAuthError("access_denied", "Client not allowed", status=FORBIDDEN)
        if "token" not in form:
            raise invalid_request("Token not provided")
        claims = issuer.tokens.active(form["token"])
        if claims is None:
            return JSONResponse({"active": False}, headers=NO_STORE)
        answer = claims | {
            "active": True,
            "client_id": claims["azp"],
            "username": claims["preferred_username"],
            "token_type": "Bearer",
        }
        return JSONResponse(answer, headers=NO_STORE)

    return introspect


def _revoke(issuer: Issuer) -> Endpoint:
    async def revoke(request: Request) -> Response:
        form = await form_of(request)
        client = authenticated_client(request, form, issuer)
        if "token" not in form:
            raise invalid_request("Token not provided")
        issuer.tokens.revoke(form["token"], client=client)
        return Response(headers=NO_STORE)

    return revoke


def _userinfo(issuer: Issuer) -> Endpoint:
    async def userinfo(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims = issuer.tokens.active(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None:
            challenge = 'Bearer realm="lichen-local", error="invalid_token"'
            raise OAuthError("invalid_token", "Token verification failed", status=UNAUTHORIZED, challenge=challenge)
        if "openid" not in str(claims["scope"]).split():
            raise OAuthError("insufficient_scope", "Missing openid scope", status=FORBIDDEN)
        shown = ("sub", "preferred_username", "name", "groups")
        return JSONResponse({name: claims[name] for name in shown if name in claims}, headers=NO_STORE)

    return userinfo


def _logout(issuer: Issuer) -> Endpoint:
    async def logout(request: Request) -> Response:
        """A client ends a session by its refresh token, a browser by its ID token."""
        if request.method == "GET":
            return _logout_in_browser(issuer, parameters_of(request.query_params.multi_items()))
        form = await form_of(request)
        if "refresh_token" not in form:
            return _logout_in_browser(issuer, form)
        client = authenticated_client(request, form, issuer)
        issuer.sessions.close(issuer.tokens.refreshed(form["refresh_token"], client=client).id)
        return Response(status_code=NO_CONTENT, headers=NO_STORE)

    return logout


def _logout_in_browser(issuer: Issuer, parameters: dict[str, str]) -> Response:
    # An expired ID token still says whose session it was: only its signature counts here.
    claims = issuer.keys.verified(parameters.get("id_token_hint", "")) or {}
    client = issuer.clients.get(str(claims.get("aud")))
    if claims.get("typ") != "ID" or client is None:
        return message_page("Log out", "Log out from the application that you use.")
    issuer.sessions.close(str(claims.get("sid")))
    back = parameters.get("post_logout_redirect_uri", "")
    if back not in client.redirect_uris:
        return message_page("Log out", "You are logged out.")
    return RedirectResponse(back, status_code=FOUND, headers=NO_STORE)
