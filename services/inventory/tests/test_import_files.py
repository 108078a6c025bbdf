"""Files as clients send them: a POST, followed by events and GraphQL, worked off by a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from embedded.issuer import TestIssuer
from inventory.spreadsheet import JOB_LIMITS
from services.inventory.tests.wire import Wire, wire_of

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

GOOD = "unon,grid_electricity,,2024-01-01,2024-01-31,10,kWh,,,measured"
BAD = "unon,grid_electricity,,2024-02-01,2024-02-29,many,kWh,,,measured"
JOB = """query ($id: ID!, $after: String) { importJob(id: $id) { state rowsChecked rowsWritten problemCount refusalCode
    import { rowCount undoneAt } problems(first: 1, after: $after) { edges { node { row column code hint } }
    pageInfo { hasNextPage endCursor } } } }"""
TO = {"location": "unon", "year": 2024, "name": "f.csv"}


@pytest.fixture
async def wire(inventories: "Inventories", issuer: TestIssuer) -> AsyncIterator[Wire]:
    async with wire_of(inventories, issuer) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


async def followed(wire: Wire, job_id: str) -> list[dict[str, Any]]:
    """What a listener hears until the end."""
    answer = await asyncio.wait_for(wire.get("technical", f"/files/imports/{job_id}/events"), 60)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [orjson.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]


async def test_a_file_is_sent_followed_read_of_and_undone(wire: Wire, inventories: "Inventories") -> None:
    answer = await wire.post("technical", "/files/imports", inventories.csv(GOOD, BAD, BAD), **TO, acceptPartial="true")
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]

    *_, last = await followed(wire, job_id)

    assert (last["state"], last["rowsChecked"], last["rowsWritten"], last["problemCount"]) == ("DONE", 3, 1, 2)
    assert (await wire.get("technical", f"/files/imports/{job_id}")).json() == last
    job = (await wire.ask("technical", JOB, id=job_id))["importJob"]
    assert (job["state"], job["import"]) == ("DONE", {"rowCount": 1, "undoneAt": None})
    (edge,) = job["problems"]["edges"]
    assert (edge["node"]["row"], edge["node"]["column"], edge["node"]["code"]) == (3, "amount", "NOT_A_NUMBER")
    more = (await wire.ask("technical", JOB, id=job_id, after=job["problems"]["pageInfo"]["endCursor"]))["importJob"]
    assert [edge["node"]["row"] for edge in more["problems"]["edges"]] == [4]

    undo = """mutation ($input: UndoImportInput!) { undoImport(input: $input) {
        ... on ActivityImport { undoneAt undoneBy undoneReason } ... on Refusal { code } } }"""
    undone = await wire.ask(
        "technical", undo, input={"importId": last["importId"], "reason": "r", "idempotencyKey": "k"}
    )
    assert undone["undoImport"]["undoneBy"] == "technical"
    assert await inventories.rows("activity_record") == []
    entries = [row for row in await inventories.rows("audit_entry") if row["record_kind"] is not None]
    assert [(row["action"], row["record_kind"], row["reason"]) for row in entries] == [
        ("requestImport", "import_job", None),
        ("undoImport", "activity_import", "r"),
    ]
    # The file itself is not on the record.
    assert orjson.loads(entries[0]["input"])["content"]["bytes"] == len(inventories.csv(GOOD, BAD, BAD))


@pytest.mark.parametrize(
    ("who", "given", "expected"),
    [
        (None, {}, (401, "NOT_SIGNED_IN")),
        ("other", {}, (404, "NOT_FOUND")),
        ("chair", {}, (403, "NOT_PERMITTED")),
        ("auditor", {}, (403, "NOT_PERMITTED")),
        ("gigiri", {}, (404, "NOT_FOUND")),
        ("technical", {"location": "nowhere"}, (404, "NOT_FOUND")),
        ("technical", {"location": ""}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"year": "24"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"name": " "}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"dryRun": "perhaps"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"locale": "xx"}, (400, "IMPORT_PARAMETER_WRONG")),
        ("technical", {"dryrun": "true"}, (400, "IMPORT_PARAMETER_WRONG")),
    ],
)
async def test_what_may_not_be_sent_is_refused_before_it_is_read(
    wire: Wire, inventories: "Inventories", who: str | None, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await wire.post(who, "/files/imports", inventories.csv(GOOD), **TO | given)

    assert refusal(answer) == expected
    assert await inventories.rows("import_job") == []


async def test_a_file_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(wire: Wire) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(JOB_LIMITS.file_bytes // 1_000_000 + 2):
            yield b"x" * 1_000_000

    for headers, content in (
        ({"content-length": str(JOB_LIMITS.file_bytes + 1)}, b"x"),
        ({}, endless()),
    ):
        answer = await wire.client.post(
            "/files/imports", params=TO, headers=wire.headers("technical") | headers, content=content
        )
        assert refusal(answer) == (413, "FILE_TOO_LARGE")


async def test_nobody_else_is_told_of_a_job(wire: Wire, inventories: "Inventories") -> None:
    job_id = (await wire.post("technical", "/files/imports", inventories.csv(BAD), **TO)).json()["id"]
    *_, last = await followed(wire, job_id)
    assert (last["state"], last["refusalCode"]) == ("REFUSED", "IMPORT_REFUSED")

    for path in (f"/files/imports/{job_id}", f"/files/imports/{job_id}/events", "/files/imports/none"):
        assert refusal(await wire.get("other", path)) == (404, "NOT_FOUND")
    # Who may read there, but enters nothing, is not told of it either.
    assert refusal(await wire.get("chair", f"/files/imports/{job_id}")) == (404, "NOT_FOUND")
    for who in ("other", "chair", None):
        assert (await wire.ask(who, JOB, id=job_id))["importJob"] is None
