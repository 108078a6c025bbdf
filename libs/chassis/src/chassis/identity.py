"""Bearer tokens: verified here, in each service, whatever the gateway did before.

Exactly one issuer and one audience, RS256, claim `typ` Bearer, 30 s leeway, a lifetime of at most 15 minutes. Every
failure gives the same answer; the reason goes to the log, the token never does.
"""

import asyncio
import time
from collections import OrderedDict
from hashlib import sha256
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakError

from chassis.access import ANONYMOUS, GRANTS_MAX, Principal, grants_from_groups
from chassis.settings import ServiceSettings
from chassis.telemetry import log

__all__ = ["Identity", "InvalidToken", "IssuerAway"]

LEEWAY_S = 30
LIFETIME_MAX_S = 15 * 60
KEYS_LIFESPAN_S = 300
"""How long a key set is believed: a key that the issuer has disabled verifies nothing here after that."""
KEYS_REFETCH_MIN_S = 30
KEYS_RETRY_S = 1
"""When there is no key set at all, as the issuer was down when this process began."""
CACHE_MAX = 2048
TOKEN_MAX_BYTES = 16_384


class InvalidToken(Exception):
    """The token is not one to act on; the answer is 401 with no reason."""


class IssuerAway(Exception):
    """The issuer can't be asked: whether the token still holds is not known."""


class Identity:
    """Verifies tokens by the issuer's published keys, and asks the issuer where that is not enough."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._root = settings.root_location
        self._keys: KeySet | None = None
        self._published: Any = None
        self._asked_at = self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._verified: OrderedDict[bytes, tuple[int, Principal]] = OrderedDict()
        self._introspection = _introspection_client(settings)

    async def principal(self, authorization: str | None) -> Principal:
        """Who sends this header. No header is anonymous; a bad one refuses: InvalidToken."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > TOKEN_MAX_BYTES:
            log.info("token refused", reason="not a bearer token of an acceptable size")
            raise InvalidToken
        fingerprint = sha256(token.encode()).digest()
        now = int(time.time())
        if time.monotonic() - self._fetched_at > KEYS_LIFESPAN_S:
            await self._current_keys(refetch=True)
        known = self._verified.get(fingerprint)
        if known is not None and now <= known[0] + LEEWAY_S:
            return known[1]
        claims = await self._verified_claims(token)
        self._check(claims, now)
        principal = self._principal_of(claims, token)
        self._verified[fingerprint] = (claims["exp"], principal)
        while len(self._verified) > CACHE_MAX:
            self._verified.popitem(last=False)
        return principal

    async def still_holds(self, principal: Principal) -> Principal | None:
        """The principal with the rights it has now, by the issuer's word; None when the token is no longer active.

        An issuer that can't be asked counts as a no.
        """
        try:
            return await self.introspected(principal)
        except IssuerAway:
            return None

    async def introspected(self, principal: Principal) -> Principal | None:
        """As `still_holds`, for those who can wait for the issuer. Refuses: IssuerAway."""
        if self._introspection is None or principal.token is None:
            log.warning("introspection is not configured: refused")
            raise IssuerAway
        try:
            answer: dict[str, Any] = await self._introspection.a_introspect(principal.token)
        except (KeycloakError, httpx.HTTPError) as error:
            log.warning("introspection failed: refused", error=type(error).__name__)
            raise IssuerAway from error
        if not answer.get("active"):
            return None
        return self._principal_of(answer, principal.token)

    async def _verified_claims(self, token: str) -> dict[str, Any]:
        keys = await self._current_keys(refetch=False)
        try:
            try:
                return jwt.decode(token, keys, algorithms=["RS256"]).claims
            except (JoseError, ValueError):
                # A key that we have not seen, or a forgery: look once, but not more often than every 30 s.
                refetched = await self._current_keys(refetch=True)
                if refetched is keys:
                    raise
                return jwt.decode(token, refetched, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            log.info("token refused", reason=type(error).__name__)
            raise InvalidToken from error

    def _check(self, claims: dict[str, Any], now: int) -> None:
        expires, issued = claims.get("exp"), claims.get("iat")
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        checks = {
            "issuer": claims.get("iss") == self._issuer,
            "audience": audiences == [self._audience],
            "typ": claims.get("typ") == "Bearer",
            "subject": isinstance(claims.get("sub"), str) and claims["sub"] != "",
            "integer times": type(expires) is int and type(issued) is int,
        }
        if type(expires) is int and type(issued) is int:
            not_before = claims.get("nbf", issued)
            checks |= {
                "expiry": now <= expires + LEEWAY_S,
                "issued": issued <= now + LEEWAY_S,
                "not before": type(not_before) is int and not_before <= now + LEEWAY_S,
                "lifetime": 0 < expires - issued <= LIFETIME_MAX_S,
            }
        failed = [name for name, holds in checks.items() if not holds]
        if failed:
            log.info("token refused", reason=", ".join(failed))
            raise InvalidToken

    def _principal_of(self, claims: dict[str, Any], token: str) -> Principal:
        groups = claims.get("groups") or []
        grants = grants_from_groups((group for group in groups if isinstance(group, str)), root=self._root)
        if len(grants) > GRANTS_MAX:
            log.warning("token refused", reason=f"{len(grants)} grants, at most {GRANTS_MAX}")
            raise InvalidToken
        name = claims.get("preferred_username") or claims.get("azp") or claims["sub"]
        scopes = frozenset(str(claims.get("scope", "")).split())
        return Principal(
            subject=claims["sub"],
            name=str(name),
            grants=grants,
            scopes=scopes,
            token=token,
            issued_at=claims["iat"],
            expires_at=claims["exp"],
        )

    async def _current_keys(self, *, refetch: bool) -> KeySet:
        """The key set, asked for at most once in a while whoever waits for it. Refuses: InvalidToken without one."""
        wanted_at = time.monotonic()
        if self._keys is None or refetch:
            async with self._fetching:
                pause = KEYS_RETRY_S if self._keys is None else KEYS_REFETCH_MIN_S
                if wanted_at - self._asked_at >= pause:
                    self._asked_at = time.monotonic()
                    await self._fetch_keys()
        if self._keys is None:
            raise InvalidToken
        return self._keys

    async def _fetch_keys(self) -> None:
        """Take the issuer's key set. While it can't be had, the one before stands: the issuer's outage isn't ours."""
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(f"{self._issuer}/protocol/openid-connect/certs")
                answer.raise_for_status()
            published = answer.json()
            keys = KeySet.import_key_set(published)
        except (httpx.HTTPError, JoseError, ValueError) as error:
            log.warning("key set not available", error=type(error).__name__)
            return
        if published != self._published:
            # What a key verified that is gone now must be verified anew.
            self._verified.clear()
        self._keys, self._published, self._fetched_at = keys, published, time.monotonic()


def _introspection_client(settings: ServiceSettings) -> KeycloakOpenID | None:
    if settings.introspection_secret is None:
        return None
    server, _, realm = settings.issuer.partition("/realms/")
    return KeycloakOpenID(
        server_url=server,
        realm_name=realm,
        # Keycloak tells a token only to the client that it is for.
        client_id=settings.audience,
        client_secret_key=settings.introspection_secret.get_secret_value(),
        timeout=5,
    )
