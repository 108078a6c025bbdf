"""Clients that prove themselves by a signed assertion instead of a secret: `private_key_jwt`, RFC 7523 §3."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from issuer.clients import Client
from issuer.errors import OAuthError, invalid_client
from issuer.expiring import Clock, Expiring

__all__ = ["ALGORITHMS", "ASSERTION_TYPE", "LIFETIME_MAX_S", "Assertions", "assertion_in"]

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "PS256", "ES256")
LIFETIME_MAX_S = 60
CLOCKS_DIFFER_S = 15
SEEN_MAX = 5_000


@dataclass(slots=True)
class Assertions:
    audiences: frozenset[str]
    """What an assertion may be made out to: the issuer, or its token endpoint."""
    now: Clock
    _seen: Expiring[bool] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = Expiring(now=self.now, entries_max=SEEN_MAX)

    def prove(self, client: Client, assertion: str) -> None:
        """Refuse unless this client signed it, for us, lately, and it comes for the first time.

        Refusals, all alike: no keys, signature or algorithm, `iss` or `sub` of another, `aud` of another or of more
        than one, no `exp` or one past or more than a minute ahead, issued ahead, no `jti` or one that was here before.
        """
        claims = self._signed(client, assertion)
        now = int(self.now())
        expires, issued, token_id = claims.get("exp"), claims.get("iat", now), claims.get("jti")
        audience = claims.get("aud")
        meant_for = audience if isinstance(audience, list) else [audience]
        if (
            claims.get("iss") != client.id
            or claims.get("sub") != client.id
            or len(meant_for) != 1
            or meant_for[0] not in self.audiences
            or type(expires) is not int
            or not now < expires <= now + LIFETIME_MAX_S + CLOCKS_DIFFER_S
            or type(issued) is not int
            or issued > now + CLOCKS_DIFFER_S
            or not isinstance(token_id, str)
            or not token_id
        ):
            raise invalid_client()
        once = f"{client.id} {token_id}"
        if self._seen.get(once):
            raise invalid_client()
        self._seen.put(once, value=True, lifetime_s=expires - now + CLOCKS_DIFFER_S)

    def claimed_by(self, assertion: str) -> str:
        """Whose it says that it is; nothing is proved by that."""
        try:
            claims = json.loads(extract_compact(assertion.encode()).payload)
        except (JoseError, ValueError) as error:
            raise invalid_client() from error
        return str(claims.get("sub")) if isinstance(claims, dict) else ""

    def _signed(self, client: Client, assertion: str) -> dict[str, object]:
        if client.keys is None:
            raise invalid_client()
        try:
            return jwt.decode(assertion, client.keys, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError) as error:
            raise invalid_client() from error


def assertion_in(form: Mapping[str, str]) -> str | None:
    """The form's assertion, if it has one. Refuses another type of it."""
    if "client_assertion" not in form and "client_assertion_type" not in form:
        return None
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise OAuthError("invalid_client", "Parameter client_assertion_type has invalid value", status=400)
    return form["client_assertion"]
