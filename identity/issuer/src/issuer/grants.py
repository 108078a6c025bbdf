"""The token endpoint: five grants, each in its own function."""

import base64
import hashlib
import secrets
from collections.abc import Callable

from issuer.clients import CLIENT_CREDENTIALS, CODE, DEVICE, GRANTS, PASSWORD, REFRESH, Client
from issuer.errors import OAuthError, invalid_grant, invalid_request
from issuer.state import Issuer, is_code_verifier

__all__ = ["SLOW_DOWN_S", "token_for"]

Form = dict[str, str]
Answer = dict[str, object]
SLOW_DOWN_S = 5


def token_for(issuer: Issuer, client: Client, form: Form) -> Answer:
    """Refusals, in order: no grant named, one that nobody has, one that this client has not, then the grant's own."""
    name = _needed(form, "grant_type")
    if name not in GRANTS:
        raise OAuthError("unsupported_grant_type", "Unsupported grant_type")
    if name not in client.grants:
        raise OAuthError("unauthorized_client", f"Client not allowed for the grant {name}")
    grant: Callable[[Issuer, Client, Form], Answer] = {
        CODE: _by_code,
        REFRESH: _by_refresh_token,
        PASSWORD: _by_password,
        DEVICE: _by_device_code,
        CLIENT_CREDENTIALS: _by_client_credentials,
    }[name]
    return grant(issuer, client, form)


def _by_code(issuer: Issuer, client: Client, form: Form) -> Answer:
    text, redirect_uri = _needed(form, "code"), _needed(form, "redirect_uri")
    code = issuer.codes.get(text)
    if code is None or code.request.client is not client:
        raise invalid_grant("Code not valid")
    if code.session_id is not None:
        # Someone else holds the code too: what it gave before ends (RFC 6749 §4.1.2).
        issuer.sessions.close(code.session_id)
        issuer.codes.pop(text)
        raise invalid_grant("Code not valid")
    verifier = form.get("code_verifier")
    if redirect_uri != code.request.redirect_uri:
        issuer.codes.pop(text)
        raise invalid_grant("Incorrect redirect_uri")
    if verifier is None or not is_code_verifier(verifier):
        issuer.codes.pop(text)
        raise invalid_grant("PKCE code verifier not specified" if verifier is None else "PKCE invalid code verifier")
    if not secrets.compare_digest(_challenge(verifier), code.request.code_challenge):
        issuer.codes.pop(text)
        raise invalid_grant("PKCE verification failed: Code mismatch")
    session = issuer.sessions.open(username=code.username, client_id=client.id, scope=code.request.scope)
    code.session_id = session.id
    return issuer.tokens.for_session(session, nonce=code.request.nonce)


def _by_refresh_token(issuer: Issuer, client: Client, form: Form) -> Answer:
    session = issuer.tokens.refreshed(_needed(form, "refresh_token"), client=client)
    if not set(client.granted_scope(form.get("scope") or session.scope).split()) <= set(session.scope.split()):
        raise OAuthError("invalid_scope", "A refresh may not ask for more than the log-in had")
    return issuer.tokens.for_session(session)


def _by_password(issuer: Issuer, client: Client, form: Form) -> Answer:
    scope = client.granted_scope(form.get("scope"))
    persona = issuer.authenticated(_needed(form, "username"), form.get("password", ""))
    return issuer.tokens.for_session(issuer.sessions.open(username=persona.username, client_id=client.id, scope=scope))


def _by_device_code(issuer: Issuer, client: Client, form: Form) -> Answer:
    """Refusals, in order: unknown or expired code, another client's, denied, polled too soon, not answered yet."""
    text = _needed(form, "device_code")
    device = issuer.devices.get(text)
    if device is None:
        raise OAuthError("expired_token", "Device code is expired or not valid")
    if device.client is not client:
        raise invalid_grant("Device code not valid")
    if device.denied:
        issuer.devices.pop(text)
        raise OAuthError("access_denied", "The end user denied the authorization request")
    too_soon = issuer.now() - device.polled_at < device.interval_s
    device.polled_at = issuer.now()
    if too_soon:
        device.interval_s += SLOW_DOWN_S
        raise OAuthError("slow_down", "Slow down")
    if device.username is None:
        raise OAuthError("authorization_pending", "The authorization request is still pending")
    issuer.devices.pop(text)
    session = issuer.sessions.open(username=device.username, client_id=client.id, scope=device.scope)
    return issuer.tokens.for_session(session)


def _by_client_credentials(issuer: Issuer, client: Client, form: Form) -> Answer:
    scope = " ".join(part for part in client.granted_scope(form.get("scope")).split() if part != "openid")
    return issuer.tokens.for_client(client, scope=scope)


def _needed(form: Form, name: str) -> str:
    value = form.get(name)
    if value is None:
        raise invalid_request(f"Missing form parameter: {name}")
    return value


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
