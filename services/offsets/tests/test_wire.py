"""Lists in pages, and what comes in by the wire: numbers, characters, several mutations in one request."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from chassis.access import Principal
from chassis.service import create_application
from offsets.main import SERVICE

if TYPE_CHECKING:
    from services.offsets.tests.conftest import Desk, Offsets

People = Callable[..., Principal]


async def test_lists_come_in_pages(offsets: "Offsets", desk: "Desk", people: People) -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch()
    for _ in range(5):
        await desk.retire(batch)
    page = """query($after: String) { _entities(representations: [
        {__typename: "Location", id: "unon"}, {__typename: "Location", id: "escwa"}]) { ... on Location {
        creditRetirements(first: 2, after: $after) { edges { node { serialFirst } } pageInfo { hasNextPage endCursor } }
    } } }"""
    pages: list[list[int]] = []
    after: str | None = None
    more = True
    while more and len(pages) < 5:
        answer = await offsets.ask(people("unon-chair"), page, after=after)
        unon, escwa = (found["creditRetirements"] for found in answer["data"]["_entities"])
        assert escwa["edges"] == []
        pages.append([int(edge["node"]["serialFirst"]) - 3_000_000_000 for edge in unon["edges"]])
        after, more = unon["pageInfo"]["endCursor"], unon["pageInfo"]["hasNextPage"]

    assert pages == [[1, 11], [21, 31], [41]]


async def test_retirements_are_listed_for_one_year_or_for_all(offsets: "Offsets", desk: "Desk", people: People) -> None:
    batch = await desk.batch()
    for year in (2023, 2024):
        await offsets.inventory_is_final(year=year)
        await desk.retire(batch, year=year)
    document = """{ _entities(representations: [{__typename: "Location", id: "unon"}]) { ... on Location {
        one: creditRetirements(first: 9, year: 2023) { edges { node { year } } }
        all: creditRetirements(first: 9) { edges { node { year } } } } } }"""

    answer = await offsets.ask(people("unon-chair"), document)

    years = {
        name: [edge["node"]["year"] for edge in found["edges"]]
        for name, found in answer["data"]["_entities"][0].items()
    }
    assert years == {"one": [2023], "all": [2023, 2024]}


@pytest.mark.parametrize("field", ["creditRetirements", "creditBatches", "purchases"])
@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_a_size(offsets: "Offsets", people: People, field: str, first: int) -> None:
    document = f"""{{ _entities(representations: [{{__typename: "Location", id: "unon"}}]) {{ ... on Location {{
        {field}(first: {first}) {{ edges {{ cursor }} }} }} }} }}"""

    answer = await offsets.ask(people("unon-chair"), document)

    assert answer["data"] == {"_entities": [{field: None}]}
    assert answer["errors"][0]["extensions"]["code"] == "PAGE_SIZE_OUT_OF_RANGE"


@pytest.mark.parametrize("serial", ["12a", "1.5", "", "٣", "1e3", True, 1.0, 10**19, "9" * 20])
async def test_a_serial_number_is_a_whole_number(offsets: "Offsets", people: People, serial: object) -> None:
    document = "mutation($input: RecordDeliveryInput!) { recordDelivery(input: $input) { __typename } }"
    given = {
        "purchaseId": "p", "registry": "CDM", "project": "1", "vintage": 2022, "serialFirst": serial, "serialLast": "2",
        "pricePerTonne": "1", "currency": "USD", "idempotencyKey": "k",
    }  # fmt: skip

    answer = await offsets.ask(people("procurement"), document, input=given)

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "SerialNumber" in answer["errors"][0]["message"]


async def test_a_serial_number_may_be_a_number(desk: "Desk") -> None:
    purchase = await desk.approved()

    batch = await desk.deliver(purchase, serialFirst=5_000_000_001, serialLast=5_000_000_100)

    assert (batch["serialFirst"], batch["serialLast"]) == ("5000000001", "5000000100")


async def test_a_later_mutation_of_a_request_does_not_show_what_an_earlier_one_loaded(
    offsets: "Offsets", desk: "Desk", people: People
) -> None:
    await offsets.inventory_is_final()
    batch = await desk.batch()
    document = f"""mutation {{
        a: retireCredits(input: {{locationId: "unon", year: 2024, batchId: "{batch}", tonnes: 10, idempotencyKey: "a"}})
            {{ ... on Retirement {{ batch {{ free {{ value }} }} }} }}
        b: retireCredits(input: {{locationId: "unon", year: 2024, batchId: "{batch}", tonnes: 10, idempotencyKey: "b"}})
            {{ ... on Retirement {{ batch {{ free {{ value }} }} }} }} }}"""

    answer = await offsets.ask(people("certifying"), document)

    assert [answer["data"][alias]["batch"]["free"]["value"] for alias in "ab"] == ["90", "80"]


@pytest.mark.parametrize(
    "query", [r'{"query":"{ purchase(id: \"\u0000\") { id } }"}', r'{"query":"{ purchase(id: \"\\u{0}\") { id } }"}']
)
async def test_the_character_that_no_text_has_is_refused_at_the_door(offsets: "Offsets", query: str) -> None:
    application = create_application(SERVICE, offsets.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://offsets") as client:
        answer = await client.post("/graphql", content=query, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_CHARACTER")
