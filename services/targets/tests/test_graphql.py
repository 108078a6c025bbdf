"""The subgraph of *targets* as callers meet it: the answer, who sees what, and what is refused at the door."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from chassis.access import ANONYMOUS, Principal
from chassis.service import create_application
from targets.main import SERVICE

if TYPE_CHECKING:
    from services.targets.tests.conftest import Targets

People = Callable[[str], Principal]

AT_LOCATION = """query($ids: [_Any!]!, $first: Int!, $after: String) { _entities(representations: $ids) {
    ... on Location { id targets(first: $first, after: $after) {
        edges { node { indicator targetYear setBy progress { year inventoryVersion verdict } } }
        pageInfo { hasNextPage endCursor } } } } }"""


async def at_locations(
    targets: "Targets", principal: Principal, *location_ids: str, first: int = 10, after: str | None = None
) -> list[dict[str, Any]]:
    ids = [{"__typename": "Location", "id": location_id} for location_id in location_ids]
    answer = await targets.ask(principal, AT_LOCATION, ids=ids, first=first, after=after)
    assert "errors" not in answer, answer["errors"]
    found: list[dict[str, Any]] = answer["data"]["_entities"]
    return found


def nodes(location: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in location["targets"]["edges"]]


async def test_a_target_is_set_and_answers_with_its_progress(targets: "Targets") -> None:
    await targets.inventory_is_final()

    answer = await targets.set()

    assert answer.pop("id")
    assert answer == {
        "__typename": "Target",
        "indicator": "electricity",
        "baseYear": 2014,
        "baseValue": {"value": "1000", "unit": "kWh"},
        "targetYear": 2034,
        "targetValue": {"value": "500", "unit": "kWh"},
        "setBy": "unon-chair",
        "progress": [
            {
                "year": 2024,
                "inventoryVersion": 1,
                "value": {"value": "700"},
                "expected": {"value": "750"},
                "reduction": {"value": answer["progress"][0]["reduction"]["value"], "unit": "percent"},
                "verdict": "on_track",
            }
        ],
    }
    assert float(answer["progress"][0]["reduction"]["value"]) == 30


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"indicator": "happiness"}, "INDICATOR_UNKNOWN"),
        ({"unit": "MWh"}, "UNIT_NOT_OF_INDICATOR"),
        ({"baseValue": "0"}, "BASE_VALUE_NOT_POSITIVE"),
        ({"targetValue": "-0.1"}, "TARGET_VALUE_NEGATIVE"),
        ({"targetYear": 2014}, "TARGET_YEAR_NOT_AFTER_BASE_YEAR"),
    ],
)
async def test_a_refusal_says_what_was_found_and_what_is_expected(
    targets: "Targets", given: dict[str, Any], code: str
) -> None:
    answer = await targets.set(**given)

    assert (answer["__typename"], answer["code"]) == ("Refusal", code)
    assert all(answer[name] for name in ("subject", "found", "expected", "message"))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e3", "", "1,5", "9" * 41, 1.5, True, None])
async def test_a_value_is_a_string_of_digits(targets: "Targets", people: People, value: object) -> None:
    document = "mutation($input: SetTargetInput!) { setTarget(input: $input) { __typename } }"
    given = {
        "locationId": "unon", "indicator": "electricity", "unit": "kWh", "baseYear": 2014, "baseValue": value,
        "targetYear": 2034, "targetValue": "5",
    }  # fmt: skip

    answer = await targets.ask(people("unon-chair"), document, input=given)

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("first", [-1, 0, 101])
async def test_a_page_has_a_size(targets: "Targets", people: People, first: int) -> None:
    ids = [{"__typename": "Location", "id": "unon"}]

    answer = await targets.ask(people("unon-chair"), AT_LOCATION, ids=ids, first=first)

    assert answer["data"]["_entities"] == [{"id": "unon", "targets": None}]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PAGE_SIZE_OUT_OF_RANGE"]


async def test_targets_come_in_pages_in_the_order_in_which_they_were_set(targets: "Targets", people: People) -> None:
    years = [2034, 2030, 2026, 2050, 2040]
    for year in years:
        await targets.set(targetYear=year)
    seen: list[list[int]] = []
    after, more = None, True
    while more and len(seen) < 5:
        ours, theirs = await at_locations(targets, people("unon-chair"), "unon", "escwa", first=2, after=after)
        assert nodes(theirs) == []
        seen.append([node["targetYear"] for node in nodes(ours)])
        after, more = ours["targets"]["pageInfo"]["endCursor"], ours["targets"]["pageInfo"]["hasNextPage"]

    assert seen == [[2034, 2030], [2026, 2050], [2040]]


async def test_a_location_foreign_to_the_caller_has_no_targets(targets: "Targets", people: People) -> None:
    target = (await targets.set())["id"]
    await targets.inventory_is_final()
    by_id = (
        """query($id: ID!, $key: [_Any!]!) { target(id: $id) { id } _entities(representations: $key) { __typename } }"""
    )

    for principal in (people("escwa-chair"), people("outside"), ANONYMOUS):
        unon, atlantis = await at_locations(targets, principal, "unon", "atlantis")
        assert (unon["id"], nodes(unon), nodes(atlantis)) == ("unon", [], [])
        answer = await targets.ask(principal, by_id, id=target, key=[{"__typename": "Target", "id": target}])
        assert answer == {"data": {"target": None, "_entities": [None]}}
    assert [node["targetYear"] for node in nodes(*await at_locations(targets, people("auditor"), "unon"))] == [2034]
    assert [node["setBy"] for node in nodes(*await at_locations(targets, people("unon-technical"), "unon"))] == [
        "unon-chair"
    ]


async def test_what_is_published_is_answered_to_all_in_that_version(targets: "Targets") -> None:
    await targets.set()
    await targets.inventory_is_final()
    await targets.is_published()
    await targets.inventory_is_final(version=2, electricity=("800", "kWh"))

    (unon,) = await at_locations(targets, ANONYMOUS, "unon")

    assert [node["progress"] for node in nodes(unon)] == [
        [{"year": 2024, "inventoryVersion": 1, "verdict": "on_track"}]
    ]
    assert [node["setBy"] for node in nodes(unon)] == [None]


# At the door, through the ASGI application.

TYPENAME = {"query": "{ __typename }"}


@pytest.fixture
async def client(targets: "Targets") -> AsyncIterator[httpx.AsyncClient]:
    application = create_application(SERVICE, targets.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://targets") as opened:
        yield opened


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["errors"][0]["extensions"]["code"]
    return code


async def test_a_request_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json=TYPENAME)

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("body", [b"{", b"", b'{"query": "\xff"}', b"query { x }"])
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, code_of(answer)) == (400, "BAD_JSON")


@pytest.mark.parametrize(
    "body", [[], [TYPENAME], {}, {"query": 1}, TYPENAME | {"variables": []}, TYPENAME | {"operationName": 1}]
)
async def test_a_body_that_is_no_request_is_refused(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post("/graphql", json=body)

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
async def test_a_body_has_a_largest_size(targets: "Targets", client: httpx.AsyncClient, over: int, status: int) -> None:
    body = b'{"query":"{ __typename }"}'.ljust(targets.settings.body_limit_bytes + over)

    answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == status
    assert status == 200 or code_of(answer) == "BODY_TOO_LARGE"


@pytest.mark.parametrize("media_type", ["text/plain", "application/graphql", "multipart/form-data; boundary=x"])
async def test_another_media_type_is_refused(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post("/graphql", content=b"{}", headers={"content-type": media_type})

    assert (answer.status_code, code_of(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_another_method_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql?query={__typename}")

    assert (answer.status_code, code_of(answer)) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("header", ["Bearer not-a-token", "Basic dTpw", "Bearer "])
async def test_a_token_that_is_not_valid_is_refused(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.post("/graphql", json=TYPENAME, headers={"authorization": header})

    assert (answer.status_code, code_of(answer)) == (401, "INVALID_TOKEN")


async def test_a_bug_shows_a_reference_and_nothing_else(targets: "Targets") -> None:
    # Nobody listens at port 1: what the driver says of it is for the log.
    settings = targets.settings.model_copy(
        update={"database_url": SecretStr("postgresql://targets_serving:secret@127.0.0.1:1/targets")}
    )
    trace = "0af7651916cd43dd8448eb211c80319c"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_application(SERVICE, settings)), base_url="http://targets"
    ) as client:
        answer = await client.post(
            "/graphql",
            json={"query": '{ target(id: "t") { id } }'},
            headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"},
        )

    assert answer.status_code == 200
    assert answer.json() == {
        "data": {"target": None},
        "errors": [
            {
                "message": f"Something went wrong on our side. Reference {trace}.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["target"],
                "extensions": {"code": "INTERNAL", "traceId": trace},
            }
        ],
    }
