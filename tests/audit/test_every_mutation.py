"""Whatever a mutation does or refuses, it leaves exactly one entry. New mutations are tried without a new test."""

import asyncio
import re
import uuid
from base64 import b64encode
from hashlib import sha256
from importlib import import_module
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLType, build_schema
from sqlalchemy import text

from chassis.access import ANONYMOUS
from chassis.audit.attempt import INPUT_MAX, TEXT_MAX
from chassis.database import Database
from chassis.graphql.edge import RefusalBound
from chassis.testing import ROOT, person
from contracts.access import Role
from contracts.catalogue import SERVICES

SCHEMAS = {
    name: build_schema(import_module(f"{name}.graphql.schema").schema().as_str(), assume_valid_sdl=True)
    for name in SERVICES
}
MUTATIONS = {name: list(schema.mutation_type.fields) for name, schema in SCHEMAS.items() if schema.mutation_type}
ALL_ROLES = person("all-roles", *((role, ROOT) for role in Role))
NO_ROLE = person("no-role", (Role.EXTERNAL_SYSTEM, "escwa"))
CONTENT = b"site,category\nnot,a file of ours\n"
VALUES: dict[str, Any] = {
    "ID": "unon", "String": "some text", "Int": 2024, "Decimal": "1", "Date": "2024-01-01", "SerialNumber": "1",
    "Base64": b64encode(CONTENT).decode(), "Boolean": True, "DateTime": "2030-01-01T00:00:00+00:00",
}  # fmt: skip


def value_of(kind: GraphQLType) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        return {name: value_of(field.type) for name, field in kind.fields.items()}
    return next(iter(kind.values)) if isinstance(kind, GraphQLEnumType) else VALUES[kind.name]


def shown(value: Any) -> str:
    """As text, whether it is written in GraphQL's way or in the record's: enums, instants and integers differ."""
    return re.sub(r"[^a-z0-9]", "", orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode().lower())


def call(service: str, mutation: str) -> tuple[str, dict[str, Any]]:
    """A document and an input with some value for every field."""
    field = SCHEMAS[service].mutation_type.fields[mutation]
    kind = field.args["input"].type
    document = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ __typename ... on Refusal {{ code }} }} }}"
    return document, value_of(kind)


@pytest.mark.parametrize("service", MUTATIONS)
async def test_every_mutation_leaves_one_entry_whatever_comes_of_it(audited, service):
    where = await audited(service)
    for number, mutation in enumerate(MUTATIONS[service], start=1):
        document, given = call(service, mutation)
        given |= {"idempotencyKey": mutation} if "idempotencyKey" in given else {}

        decided = (await where.ask(ALL_ROLES, document, input=given))["data"][mutation]

        entries = await where.entries()
        assert [mutation, len(entries)] == [mutation, number]
        entry = entries[-1]
        assert (entry["action"], entry["subject"], entry["name"]) == (mutation, ALL_ROLES.subject, ALL_ROLES.name)
        assert entry["outcome"] == ("refused" if "code" in decided or "Refused" in decided["__typename"] else "done")
        assert entry["refusal_code"] == decided.get("code", entry["refusal_code"])
        written = orjson.loads(entry["input"])
        assert shown(written | {"content": ""}) == shown(given | {"content": ""})
        assert not [name for name in given if re.search(r"token|secret|password", name, re.IGNORECASE)]


@pytest.mark.parametrize("service", MUTATIONS)
async def test_every_denial_leaves_one_entry_and_nobodys_leaves_none(audited, service):
    where = await audited(service)
    for number, mutation in enumerate(MUTATIONS[service], start=1):
        document, given = call(service, mutation)

        codes = [
            (await where.ask(who, document, input=given))["data"][mutation]["code"] for who in (NO_ROLE, ANONYMOUS)
        ]

        assert [mutation, *codes] == [mutation, "NOT_PERMITTED", "NOT_SIGNED_IN"]
        entries = await where.entries()
        assert len(entries) == number
        assert {name: entries[-1][name] for name in ("name", "action", "outcome", "refusal_code", "location_id")} == {
            "name": "no-role", "action": mutation, "outcome": "refused", "refusal_code": "NOT_PERMITTED",
            "location_id": given.get("locationId", ROOT),
        }  # fmt: skip


REQUEST = """mutation($input: RequestPurchaseInput!) { requestPurchase(input: $input) {
    __typename ... on Purchase { id } ... on Refusal { code } } }"""
APPROVE = """mutation($input: ApprovePurchaseInput!) { approvePurchase(input: $input) {
    __typename ... on Purchase { id } ... on Refusal { code } } }"""
CHAIR = person("chair", (Role.LOCAL_CHAIR, "unon"))
GOOD = {"locationId": "unon", "year": 2024, "tonnes": 5, "justification": "travel that no train replaces"}


async def test_an_entry_says_who_what_where_why_and_with_which_input(audited):
    offsets = await audited("offsets")
    answer = await offsets.ask(CHAIR, REQUEST, input=GOOD | {"idempotencyKey": "one"})

    (entry,) = await offsets.entries()
    assert {name: entry[name] for name in entry if name not in {"at", "id", "hash", "input", "trace_id"}} == {
        "seq": 1, "subject": "subject-of-chair", "name": "chair", "event_id": None, "action": "requestPurchase",
        "capability": "offset.request", "record_kind": "purchase", "record_id": answer["data"]["requestPurchase"]["id"],
        "location_id": "unon", "reason": "travel that no train replaces", "outcome": "done", "refusal_code": None,
    }  # fmt: skip
    assert orjson.loads(entry["input"]) == GOOD | {"idempotencyKey": "one"}


