"""All that one running issuer knows, in one place; it is gone when the process ends."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from joserfc.jwk import RSAKey

from issuer.assertions import Assertions
from issuer.attempts import Attempts
from issuer.clients import Client, clients_of
from issuer.directory import Directory, Persona
from issuer.errors import invalid_grant
from issuer.expiring import Clock, Expiring
from issuer.keys import Keys, new_key
from issuer.sessions import Sessions
from issuer.settings import Settings
from issuer.tokens import Tokens

__all__ = [
    "AuthorizationCode",
    "DeviceRequest",
    "Issuer",
    "LoginRequest",
    "is_code_verifier",
    "new_secret",
]

PENDING_MAX = 1_000
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """An authorization request whose person has not logged in yet."""

    client: Client
    redirect_uri: str
    scope: str
    state: str | None
    nonce: str | None
    code_challenge: str
    browser: str = field(repr=False)
    """Value of the cookie that the answering browser must send back."""


@dataclass(slots=True, kw_only=True)
class AuthorizationCode:
    request: LoginRequest
    username: str
    session_id: str | None = None
    """Set when the code has been used; a second use ends that session."""


@dataclass(slots=True, kw_only=True)
class DeviceRequest:
    client: Client
    scope: str
    user_code: str
    interval_s: int
    polled_at: float
    username: str | None = None
    denied: bool = False


class Issuer:
    def __init__(self, settings: Settings, *, now: Clock = time.time, make_key: Callable[[], RSAKey] = new_key) -> None:
        self.settings = settings
        self.now = now
        self.clients = clients_of(settings)
        self.directory = Directory(settings.personas)
        self.sessions = Sessions(now=now)
        self.keys = Keys(now=now, rotation_s=settings.key_rotation_s, make=make_key)
        self.attempts = Attempts(now=now)
        token_endpoint = f"{settings.issuer}/protocol/openid-connect/token"
        self.assertions = Assertions(frozenset({settings.issuer, token_endpoint}), now)
        self.tokens = Tokens(settings.issuer, self.keys, self.sessions, self.directory, self.clients, now)
        self.logins: Expiring[LoginRequest] = Expiring(now=now, entries_max=PENDING_MAX)
        self.codes: Expiring[AuthorizationCode] = Expiring(now=now, entries_max=PENDING_MAX)
        self.devices: Expiring[DeviceRequest] = Expiring(now=now, entries_max=PENDING_MAX)
        self.user_codes: Expiring[str] = Expiring(now=now, entries_max=PENDING_MAX)

    def authenticated(self, username: str, password: str) -> Persona:
        """The person; one text for an unknown name, a wrong password and a locked account."""
        name = username.strip().lower()
        refusal = invalid_grant("Invalid user credentials", status=UNAUTHORIZED)
        if self.attempts.is_locked(name):
            raise refusal
        persona = self.directory.find(name)
        if persona is None or not persona.has_password(password):
            self.attempts.failed(name)
            raise refusal
        self.attempts.succeeded(name)
        if not persona.enabled:
            raise invalid_grant("Account disabled")
        return persona


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def is_code_verifier(text: str) -> bool:
    """RFC 7636 §4.1; a challenge by S256 has the same alphabet."""
    return re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", text) is not None
