"""`lichen audit` on any databases: what it says, and with which code it ends."""

import json
import subprocess
import sys

import asyncpg

from tests.audit.test_append_only import append_all, entry


def lichen(*arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "lichen.command", "audit", *arguments], capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


async def test_verify_says_what_is_sealed_and_names_the_first_wrong_entry(audited, tmp_path):
    where, witness = await audited("targets"), await audited("reporting")
    await append_all(where.database, [entry(number) for number in range(1, 6)])
    await where.seal()
    for message in await where.said():
        await witness.inbox.take(message)
    await append_all(where.database, [entry(6)])
    secret = tmp_path / "url"
    secret.write_text(f"{where.urls.serving}\n")
    both = ("--database", f"targets=@{secret}", "--database", f"reporting={witness.urls.owner}")

    code, said = lichen("verify", *both)
    assert code == 0
    assert said.splitlines() == [
        (
            "targets: 6 entries are as they were written, as reporting witnesses;"
            " 1 at the end not sealed yet: on the chain alone."
        ),
        (
            "reporting: 0 entries fit the chain; inventory, its witness, was not read:"
            " a rewrite of the whole record would not be seen."
        ),
    ]

    owner = await asyncpg.connect(where.urls.owner)
    await owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
    await owner.execute("SET app.roots = 'secretariat'")
    await owner.execute("UPDATE audit_entry SET reason = 'another' WHERE seq IN (2, 4)")
    await owner.close()

    code, said = lichen("verify", *both)
    assert code == 1
    assert said.startswith("targets: NOT AS IT WAS WRITTEN. First: entry 2 (entry-0002), altered: the witness keeps")
    code, said = lichen("verify", *both, "--output", "json")
    found = json.loads(said)[0]
    assert (code, found["service"], found["verdict"]["finding"]["seq"]) == (1, "targets", 2)


async def test_verify_does_not_call_well_what_it_could_not_read(audited):
    where = await audited("targets")
    user, _, rest = where.urls.serving.partition("@")
    wrong_word = f"{user.rpartition(':')[0]}:wrong@{rest}"

    for url in ("postgresql://targets_serving:x@127.0.0.1:9/targets", wrong_word):
        code, said = lichen("verify", "--database", f"targets={url}")
        assert code == 2
        assert said.startswith("targets: could not be read: ")
    assert lichen("verify", "--database", "atlantis=postgresql://")[0] == 1
    assert lichen("verify", "--database", "targets=@/nowhere")[0] == 1


async def test_list_shows_entries_newest_first_and_narrows(audited):
    where = await audited("targets")
    await append_all(
        where.database,
        [entry(1), entry(2, outcome="refused", refusal_code="NOT_PERMITTED", reason="because", location_id="unon")],
    )
    there = ("--database", f"targets={where.urls.serving}")

    code, said = lichen("list", "targets", *there)
    newest, oldest = said.splitlines()
    assert code == 0
    assert newest.split() == [
        "2", "2026-01-01", "00:00:02", "refused", "person", "2", "setTarget", "at", "unon:", "target", "target-2",
        "[NOT_PERMITTED]", '"because"',
    ]  # fmt: skip
    assert oldest.split()[0] == "1"
    assert lichen("list", "targets", *there, "--outcome", "done")[1].split()[0] == "1"
    assert lichen("list", "targets", *there, "--since", "2026-01-02")[1] == ""