async def test_the_same_request_again_adds_nothing(audited):
    offsets = await audited("offsets")
    for _ in range(3):
        await offsets.ask(CHAIR, REQUEST, input=GOOD | {"idempotencyKey": "one"})
    reused = await offsets.ask(CHAIR, REQUEST, input=GOOD | {"idempotencyKey": "one", "year": 2025})

    assert reused["data"]["requestPurchase"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert [(item["outcome"], item["refusal_code"]) for item in await offsets.entries()] == [
        ("done", None), ("refused", "IDEMPOTENCY_KEY_REUSED"),
    ]  # fmt: skip


async def test_a_refused_step_is_recorded_where_its_record_is(audited):
    offsets = await audited("offsets")
    both = person("both", (Role.LOCAL_CHAIR, "unon"), (Role.APPROVER, "unon"))
    elsewhere = person("elsewhere", (Role.APPROVER, "escwa"))
    purchase = (await offsets.ask(both, REQUEST, input=GOOD | {"idempotencyKey": "k"}))["data"]["requestPurchase"]["id"]

    for who in (both, elsewhere):
        await offsets.ask(who, APPROVE, input={"purchaseId": purchase, "idempotencyKey": str(uuid.uuid4())})

    own, hidden = (await offsets.entries())[1:]
    assert (own["refusal_code"], own["location_id"], own["record_kind"], own["record_id"]) == (
        "REQUESTER_MAY_NOT_APPROVE", "unon", "purchase", purchase,
    )  # fmt: skip
    # To who may not see it, it is not there, and neither is its place.
    assert (hidden["refusal_code"], hidden["location_id"], hidden["record_id"]) == ("NOT_FOUND", ROOT, purchase)


async def test_a_place_that_is_not_registered_is_the_root_and_stays_in_the_input(audited):
    offsets = await audited("offsets")
    await offsets.ask(CHAIR, REQUEST, input=GOOD | {"locationId": "atlantis", "idempotencyKey": "k"})

    (entry,) = await offsets.entries()
    assert (entry["location_id"], orjson.loads(entry["input"])["locationId"]) == (ROOT, "atlantis")


async def test_a_file_is_recorded_by_its_hash_and_size(audited):
    inventory = await audited("inventory")
    document, given = call("inventory", "importActivityData")
    await inventory.ask(ALL_ROLES, document, input=given)

    (entry,) = await inventory.entries()
    assert orjson.loads(entry["input"])["content"] == {"bytes": len(CONTENT), "sha256": sha256(CONTENT).hexdigest()}


async def test_one_caller_cannot_fill_the_record(audited):
    offsets = await audited("offsets")
    long = "x" * (TEXT_MAX + 1)
    await offsets.ask(CHAIR, REQUEST, input=GOOD | {"justification": long, "idempotencyKey": "k"})
    context = offsets.context(CHAIR, refusals=RefusalBound(most=3))
    for number in range(8):
        given = GOOD | {"tonnes": 0, "idempotencyKey": str(number)}
        await offsets.schema.execute(REQUEST, variable_values={"input": given}, context_value=context)

    first, *others = await offsets.entries()
    assert len(first["input"]) < INPUT_MAX
    assert orjson.loads(first["input"])["justification"]["bytes"] == TEXT_MAX + 1
    assert len(first["reason"]) == TEXT_MAX
    assert len(others) == 3


async def test_a_refusal_stands_where_the_database_is_away(audited):
    offsets = await audited("offsets")
    away = Database.connect("postgresql://nobody:x@127.0.0.1:9/nothing", pool_size=1)
    context = offsets.context(NO_ROLE, database=away)
    given = GOOD | {"idempotencyKey": "k"}

    answer = await offsets.schema.execute(REQUEST, variable_values={"input": given}, context_value=context)

    assert (answer.errors, answer.data["requestPurchase"]["code"]) == (None, "NOT_PERMITTED")


async def test_entries_of_changes_that_come_at_once_stand_in_one_line(audited):
    offsets = await audited("offsets")

    await asyncio.gather(
        *(offsets.ask(CHAIR, REQUEST, input=GOOD | {"idempotencyKey": str(number)}) for number in range(20))
    )

    assert [item["seq"] for item in await offsets.entries()] == list(range(1, 21))
    async with offsets.database.transaction(()) as tx:
        assert await tx.scalar(text("SELECT seq FROM audit_head")) == 20


async def test_a_change_that_fails_leaves_no_entry_and_an_entry_that_fails_no_change(audited):
    offsets = await audited("offsets")
    owner = await asyncpg.connect(offsets.urls.owner)
    await owner.execute("ALTER TABLE audit_entry ADD CONSTRAINT no_chair CHECK (name <> 'chair')")
    await owner.close()

    answer = await offsets.ask(CHAIR, REQUEST, input=GOOD | {"idempotencyKey": "k"})

    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    async with offsets.database.transaction([ROOT]) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM purchase")) == 0
        assert await tx.scalar(text("SELECT seq FROM audit_head")) == 0
