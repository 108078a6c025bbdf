"""Whether a record is as it was written, and if not, which entry is the first that is not. Pure, one pass.

Two things speak against a forger: the chain, which every entry and the head carry, and the leaves, which another
service keeps. The chain alone can be computed anew by whoever rewrites the whole table; the witness's leaves can't.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from chassis.audit.entry import contents
from chassis.audit.hashing import HASH_BYTES, chained, leaf_hash, leaves_of, merkle_root

__all__ = ["Finding", "Head", "Seal", "SealUnfit", "Verdict", "Verifier", "What", "follow"]


class SealUnfit(ValueError):
    """A seal does not fit itself, or the one before it."""


class What(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    HEAD = "head does not fit the last entry"
    WITNESS = "witness does not fit itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first place at which a record is not as it was written."""

    seq: int
    entry_id: str | None
    """Of the entry that is found there; None where there is none."""
    what: What
    why: str
    """By what it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the record says that it ends."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A batch as its witness keeps it."""

    first_seq: int
    last_seq: int
    leaves: bytes
    """Hashes, one behind the other."""
    root: bytes
    chain_head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of it."""

    entries: int
    sealed: int
    """Up to here the witness vouches for every entry."""
    finding: Finding | None

    @property
    def on_the_chain_alone(self) -> int:
        """Entries at the end that are not sealed yet: a consistent rewrite of these could not be told."""
        return max(0, self.entries - self.sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    """The first row that does not fit, before all rows are known."""

    finding: Finding
    leaf: bytes | None
    """Of the row that is there; None where there is none."""
    by_leaves: bool
    """Whether all leaves together can say more of it."""


@dataclass(slots=True, kw_only=True)
class Verifier:
    """Takes a record's rows in the order of `seq`, then gives its verdict. Keeps 64 bytes an entry."""

    start: Head
    """What the first row follows: the genesis, or a place up to which all was verified."""
    head: Head
    seals: Sequence[Seal] = ()
    hash: bytes = b""
    """Of the chain, after the last row that fits."""
    leaves: bytearray = field(default_factory=bytearray)
    """Of all rows."""
    _last_seq: int = 0
    _rows: int = 0
    _sealed: list[bytes] = field(default_factory=list)
    _suspect: _Suspect | None = None
    _broken_witness: Finding | None = None

    def __post_init__(self) -> None:
        self.hash, self._last_seq = self.start.hash, self.start.seq
        end = self.start
        for seal in self.seals:
            try:
                leaves, end = follow(end, seal)
            except SealUnfit as unfit:
                self._broken_witness = Finding(
                    seq=seal.first_seq, entry_id=None, what=What.WITNESS, why=f"its seal from here on: {unfit}"
                )
                break
            self._sealed += leaves

    def take(self, row: Mapping[str, Any]) -> None:
        leaf = leaf_hash(contents(row))
        self._rows += 1
        self.leaves += leaf
        if self._suspect is None:
            self._suspect = self._fault(row, leaf)

    @property
    def fits_so_far(self) -> bool:
        return self._suspect is None

    def verdict(self) -> Verdict:
        finding = self._broken_witness or self._classified() or self._missing_at_the_end() or self._fault_of_head()
        return Verdict(entries=self._rows, sealed=self._sealed_to, finding=finding)

    @property
    def _sealed_to(self) -> int:
        return self.start.seq + len(self._sealed)

    def _fault(self, row: Mapping[str, Any], leaf: bytes) -> _Suspect | None:
        expected = self._last_seq + 1
        seq = 0 if row["seq"] is None else row["seq"]

        def suspect(what: What, why: str, *, by_leaves: bool = True) -> _Suspect:
            finding = Finding(seq=seq, entry_id=row["id"], what=what, why=why)
            return _Suspect(finding=finding, leaf=leaf, by_leaves=by_leaves)

        if seq < expected:
            return suspect(What.INSERTED, "there is an entry of this number already, or it is below the first")
        if seq > expected:
            finding = Finding(seq=expected, entry_id=None, what=What.MISSING, why="no entry has this number")
            return _Suspect(finding=finding, leaf=None, by_leaves=True)
        if seq <= self._sealed_to:
            if leaf != self._sealed[seq - self.start.seq - 1]:
                return suspect(What.ALTERED, "the witness keeps another hash for this number")
        elif seq > self.head.seq:
            return suspect(What.INSERTED, "it is beyond the head", by_leaves=False)
        self.hash, self._last_seq = chained(self.hash, seq=seq, leaf=leaf), seq
        if self.hash != row["hash"]:
            return suspect(What.ALTERED, "it does not fit the chain", by_leaves=False)
        return None

    def _classified(self) -> Finding | None:
        """The suspect, with what the witness's leaves and those of all rows say of it together."""
        if self._suspect is None:
            return None
        finding, leaf = self._suspect.finding, self._suspect.leaf
        if not self._suspect.by_leaves or finding.seq > self._sealed_to:
            return finding
        kept, found = Counter(self._sealed), Counter(leaves_of(bytes(self.leaves)))
        place = finding.seq - self.start.seq - 1
        is_gone = place >= 0 and found[self._sealed[place]] < kept[self._sealed[place]]
        is_new = leaf is not None and found[leaf] > kept[leaf]
        what = {
            (True, True): What.ALTERED,
            (True, False): What.MISSING,
            (False, True): What.INSERTED,
            (False, False): What.REORDERED,
        }[is_gone, is_new]
        return replace(finding, what=what, entry_id=None if what is What.MISSING else finding.entry_id)

    def _missing_at_the_end(self) -> Finding | None:
        last = self._last_seq
        if last >= max(self.head.seq, self._sealed_to):
            return None
        why = "the witness keeps its hash" if last < self._sealed_to else "the head counts it"
        return Finding(seq=last + 1, entry_id=None, what=What.MISSING, why=why)

    def _fault_of_head(self) -> Finding | None:
        if self.head == Head(seq=self._last_seq, hash=self.hash):
            return None
        why = f"it says {self.head.seq}; it was changed, or the entries since the last seal were"
        return Finding(seq=self._last_seq, entry_id=None, what=What.HEAD, why=why)


def follow(end: Head, seal: Seal) -> tuple[list[bytes], Head]:
    """The seal's leaves and where the chain ends with it, if it follows `end` and fits itself. Refuses: SealUnfit."""
    if seal.first_seq != end.seq + 1:
        raise SealUnfit(f"begins at {seal.first_seq}, and the one before it ends at {end.seq}")
    if len(seal.leaves) != (seal.last_seq - end.seq) * HASH_BYTES or not seal.leaves:
        raise SealUnfit(f"has {len(seal.leaves)} bytes of leaves for {seal.first_seq} to {seal.last_seq}")
    leaves = leaves_of(seal.leaves)
    if merkle_root(leaves) != seal.root:
        raise SealUnfit("has a root that is not that of its leaves")
    chain = end.hash
    for seq, leaf in enumerate(leaves, start=seal.first_seq):
        chain = chained(chain, seq=seq, leaf=leaf)
    if chain != seal.chain_head:
        raise SealUnfit("has an end of the chain that its leaves don't lead to")
    return leaves, Head(seq=seal.last_seq, hash=chain)
