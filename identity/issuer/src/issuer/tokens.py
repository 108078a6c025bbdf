"""Tokens with Keycloak's claims: made here, and judged here."""

import secrets
from dataclasses import dataclass

from issuer.clients import REFRESH, Client
from issuer.directory import Directory, Persona, subject_of
from issuer.errors import invalid_grant
from issuer.expiring import Clock
from issuer.keys import Keys
from issuer.sessions import IDLE_S, Session, Sessions
from issuer.settings import AUDIENCE

__all__ = ["ACCESS_S", "SERVICE_ACCOUNT", "Tokens"]

ACCESS_S = 300
SERVICE_ACCOUNT = "service-account-"


@dataclass(slots=True)
class Tokens:
    issuer: str
    keys: Keys
    sessions: Sessions
    directory: Directory
    clients: dict[str, Client]
    now: Clock

    def for_session(self, session: Session, *, nonce: str | None = None) -> dict[str, object]:
        """The token endpoint's answer for a person."""
        persona = self._able(session.username)
        if persona is None:
            self.sessions.close(session.id)
            raise invalid_grant("User disabled")
        now = int(self.now())
        answer: dict[str, object] = {
            "access_token": self.keys.sign(self._access_claims(session, persona, now)),
            "expires_in": ACCESS_S,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": session.id,
            "scope": session.scope,
        }
        if REFRESH in self.clients[session.client_id].grants:
            answer["refresh_token"] = self.keys.sign_refresh(
                {
                    "exp": now + IDLE_S,
                    "iat": now,
                    "jti": self.sessions.next_refresh(session),
                    "iss": self.issuer,
                    "aud": self.issuer,
                    "sub": persona.subject,
                    "typ": "Refresh",
                    "azp": session.client_id,
                    "sid": session.id,
                    "scope": session.scope,
                }
            )
            answer["refresh_expires_in"] = IDLE_S
        if "openid" in session.scope.split():
            answer["id_token"] = self.keys.sign(self._id_claims(session, persona, now, nonce))
        return answer

    def for_client(self, client: Client, *, scope: str) -> dict[str, object]:
        """The answer for a machine: its own service account, no session, no refresh token."""
        username = f"{SERVICE_ACCOUNT}{client.id}"
        claims = self._claims(subject_of(username), client.id, scope, int(self.now())) | {
            "client_id": client.id,
            "preferred_username": username,
            "groups": list(client.groups),
        }
        return {
            "access_token": self.keys.sign(claims),
            "expires_in": ACCESS_S,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": scope,
        }

    def refreshed(self, token: str, *, client: Client) -> Session:
        """The session of a refresh token. One that was used before ends its session: someone else has it too."""
        claims = self.keys.verified_refresh(token)
        if claims is None or claims.get("typ") != "Refresh" or _number(claims, "exp") <= self.now():
            raise invalid_grant("Invalid refresh token")
        if claims["azp"] != client.id:
            raise invalid_grant("Invalid refresh token. Token client and authorized client don't match")
        session = self.sessions.find(str(claims["sid"]))
        if session is None:
            raise invalid_grant("Session not active")
        if claims["jti"] != session.refresh_id:
            self.sessions.close(session.id)
            raise invalid_grant("Maximum allowed refresh token reuse exceeded")
        return session

    def active(self, token: str) -> dict[str, object] | None:
        """The claims of an access token that is good now, with the groups that its holder has now."""
        claims = self.keys.verified(token)
        if (
            claims is None
            or claims.get("typ") != "Bearer"
            or claims.get("iss") != self.issuer
            or _number(claims, "exp") <= self.now()
            or self.sessions.is_revoked(str(claims.get("jti")))
        ):
            return None
        if "sid" not in claims:
            return claims
        session = self.sessions.find(str(claims["sid"]))
        persona = self._able(session.username) if session is not None else None
        return None if persona is None else claims | {"name": persona.name, "groups": list(persona.groups)}

    def revoke(self, token: str, *, client: Client) -> None:
        """RFC 7009: a token that is unknown, spent or another client's is no error and nothing happens."""
        refresh = self.keys.verified_refresh(token)
        if refresh is not None and refresh.get("azp") == client.id:
            self.sessions.close(str(refresh["sid"]))
        access = self.keys.verified(token)
        if access is not None and access.get("typ") == "Bearer" and access.get("azp") == client.id:
            self.sessions.revoke_token(str(access["jti"]), lifetime_s=max(1, _number(access, "exp") - self.now()))

    def _able(self, username: str) -> Persona | None:
        persona = self.directory.find(username)
        return persona if persona is not None and persona.enabled else None

    def _access_claims(self, session: Session, persona: Persona, now: int) -> dict[str, object]:
        return self._claims(persona.subject, session.client_id, session.scope, now) | {
            "auth_time": session.authenticated_at,
            "sid": session.id,
            "preferred_username": persona.username,
            "name": persona.name,
            "groups": list(persona.groups),
        }

    def _claims(self, subject: str, client_id: str, scope: str, now: int) -> dict[str, object]:
        return {
            "exp": now + ACCESS_S,
            "iat": now,
            "jti": secrets.token_urlsafe(16),
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "typ": "Bearer",
            "azp": client_id,
            "scope": scope,
        }

    def _id_claims(self, session: Session, persona: Persona, now: int, nonce: str | None) -> dict[str, object]:
        claims = self._claims(persona.subject, session.client_id, session.scope, now)
        del claims["scope"]
        claims |= {
            "aud": session.client_id,
            "typ": "ID",
            "auth_time": session.authenticated_at,
            "sid": session.id,
            "preferred_username": persona.username,
            "name": persona.name,
        }
        return claims if nonce is None else claims | {"nonce": nonce}


def _number(claims: dict[str, object], name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int) else 0
