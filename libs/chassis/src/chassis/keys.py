"""Keys of those who speak at NATS: a seed is secret and its holder's alone; nats-server knows the public half.

Source: NATS ADR-14 (nkeys: Ed25519 with a prefix that says what for).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import nkeys

from chassis.accounts import IDENTITIES, ISSUER_VARIABLE, key_variable

__all__ = ["ISSUER", "Keys", "key_pair", "new_seed"]

ISSUER = "callout-issuer"
"""Not somebody who connects: what the callout signs with."""


def new_seed(name: str) -> str:
    """A fresh seed for an identity, or for the issuer."""
    prefix = nkeys.PREFIX_BYTE_ACCOUNT if name == ISSUER else nkeys.PREFIX_BYTE_USER
    return bytes(nkeys.encode_seed(secrets.token_bytes(32), prefix)).decode()


def key_pair(seed: str) -> nkeys.KeyPair:
    return nkeys.from_seed(bytearray(seed.encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of one site."""

    seeds: dict[str, str]
    """By identity, and of the issuer."""

    @classmethod
    def kept(cls, keep: Callable[[str], str]) -> "Keys":
        """Each seed as its keeper gives it."""
        return cls(seeds={name: keep(name) for name in (*IDENTITIES, ISSUER)})

    def public(self) -> dict[str, str]:
        """What nats-server is told, as variables: nothing of it is secret."""
        return {
            ISSUER_VARIABLE if name == ISSUER else key_variable(name): key_pair(seed).public_key.decode()
            for name, seed in self.seeds.items()
        }

    def __repr__(self) -> str:
        return f"Keys({', '.join(self.seeds)})"
