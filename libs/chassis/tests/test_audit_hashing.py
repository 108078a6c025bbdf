"""The tree, the chain and the contents' bytes, held against published vectors and against another computation."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.audit.entry import CONTENTS, Entry, Outcome
from chassis.audit.hashing import chained, genesis, leaf_hash, leaves_of, merkle_root
from chassis.tables import audit_entry

# Inputs and roots of the first 1 to 8 of them, from the test data of the Certificate Transparency reference code.
LEAVES = [
    bytes.fromhex(item)
    for item in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
ENTRY = Entry(
    id="0199", at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), subject="s", name="n", action="a", location_id="unon",
    outcome=Outcome.DONE, trace_id=None, input="{}",
)  # fmt: skip


@pytest.mark.parametrize("count", range(1, 9))
def test_a_root_is_that_of_the_published_vectors(count):
    assert merkle_root([leaf_hash(data) for data in LEAVES[:count]]).hex() == ROOTS[count - 1]


def test_an_empty_trees_root_is_the_hash_of_nothing():
    assert merkle_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, as the text defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@pytest.mark.parametrize("count", [*range(1, 40), 100, 255, 256, 257, 1000])
def test_a_root_is_that_of_the_rfcs_definition(count):
    leaves = [leaf_hash(str(number).encode()) for number in range(count)]

    assert merkle_root(leaves) == by_definition(leaves)
    assert leaves_of(b"".join(leaves)) == leaves


def test_the_chain_depends_on_all_that_went_before_and_on_the_place():
    leaf = leaf_hash(b"x")
    ways = {
        chained(genesis("targets"), seq=1, leaf=leaf),
        chained(genesis("offsets"), seq=1, leaf=leaf),
        chained(genesis("targets"), seq=2, leaf=leaf),
        chained(genesis("targets"), seq=1, leaf=leaf_hash(b"y")),
        chained(chained(genesis("targets"), seq=1, leaf=leaf), seq=2, leaf=leaf),
    }

    assert len(ways) == 5


def test_every_column_but_the_place_and_the_hash_is_in_the_contents():
    assert set(CONTENTS) == {column.name for column in audit_entry.c} - {"seq", "hash"}


@pytest.mark.parametrize("name", CONTENTS)
def test_no_two_contents_have_the_same_bytes(name):
    other = datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=UTC) if name == "at" else "another"

    assert replace(ENTRY, **{name: other}).contents() != ENTRY.contents()


@given(st.text(), st.one_of(st.none(), st.text()))
def test_the_bytes_are_canonical_json_and_say_nothing_of_what_is_absent(text, reason):
    """RFC 8785: sorted names, no space, shortest escapes, UTF-8. The names and values here are text alone."""
    entry = replace(ENTRY, input=text, reason=reason)
    document = {
        "action": "a", "at": "2026-01-02T03:04:05.000006+00:00", "id": "0199", "input": text, "location_id": "unon",
        "name": "n", "outcome": "done", "subject": "s",
    } | ({} if reason is None else {"reason": reason})  # fmt: skip

    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry.contents() == canonical.encode()


def test_an_instant_is_the_same_in_every_time_zone():
    elsewhere = ENTRY.at.astimezone(timezone(timedelta(hours=3)))

    assert replace(ENTRY, at=elsewhere).contents() == ENTRY.contents()
