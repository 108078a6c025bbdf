"""Files of evidence as callers meet them: attached, read, detached, kept; by which rights, and what stays."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import Grant
from chassis.database import Database
from chassis.testing import ROOT
from contracts.access import Role
from embedded.issuer import TestIssuer
from inventory.commands.evidence import verify
from inventory.config import InventorySettings
from inventory.domain.errors import EntererMayNotApprove
from inventory.domain.evidence import digest
from inventory.vault import Vault
from services.inventory.tests.test_corrections import WATER, correct, correct_record
from services.inventory.tests.test_files import refusal
from services.inventory.tests.test_lineage import asked, record_of
from services.inventory.tests.wire import Wire, wire_of

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

PDF = b"%PDF-1.7\nan invoice"
REFUSAL = "... on Refusal { code }"
ATTACH = f"""mutation($input: AttachEvidenceInput!) {{ attachEvidence(input: $input) {{ __typename
    ... on EvidenceFile {{ id name mediaType size sha256 sensitive note path recordId importId attachedBy }}
    {REFUSAL} }} }}"""
DETACH = f"""mutation($input: DetachEvidenceInput!) {{ detachEvidence(input: $input) {{ __typename
    ... on EvidenceFile {{ id detachment {{ by reason }} }} {REFUSAL} }} }}"""
OF_RECORD = """query($id: ID!) { activityRecord(id: $id) { evidence { id name detachment { reason } }
    lineage { evidence { name sha256 } source { evidence { name mediaType sha256 } } } } }"""
PAGE = """query($id: ID!, $after: String) { inventory(id: $id) { evidence(first: 1, after: $after) {
    edges { node { name } } pageInfo { hasNextPage endCursor } } } }"""
OF_INVENTORY = """query($id: ID!) { inventory(id: $id) { evidence(first: 100) { edges { node { id name } } } } }"""


@pytest.fixture
async def wire(inventories: "Inventories", issuer: TestIssuer, tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire_of(inventories, issuer, evidence_url=tmp_path.as_uri(), evidence_limit_bytes=2048) as client:
        yield client


def stored_in(folder: Path) -> Path:
    """The one file of a vault."""
    (found,) = [file for file in folder.rglob("*") if file.is_file()]
    return found


async def attach(inventories: "Inventories", inventory_id: str, who: str = "unon-technical", **given: Any) -> Any:
    good = {"inventoryId": inventory_id, "fileName": "bill.pdf", "content": b64encode(PDF).decode()}
    return (await asked(inventories, who, ATTACH, input=good | given))["attachEvidence"]


async def detach(inventories: "Inventories", evidence_id: str, who: str = "unon-technical", **given: Any) -> Any:
    good = {"evidenceId": evidence_id, "reason": "the wrong bill", "idempotencyKey": f"{who} {evidence_id}"}
    return (await asked(inventories, who, DETACH, input=good | given))["detachEvidence"]


async def files_of(inventories: "Inventories", inventory_id: str, who: str = "unon-technical") -> list[str]:
    found = (await asked(inventories, who, OF_INVENTORY, id=inventory_id))["inventory"]
    return [edge["node"]["name"] for edge in found["evidence"]["edges"]] if found else []


async def test_the_file_of_an_import_is_kept_as_it_came(inventories: "Inventories") -> None:
    content = inventories.other_file()
    taken = await inventories.import_file(content)
    await inventories.import_file(content)
    record_id = await record_of(inventories, taken.inventory_id, "waste")

    found = (await asked(inventories, "unon-technical", OF_RECORD, id=record_id))["activityRecord"]

    kept = {"name": "data.csv", "mediaType": "text/csv", "sha256": digest(content)}
    assert found["lineage"]["source"]["evidence"] == [kept]
    assert found["lineage"]["evidence"] == [{"name": kept["name"], "sha256": kept["sha256"]}]
    assert kept["sha256"] == taken.content_hash
    assert await inventories.vault.get(kept["sha256"]) == content
    assert len(await inventories.rows("evidence_file")) == 1


async def test_a_refused_import_keeps_nothing(inventories: "Inventories") -> None:
    with pytest.raises(Exception, match="problem"):
        await inventories.import_file(inventories.csv("unon,water,borehole,2024-01-01,2024-12-31,none,m3,,,measured"))

    assert await inventories.rows("evidence_file") == []
    assert [key async for key in inventories.vault.stored()] == []


async def test_files_are_attached_to_records_imports_and_versions(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    record_id = await record_of(inventories, taken.inventory_id, "waste")

    of_record = await attach(inventories, taken.inventory_id, recordId=record_id, note=" read on the 3rd ")
    of_import = await attach(inventories, taken.inventory_id, importId=taken.id, fileName="mail.pdf")
    of_version = await attach(inventories, taken.inventory_id, fileName="plan.pdf")
    again = await attach(inventories, taken.inventory_id, recordId=record_id, fileName="another name.pdf")

    assert of_record == {
        "__typename": "EvidenceFile", "id": of_record["id"], "name": "bill.pdf", "mediaType": "application/pdf",
        "size": len(PDF), "sha256": digest(PDF), "sensitive": False, "note": "read on the 3rd",
        "path": f"/files/evidence/{of_record['id']}", "recordId": record_id, "importId": None,
        "attachedBy": "unon-technical",
    }  # fmt: skip
    # The import has lines of fuel; of a whole version nothing is known.
    assert (of_import["sensitive"], of_version["sensitive"]) == (True, True)
    assert again["id"] == of_record["id"]
    assert await files_of(inventories, taken.inventory_id) == ["data.csv", "bill.pdf", "mail.pdf", "plan.pdf"]


async def test_files_of_fuel_are_for_readers_of_sensitive_data(inventories: "Inventories", wire: Wire) -> None:
    taken = await inventories.import_file()
    of_fuel = await record_of(inventories, taken.inventory_id, "generator_fuel")
    of_waste = await record_of(inventories, taken.inventory_id, "waste")
    ids = {}
    for name, record_id in (("fuel", of_fuel), ("waste", of_waste)):
        answer = await wire.post(
            "technical", f"/files/inventories/{taken.inventory_id}/evidence", PDF, name=f"{name}.pdf", record=record_id,
            sensitive="false",
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        ids[name] = answer.json()["id"]

    answers = {
        who: [(await wire.get(who, f"/files/evidence/{ids[name]}")).status_code for name in ids]
        for who in ("technical", "auditor", "steering", "other", "nobody", None)
    }

    assert answers == {
        "technical": [200, 200], "auditor": [200, 200], "steering": [404, 200], "other": [404, 404],
        "nobody": [404, 404], None: [404, 404],
    }  # fmt: skip
    assert await files_of(inventories, taken.inventory_id, "steering") == ["waste.pdf"]
    found = await asked(inventories, "gigiri-technical", OF_RECORD, id=of_fuel)
    assert [file["name"] for file in found["activityRecord"]["evidence"]] == ["fuel.pdf"]


async def test_a_download_runs_nowhere_and_is_on_the_record(inventories: "Inventories", wire: Wire) -> None:
    taken = await inventories.import_file()
    posted = await wire.post(
        "technical", f"/files/inventories/{taken.inventory_id}/evidence", PDF, name='a "quoted" é.pdf', note=" by post "
    )
    assert posted.json() | {"id": "", "path": ""} == {
        "id": "", "name": 'a "quoted" é.pdf', "mediaType": "application/pdf", "size": len(PDF), "sha256": digest(PDF),
        "sensitive": True, "path": "",
    }  # fmt: skip

    found = await wire.get("technical", posted.json()["path"])

    assert (found.content, found.headers["content-type"]) == (PDF, "application/pdf")
    assert found.headers["content-disposition"] == (
        "attachment; filename=\"a__quoted___.pdf\"; filename*=UTF-8''a%20%22quoted%22%20%C3%A9.pdf"
    )
    assert [row["note"] for row in await inventories.rows("evidence_file")] == [None, "by post"]
    assert found.headers["repr-digest"] == f"sha-256=:{b64encode(bytes.fromhex(digest(PDF))).decode()}:"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert found.headers["cache-control"] == "no-store"
    entries = sorted(await inventories.rows("audit_entry"), key=lambda row: row["seq"])[-2:]
    assert [(row["action"], row["outcome"], row["location_id"], row["name"]) for row in entries] == [
        ("attachEvidence", "done", "unon", "technical"), ("downloadEvidence", "done", "unon", "technical"),
    ]  # fmt: skip
    assert "invoice" not in entries[0]["input"]
    assert digest(PDF) in entries[0]["input"]


UPLOADS = [
    ({}, b"MZ\x90\0", 415, "EVIDENCE_TYPE_NOT_ALLOWED"),
    ({"name": "bill.png"}, PDF, 415, "EVIDENCE_TYPE_MISMATCH"),
    ({}, b"", 422, "EVIDENCE_EMPTY"),
    ({}, PDF + b"x" * 3000, 413, "EVIDENCE_TOO_LARGE"),
    ({"record": "99999"}, PDF, 404, "NOT_FOUND"),
    ({"record": "x"}, PDF, 404, "NOT_FOUND"),
    ({"record": "9" * 30}, PDF, 404, "NOT_FOUND"),
    ({"import": "none"}, PDF, 404, "NOT_FOUND"),
    ({"record": "1", "import": "none"}, PDF, 422, "EVIDENCE_OF_TWO_THINGS"),
    ({"note": "x" * 501}, PDF, 422, "EVIDENCE_NOTE_TOO_LONG"),
    ({"sensitive": "maybe"}, PDF, 400, "EXPORT_PARAMETER_UNKNOWN"),
    ({"owner": "me"}, PDF, 400, "EXPORT_PARAMETER_UNKNOWN"),
]


@pytest.mark.parametrize(("params", "content", "status", "code"), UPLOADS)
async def test_what_is_not_evidence_is_refused(  # noqa: PLR0917 - columns of a table
    inventories: "Inventories", wire: Wire, params: dict[str, str], content: bytes, status: int, code: str
) -> None:
    taken = await inventories.import_file()
    path = f"/files/inventories/{taken.inventory_id}/evidence"

    answer = await wire.post("technical", path, content, **({"name": "bill.pdf"} | params))

    assert refusal(answer) == (status, code)
    assert len(await inventories.rows("evidence_file")) == 1


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        (None, 401, "NOT_SIGNED_IN"),
        ("nobody", 403, "NOT_PERMITTED"),
        ("steering", 403, "NOT_PERMITTED"),
        ("chair", 403, "NOT_PERMITTED"),
        ("auditor", 403, "NOT_PERMITTED"),
        ("other", 404, "NOT_FOUND"),
        ("gigiri", 404, "NOT_FOUND"),
    ],
)
async def test_only_the_team_attaches(
    inventories: "Inventories", wire: Wire, who: str | None, status: int, code: str
) -> None:
    taken = await inventories.import_file()

    answers = [
        await wire.post(who, f"/files/inventories/{inventory_id}/evidence", PDF, name="bill.pdf")
        for inventory_id in (taken.inventory_id, "none")
    ]

    assert refusal(answers[0]) == (status, code)
    if status == 404:
        assert answers[0].text.replace(taken.inventory_id, "none") == answers[1].text
    assert refusal(await wire.post("technical", f"/files/inventories/{taken.inventory_id}/evidence", PDF)) == (
        400, "EXPORT_PARAMETER_UNKNOWN",
    )  # fmt: skip


async def test_nobodys_file_is_read(inventories: "Inventories", wire: Wire) -> None:
    taken = await inventories.import_file()
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield PDF

    path = f"/files/inventories/{taken.inventory_id}/evidence"
    answer = await wire.client.post(path, params={"name": "bill.pdf"}, content=body())

    assert refusal(answer) == (401, "NOT_SIGNED_IN")
    assert read == []


async def test_a_record_of_another_version_is_not_there(inventories: "Inventories") -> None:
    final = await inventories.final()
    record_id = await record_of(inventories, final.id, "waste")
    draft = await correct(inventories, final.id)
    first = (await inventories.rows("activity_import"))[0]["id"]

    assert (await attach(inventories, draft.id, recordId=record_id))["code"] == "NOT_FOUND"
    assert (await attach(inventories, draft.id, importId=first))["code"] == "NOT_FOUND"


async def test_what_is_submitted_keeps_its_files_and_gets_no_more(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    made = await attach(inventories, taken.inventory_id)
    submitted = await inventories.submit()

    codes = [
        (await attach(inventories, submitted.id, fileName="late.pdf", content=b64encode(PDF + b"2").decode()))["code"]
    ]
    codes.append((await detach(inventories, made["id"]))["code"])
    await inventories.approve(submitted.id)
    codes.append((await detach(inventories, made["id"], idempotencyKey="again"))["code"])

    assert codes == ["WRONG_STATE", "WRONG_STATE", "INVENTORY_IS_FINAL"]
    assert await files_of(inventories, submitted.id) == ["data.csv", "bill.pdf"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_file SET name = 'x'",
        "DELETE FROM evidence_file",
        "TRUNCATE evidence_file CASCADE",
        (
            "INSERT INTO evidence_detachment SELECT id, inventory_id, location_id, sensitive, 'r', 'x', 'x', now()"
            " FROM evidence_file"
        ),
        (
            "INSERT INTO evidence_file SELECT 'x', inventory_id, location_id, import_id, record_id, name, media_type,"
            " size, sha256, sensitive, note, attached_by, attached_by_subject, attached_at FROM evidence_file LIMIT 1"
        ),
    ],
)
async def test_the_database_refuses_it_to_its_owner_too(inventories: "Inventories", statement: str) -> None:
    await inventories.final()
    database = Database.connect(inventories.urls.owner, pool_size=1)

    with pytest.raises(DBAPIError, match=r"cannot be changed"):
        async with database.transaction([ROOT]) as tx:
            await tx.execute(text(statement))
    await database.close()


async def test_detaching_leaves_the_file_and_the_trace(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    record_id = await record_of(inventories, taken.inventory_id, "waste")
    made = await attach(inventories, taken.inventory_id, recordId=record_id)

    refused = await detach(inventories, made["id"], reason=" ", idempotencyKey="no reason")
    denied = await detach(inventories, made["id"], "unon-chair")
    foreign = await detach(inventories, made["id"], "escwa-technical")
    gone = await detach(inventories, made["id"])
    same = await detach(inventories, made["id"])
    twice = await detach(inventories, made["id"], idempotencyKey="another")
    again = await attach(inventories, taken.inventory_id, recordId=record_id)

    assert [each["code"] for each in (refused, denied, foreign, twice)] == [
        "REASONS_MISSING", "NOT_PERMITTED", "NOT_FOUND", "EVIDENCE_ALREADY_DETACHED",
    ]  # fmt: skip
    assert gone == same == gone | {"detachment": {"by": "unon-technical", "reason": "the wrong bill"}}
    assert again["id"] != made["id"]
    found = (await asked(inventories, "unon-technical", OF_RECORD, id=record_id))["activityRecord"]["evidence"]
    assert [(file["id"], file["detachment"]) for file in found] == [
        (made["id"], {"reason": "the wrong bill"}), (again["id"], None),
    ]  # fmt: skip
    assert await inventories.vault.get(digest(PDF)) == PDF


async def test_of_two_who_detach_at_once_one_does(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    made = await attach(inventories, taken.inventory_id)

    done = await asyncio.gather(
        *(detach(inventories, made["id"], idempotencyKey=f"at once {number}") for number in range(4))
    )

    assert sorted(item.get("code", "done") for item in done) == ["EVIDENCE_ALREADY_DETACHED"] * 3 + ["done"]


async def test_that_a_file_of_fuel_was_detached_is_as_closed_as_the_file(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    made = await attach(inventories, taken.inventory_id)
    await detach(inventories, made["id"])

    async def told(sensitive: list[str]) -> int:
        async with inventories.database.transaction(["unon"], sensitive=sensitive) as tx:
            return len((await tx.execute(text("SELECT 1 FROM evidence_detachment"))).all())

    assert (await told([]), await told(["unon"])) == (0, 1)


async def test_files_are_paged_without_one_twice(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    await attach(inventories, taken.inventory_id)

    names, after = [], None
    for _ in range(2):
        page = (await asked(inventories, "unon-technical", PAGE, id=taken.inventory_id, after=after))["inventory"]
        names += [edge["node"]["name"] for edge in page["evidence"]["edges"]]
        after = page["evidence"]["pageInfo"]["endCursor"]

    assert names == ["data.csv", "bill.pdf"]
    assert page["evidence"]["pageInfo"]["hasNextPage"] is False


async def test_a_copy_of_a_record_has_its_files_and_a_changed_one_has_not(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    record_id = await record_of(inventories, taken.inventory_id, "water")
    made = await attach(inventories, taken.inventory_id, recordId=record_id)
    final = await inventories.approve((await inventories.submit()).id)
    draft = await correct(inventories, final.id)
    copied = await record_of(inventories, draft.id, "water")

    before = (await asked(inventories, "unon-technical", OF_RECORD, id=copied))["activityRecord"]["evidence"]
    changed = await correct_record(inventories, draft.id, record_id=copied, cells=WATER, reason="read again")
    after = (await asked(inventories, "unon-technical", OF_RECORD, id=str(changed.record_id)))["activityRecord"]

    assert ([file["id"] for file in before], after["evidence"]) == ([made["id"]], [])
    assert (await detach(inventories, made["id"]))["code"] == "INVENTORY_IS_FINAL"


async def test_who_attached_a_file_does_not_approve(inventories: "Inventories") -> None:
    taken = await inventories.import_file()
    both = inventories.person("gigiri-technical")
    both = replace(both, grants=(Grant(role=Role.TECHNICAL_TEAM, location_id="unon"),))
    made = (
        await asked(
            inventories, both, ATTACH,
            input={"inventoryId": taken.inventory_id, "fileName": "bill.pdf", "content": b64encode(PDF).decode()},
        )
    )["attachEvidence"]  # fmt: skip
    assert made["__typename"] == "EvidenceFile"
    submitted = await inventories.submit()

    with pytest.raises(EntererMayNotApprove):
        await inventories.approve(
            submitted.id, by=replace(both, grants=(Grant(role=Role.LOCAL_CHAIR, location_id="unon"),))
        )
    assert (await inventories.approve(submitted.id)).state == "final"


async def test_one_thing_has_fifty_files_at_most(inventories: "Inventories", wire: Wire) -> None:
    taken = await inventories.import_file()

    codes = [
        (await attach(inventories, taken.inventory_id, content=b64encode(PDF + b"%d" % n).decode())).get("code")
        for n in range(51)
    ]

    one_more = await wire.post(
        "technical", f"/files/inventories/{taken.inventory_id}/evidence", PDF + b"one more", name="bill.pdf"
    )

    assert codes == [None] * 50 + ["EVIDENCE_TOO_MANY"]
    assert refusal(one_more) == (409, "EVIDENCE_TOO_MANY")


async def test_what_is_damaged_or_gone_is_not_given_out(inventories: "Inventories", wire: Wire, tmp_path: Path) -> None:
    taken = await inventories.import_file()
    path = f"/files/inventories/{taken.inventory_id}/evidence"
    made = (await wire.post("technical", path, PDF, name="bill.pdf")).json()
    vault = Vault.open(tmp_path.as_uri())
    stored = stored_in(tmp_path)

    sound = await verify(inventories.database, vault, root=ROOT)
    stored.write_bytes(PDF.replace(b"invoice", b"voucher"))
    damaged = await verify(inventories.database, vault, root=ROOT)
    answers = [await wire.get("technical", made["path"])]
    stored.unlink()
    missing = await verify(inventories.database, vault, root=ROOT)
    answers.append(await wire.get("technical", made["path"]))

    # The file of the import is in the vault of the test's own.
    of_import = taken.content_hash
    assert (sound.files, sound.missing, sound.damaged, sound.is_sound) == (2, [of_import], [], False)
    assert (sound.contents, sound.bytes, sound.unused) == (2, len(PDF), 0)
    assert (damaged.damaged, damaged.is_sound) == ([digest(PDF)], False)
    assert (missing.damaged, sorted(missing.missing)) == ([], sorted([of_import, digest(PDF)]))
    assert [refusal(answer) for answer in answers] == [(500, "EVIDENCE_DAMAGED")] * 2
    assert (await wire.post("technical", path, PDF, name="bill.pdf")).json()["id"] == made["id"]
    await vault.put(b"of an attachment that came to nothing")
    assert (await verify(inventories.database, vault, root=ROOT)).unused == 1


async def test_contents_are_kept_once_and_a_damaged_copy_is_mended(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path.as_uri())

    keys = {await vault.put(PDF), await vault.put(PDF)}
    stored = stored_in(tmp_path)
    stored.write_bytes(b"torn")
    await vault.put(PDF)

    assert keys == {digest(PDF)}
    assert await vault.get(digest(PDF)) == PDF
    assert await vault.get(digest(b"other")) is None
    assert [key async for key in vault.stored()] == [digest(PDF)]
    assert stored.relative_to(tmp_path).parts[0] == "sha256"


PRODUCTION = {
    "env": "production", "database_url": "postgresql://x/y", "nats_url": "nats://x", "nats_seed": "seed",
    "issuer": "https://identity.example.org/realms/lichen", "audience": "lichen-api",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "LICHEN_EVIDENCE_URL is needed"),
        ({"evidence_url": "/srv/evidence"}, "LICHEN_EVIDENCE_URL is file"),
        ({"evidence_url": "http://store/x"}, "LICHEN_EVIDENCE_URL is file"),
        ({"evidence_url": "s3://"}, "LICHEN_EVIDENCE_URL is file"),
        ({"evidence_url": "file://srv/evidence"}, "whole path"),
        ({"evidence_url": "file:///"}, "whole path"),
        ({"evidence_url": "s3://b", "evidence_key_id": "k"}, "come together"),
        ({"evidence_url": "s3://b", "evidence_endpoint": "http://store:9000"}, "https in production"),
    ],
)
def test_production_says_where_evidence_is_kept(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        InventorySettings(**PRODUCTION | given)


def test_a_bucket_a_folder_and_a_migration_are_good_settings() -> None:
    s3 = InventorySettings(
        **PRODUCTION, evidence_url="s3://bucket/prefix", evidence_endpoint="https://store.example.org",
        evidence_region="eu", evidence_key_id="k", evidence_secret="s",
    )  # fmt: skip

    assert Vault.open(**s3.evidence)
    assert (
        InventorySettings(**PRODUCTION, evidence_url="file:///srv/evidence").evidence["url"] == "file:///srv/evidence"
    )
    assert InventorySettings(**PRODUCTION | {"migration_url": "postgresql://x/y"}).evidence_url is None
    assert InventorySettings(**PRODUCTION | {"env": "local"}).evidence["url"].startswith("file:///")
