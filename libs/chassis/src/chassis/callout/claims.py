"""NATS's own JSON Web Tokens: what nats-server asks and what it is answered.

Thirty lines of our own: the packages for it are new or left alone, each of one author, and model all of NATS's claims;
we sign two of them. Source: NATS ADR-26 (auth callout); github.com/nats-io/jwt v2.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

import nkeys

from chassis.accounts import OUTSIDE
from chassis.callout.permissions import Permissions

__all__ = ["Question", "RequestMalformed", "admission", "answer"]

SUBSCRIPTIONS_MAX = 50
"""Of one connection."""
PAYLOAD_MAX_BYTES = 4096
"""Of a request or an acknowledgement: nothing else can be sent."""
_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


class RequestMalformed(ValueError):
    """Not a question of nats-server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who wants to come in."""

    user: str
    """Key that nats-server made for this connection alone: an answer is good for no other."""
    server: str
    token: str
    """What they gave as token; empty without."""

    def __repr__(self) -> str:
        return f"Question(user={self.user!r}, server={self.server!r})"

    @classmethod
    def read(cls, data: bytes) -> "Question":
        """Refuses: RequestMalformed.

        Its signature says nothing: each server signs with a key of its own making. That it came from a server is seen
        by where it came: nobody but servers can publish in the callout's account.
        """
        try:
            payload = data.split(b".")[1]
            nats = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))["nats"]
            return cls(
                user=str(nats["user_nkey"]),
                server=str(nats["server_id"]["id"]),
                token=str(nats.get("connect_opts", {}).get("auth_token", "")),
            )
        except (IndexError, KeyError, TypeError, ValueError) as error:
            message = f"not an authorization request: {type(error).__name__}"
            raise RequestMalformed(message) from error


def admission(
    issuer: nkeys.KeyPair, question: Question, permissions: Permissions, *, name: str, now: int, until: int
) -> str:
    """The signed claims of a user who is let in until then."""
    return _signed(
        issuer,
        {
            "iat": now,
            "exp": until,
            "sub": question.user,
            "aud": OUTSIDE,
            "name": name,
            "nats": {
                "type": "user",
                "version": 2,
                "pub": {"allow": list(permissions.publish)},
                "sub": {"allow": list(permissions.subscribe), "deny": list(permissions.refuse)},
                "subs": SUBSCRIPTIONS_MAX,
                "data": -1,
                "payload": PAYLOAD_MAX_BYTES,
            },
        },
    )


def answer(issuer: nkeys.KeyPair, question: Question, *, now: int, user: str = "", refusal: str = "") -> bytes:
    """To nats-server: the user's claims, or why not. The reason goes to its log; the client hears none."""
    result = {"jwt": user} if user else {"error": refusal}
    return _signed(
        issuer,
        {
            "iat": now,
            "sub": question.user,
            "aud": question.server,
            "nats": {"type": "authorization_response", "version": 2, **result},
        },
    ).encode()


def _signed(issuer: nkeys.KeyPair, claims: dict[str, Any]) -> str:
    claims = {"jti": secrets.token_hex(16), "iss": issuer.public_key.decode()} | claims
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (_HEADER, claims))
    return f"{text}.{_base64(issuer.sign(text.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
