"""Log-in sessions and the chain of refresh tokens that each one has; all in memory."""

import secrets
from dataclasses import dataclass

from issuer.expiring import Clock, Expiring

__all__ = ["IDLE_S", "Session", "Sessions"]

IDLE_S = 30 * 60
LIFETIME_S = 10 * 60 * 60
SESSIONS_MAX = 5_000
REVOKED_MAX = 5_000


@dataclass(slots=True, kw_only=True)
class Session:
    id: str
    username: str
    client_id: str
    scope: str
    authenticated_at: int
    refresh_id: str = ""
    """`jti` of the one refresh token that is still good."""


class Sessions:
    def __init__(self, *, now: Clock) -> None:
        self._now = now
        self._sessions: Expiring[Session] = Expiring(now=now, entries_max=SESSIONS_MAX)
        self._revoked: Expiring[bool] = Expiring(now=now, entries_max=REVOKED_MAX)

    def open(self, *, username: str, client_id: str, scope: str) -> Session:
        session = Session(
            id=secrets.token_urlsafe(16),
            username=username,
            client_id=client_id,
            scope=scope,
            authenticated_at=int(self._now()),
        )
        self._sessions.put(session.id, session, lifetime_s=LIFETIME_S)
        return session

    def find(self, session_id: str) -> Session | None:
        """The session if it is alive. An idle one can no longer be used: its refresh token has expired."""
        return self._sessions.get(session_id)

    def close(self, session_id: str) -> None:
        self._sessions.pop(session_id)

    def next_refresh(self, session: Session) -> str:
        """A new `jti`; the one before is spent from now on."""
        session.refresh_id = secrets.token_urlsafe(16)
        return session.refresh_id

    def revoke_token(self, token_id: str, *, lifetime_s: float) -> None:
        self._revoked.put(token_id, value=True, lifetime_s=lifetime_s)

    def is_revoked(self, token_id: str) -> bool:
        return self._revoked.get(token_id) is not None
