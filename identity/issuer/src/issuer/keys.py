"""Signing keys: made anew at each start, never written down, replaced in stages.

The next key is published before it signs, so that verifiers with a cached key set know it in time; the last one stays
published until the last token that it signed has expired.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from issuer.expiring import Clock

__all__ = ["Keys", "new_key"]

BITS = 2048
RETIRED_S = 300 + 60
"""A token's life, and a minute for clocks that differ."""


@dataclass(slots=True)
class Keys:
    now: Clock
    rotation_s: int
    make: Callable[[], RSAKey]
    signing: RSAKey = field(init=False, repr=False)
    staged: RSAKey = field(init=False, repr=False)
    _retired: list[tuple[float, RSAKey]] = field(default_factory=list, repr=False)
    _rotates_at: float = field(init=False, default=0)
    _refresh: OctKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.signing, self.staged = self.make(), self.make()
        # Nobody else reads refresh tokens: a secret of our own, as Keycloak does it.
        self._refresh = OctKey.import_key(secrets.token_bytes(64))
        self._rotates_at = self.now() + self.rotation_s

    def rotate(self) -> None:
        """The staged key signs from now on, and another one is staged."""
        self._retired.append((self.now() + RETIRED_S, self.signing))
        self.signing, self.staged = self.staged, self.make()
        self._rotates_at = self.now() + self.rotation_s

    def published(self) -> dict[str, list[dict[str, object]]]:
        """The JSON Web Key Set: public halves only."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self._current()]}

    def sign(self, claims: Mapping[str, object]) -> str:
        self._rotate_when_due()
        header = {"alg": "RS256", "kid": self.signing.kid}
        return jwt.encode(header, dict(claims), self.signing, algorithms=["RS256"])

    def verified(self, token: str) -> dict[str, object] | None:
        """The claims of a token that one of the published keys signed; the claims themselves are not judged."""
        return _decoded(token, KeySet(list(self._current())), "RS256")

    def sign_refresh(self, claims: Mapping[str, object]) -> str:
        return jwt.encode({"alg": "HS512"}, dict(claims), self._refresh, algorithms=["HS512"])

    def verified_refresh(self, token: str) -> dict[str, object] | None:
        return _decoded(token, self._refresh, "HS512")

    def _current(self) -> list[RSAKey]:
        self._rotate_when_due()
        self._retired = [(until, key) for until, key in self._retired if until > self.now()]
        return [self.signing, self.staged, *(key for _, key in self._retired)]

    def _rotate_when_due(self) -> None:
        if self.now() >= self._rotates_at:
            self.rotate()


def _decoded(token: str, key: KeySet | OctKey, algorithm: str) -> dict[str, object] | None:
    try:
        return jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError):
        return None


def new_key() -> RSAKey:
    key = RSAKey.generate_key(BITS, parameters={"use": "sig", "alg": "RS256"}, private=True)
    key.ensure_kid()
    return key
