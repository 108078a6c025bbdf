"""The authorization endpoint and the log-in page behind it."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from issuer.clients import CODE, Client
from issuer.errors import OAuthError, invalid_request
from issuer.forms import form_of, parameters_of
from issuer.pages import COOKIE, login_page, message_page
from issuer.settings import REALM
from issuer.state import AuthorizationCode, Issuer, LoginRequest, is_code_verifier, new_secret

__all__ = ["Login"]

CODE_S = 60
LOGIN_S = 10 * 60
BAD_REQUEST = 400
FOUND = 303


class Login:
    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    async def authorize(self, request: Request) -> Response:
        """Show the log-in page. An unknown client or address is told to the person, anything else to the client."""
        form = await form_of(request) if request.method == "POST" else parameters_of(request.query_params.multi_items())
        client = self._issuer.clients.get(form.get("client_id", ""))
        redirect_uri = form.get("redirect_uri", "")
        if client is None or not client.redirect_uris:
            return message_page("We are sorry …", "Client not found.", status=BAD_REQUEST)
        if redirect_uri not in client.redirect_uris:
            return message_page("We are sorry …", "Invalid parameter: redirect_uri", status=BAD_REQUEST)
        browser = request.cookies.get(COOKIE) or new_secret()
        try:
            login = self._requested(form, client, redirect_uri=redirect_uri, browser=browser)
        except OAuthError as error:
            fields = {"error": error.error, "error_description": error.description}
            return self._redirect(redirect_uri, form.get("state"), fields)
        key = new_secret()
        self._issuer.logins.put(key, login, lifetime_s=LOGIN_S)
        page = login_page(action=self._action(key), client=client.name)
        page.set_cookie(COOKIE, browser, path=f"/realms/{REALM}/", httponly=True, samesite="lax")
        return page

    async def authenticate(self, request: Request) -> Response:
        """Take the log-in form: back to the client with a code, or the page again."""
        form = await form_of(request)
        key = request.query_params.get("session_code", "")
        login = self._issuer.logins.get(key)
        if login is None or not secrets.compare_digest(
            login.browser.encode(), request.cookies.get(COOKIE, "").encode()
        ):
            # Another browser's form: otherwise a page elsewhere could log a person in as someone else.
            return message_page("We are sorry …", "This log-in has expired. Start again.", status=BAD_REQUEST)
        try:
            persona = self._issuer.authenticated(form.get("username", ""), form.get("password", ""))
        except OAuthError as error:
            return login_page(action=self._action(key), client=login.client.name, problem=error.description)
        self._issuer.logins.pop(key)
        code = new_secret()
        self._issuer.codes.put(code, AuthorizationCode(request=login, username=persona.username), lifetime_s=CODE_S)
        return self._redirect(login.redirect_uri, login.state, {"code": code})

    def _requested(self, form: dict[str, str], client: Client, *, redirect_uri: str, browser: str) -> LoginRequest:
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "Only response_type=code is offered")
        if CODE not in client.grants:
            raise OAuthError("unauthorized_client", "Client not allowed for the standard flow")
        if form.get("response_mode", "query") != "query":
            raise invalid_request("Only response_mode=query is offered")
        if "request" in form or "request_uri" in form:
            raise OAuthError("request_not_supported", "Request objects are not offered")
        if "code_challenge_method" not in form:
            raise invalid_request("Missing parameter: code_challenge_method")
        if form["code_challenge_method"] != "S256":
            raise invalid_request("Invalid parameter: code_challenge_method must be S256")
        challenge = form.get("code_challenge", "")
        if not is_code_verifier(challenge):
            raise invalid_request("Missing or invalid parameter: code_challenge")
        if "none" in form.get("prompt", "").split():
            raise OAuthError("login_required", "Nobody is logged in")
        return LoginRequest(
            client=client,
            redirect_uri=redirect_uri,
            scope=client.granted_scope(form.get("scope")),
            state=form.get("state"),
            nonce=form.get("nonce"),
            code_challenge=challenge,
            browser=browser,
        )

    def _action(self, key: str) -> str:
        return f"{self._issuer.settings.issuer}/login-actions/authenticate?{urlencode({'session_code': key})}"

    def _redirect(self, redirect_uri: str, state: str | None, fields: dict[str, str]) -> Response:
        # `iss` lets a client with two issuers notice a mix-up (RFC 9207).
        fields = fields | ({} if state is None else {"state": state}) | {"iss": self._issuer.settings.issuer}
        joint = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(
            f"{redirect_uri}{joint}{urlencode(fields)}",
            status_code=FOUND,
            headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        )
