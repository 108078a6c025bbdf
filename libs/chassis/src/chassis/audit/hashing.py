"""What holds the record together: leaves, one chain over them, and the root of a batch. Pure.

Leaf and root are those of RFC 9162 (SHA-256; leaf 0x00, node 0x01): any transparency tool can recompute them.
"""

from collections.abc import Sequence
from hashlib import sha256

__all__ = ["HASH_BYTES", "chained", "genesis", "leaf_hash", "leaves_of", "merkle_root"]

HASH_BYTES = 32


def leaf_hash(contents: bytes) -> bytes:
    """Of one entry's contents."""
    return sha256(b"\x00" + contents).digest()


def genesis(service: str) -> bytes:
    """What the first entry follows; the service's own, so that no record passes for another's."""
    return sha256(f"lichen audit {service}".encode()).digest()


def chained(before: bytes, *, seq: int, leaf: bytes) -> bytes:
    """The chain's hash after this entry; PostgreSQL computes the same as it appends."""
    return sha256(before + seq.to_bytes(8, "big", signed=True) + leaf).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over the leaves' hashes.

    Pairs are joined level by level and a last one without a partner goes up as it is: the RFC's split at the largest
    power of two gives the same tree.
    """
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0]


def leaves_of(joined: bytes) -> list[bytes]:
    """The hashes that are kept one behind the other."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
