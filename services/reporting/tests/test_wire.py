"""The whole application as a client meets it: HTTP, tokens of an issuer that publishes keys and introspects."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from chassis.service import create_application
from embedded.issuer import TestIssuer
from reporting.main import SERVICE

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

GROUPS = {
    "coordinator": ["/locations/secretariat/central-coordinator"],
    "deputy": ["/locations/secretariat/central-coordinator"],
    "unon-chair": ["/locations/secretariat/unon/local-chair"],
    "escwa-chair": ["/locations/secretariat/escwa/local-chair"],
}
REFUSAL = "... on Refusal { code subject found expected message }"
OPEN = f"""mutation($input: OpenReportingCycleInput!) {{ openReportingCycle(input: $input) {{ __typename
    ... on ReportingCycle {{ year dueOn owing {{ location {{ id }} state }} }} {REFUSAL} }} }}"""
SUBMIT = f"""mutation($input: SubmitProgressReportInput!) {{ submitProgressReport(input: $input) {{ __typename
    ... on ProgressReport {{ id version state submittedBy total {{ value unit }} }} {REFUSAL} }} }}"""
ACCEPT = f"""mutation($input: AcceptProgressReportInput!) {{ acceptProgressReport(input: $input) {{ __typename
    ... on ProgressReport {{ id state decidedBy }} {REFUSAL} }} }}"""
CONSOLIDATE = f"""mutation($input: ConsolidateReportsInput!) {{ consolidateReports(input: $input) {{ __typename
    ... on ConsolidatedReport {{ id version publishedAt }} {REFUSAL} }} }}"""
PUBLISH = f"""mutation($input: PublishConsolidatedReportInput!) {{
    publishConsolidatedReport(input: $input) {{ __typename
    ... on ConsolidatedReport {{ id publishedAt }} {REFUSAL} }} }}"""
ENTITIES = """query($keys: [_Any!]!) { _entities(representations: $keys) { __typename
    ... on ProgressReport { state submittedBy decidedBy total { value } }
    ... on Location { id progressReport(year: 2024) { state submittedBy } } } }"""
CONSOLIDATED = """{ consolidatedReport(year: 2024) { version total { value unit } byScope { scope co2e { value } }
    included { location { id } total { value } } missing { location { id } } } }"""


class Wire:
    """A client of the application."""

    def __init__(self, client: httpx.AsyncClient, issuer: TestIssuer) -> None:
        self.client = client
        self.issuer = issuer
        self.tokens: dict[str, str] = {}

    def token(self, who: str) -> str:
        """The one that they got when they signed in; they do so when they have none."""
        if who not in self.tokens:
            self.tokens[who] = self.issuer.token(sub=f"subject-of-{who}", preferred_username=who, groups=GROUPS[who])
        return self.tokens[who]

    async def post(self, who: str | None, query: str, **variables: Any) -> httpx.Response:
        headers = {} if who is None else {"Authorization": f"Bearer {self.token(who)}"}
        return await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def ask(self, who: str | None, query: str, **variables: Any) -> Any:
        response = await self.post(who, query, **variables)
        body = response.json()
        assert (response.status_code, body.get("errors")) == (200, None)
        return body["data"]

    async def decide(self, who: str | None, mutation: str, **given: Any) -> Any:
        (decided,) = (await self.ask(who, mutation, input=given)).values()
        return decided

    async def opens(self, who: str | None = "coordinator") -> Any:
        return await self.decide(who, OPEN, year=2024, dueOn="2025-04-30", owingLocationIds=["unon", "escwa"])

    async def submits(self, who: str | None = "unon-chair", key: str = "submit", narrative: str = "A year.") -> Any:
        return await self.decide(
            who, SUBMIT, locationId="unon", year=2024, narrative=narrative, idempotencyKey=key
        )  # fmt: skip


@pytest.fixture
async def wire(reporting: "Reporting", issuer: TestIssuer) -> AsyncIterator[Wire]:
    issuer.secret = "secret"
    settings = reporting.settings.model_copy(
        update={"issuer": issuer.url, "introspection_secret": SecretStr("secret"), "database_pool_size": 2}
    )
    application = create_application(SERVICE, settings)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://reporting") as client,
    ):
        yield Wire(client, issuer)


async def test_a_year_goes_from_its_cycle_to_what_everyone_reads(reporting: "Reporting", wire: Wire) -> None:
    opened = await wire.opens()
    await reporting.inventory_is_final()
    report = await wire.submits()
    accepted = await wire.decide("coordinator", ACCEPT, reportId=report["id"], idempotencyKey="accept")
    made = await wire.decide("coordinator", CONSOLIDATE, year=2024, idempotencyKey="consolidate")
    before = await wire.ask(None, CONSOLIDATED)
    published = await wire.decide("deputy", PUBLISH, reportId=made["id"], idempotencyKey="publish")

    assert (opened["dueOn"], [item["location"]["id"] for item in opened["owing"]]) == ("2025-04-30", ["unon", "escwa"])
    assert report == report | {
        "version": 1, "state": "submitted", "submittedBy": "unon-chair", "total": {"value": "100.5", "unit": "kgCO2e"},
    }  # fmt: skip
    assert accepted == {
        "__typename": "ProgressReport", "id": report["id"], "state": "accepted", "decidedBy": "coordinator",
    }  # fmt: skip
    assert (made["version"], made["publishedAt"], before["consolidatedReport"]) == (1, None, None)
    assert published["publishedAt"]
    assert (await wire.ask(None, CONSOLIDATED))["consolidatedReport"] == {
        "version": 1,
        "total": {"value": "100.5", "unit": "kgCO2e"},
        "byScope": [{"scope": 2, "co2e": {"value": "100.5"}}],
        "included": [{"location": {"id": "unon"}, "total": {"value": "100.5"}}],
        "missing": [{"location": {"id": "escwa"}}],
    }


async def test_an_entity_of_another_location_is_null_until_it_is_published(reporting: "Reporting", wire: Wire) -> None:
    await wire.opens()
    await reporting.inventory_is_final()
    report = await wire.submits()
    keys = [{"__typename": "ProgressReport", "id": report["id"]}, {"__typename": "Location", "id": "unon"}]

    for who in (None, "escwa-chair"):
        found = await wire.ask(who, ENTITIES, keys=keys)
        assert found["_entities"] == [None, {"__typename": "Location", "id": "unon", "progressReport": None}]
    ours = (await wire.ask("unon-chair", ENTITIES, keys=keys))["_entities"]
    assert [ours[0]["submittedBy"], ours[1]["progressReport"]["submittedBy"]] == ["unon-chair", "unon-chair"]
    await wire.decide("coordinator", ACCEPT, reportId=report["id"], idempotencyKey="accept")
    made = await wire.decide("coordinator", CONSOLIDATE, year=2024, idempotencyKey="consolidate")
    await wire.decide("deputy", PUBLISH, reportId=made["id"], idempotencyKey="publish")

    for who in (None, "escwa-chair"):
        public, place = (await wire.ask(who, ENTITIES, keys=keys))["_entities"]
        assert (public["state"], public["submittedBy"], public["decidedBy"]) == ("accepted", None, None)
        assert place["progressReport"] == {"state": "accepted", "submittedBy": None}


async def test_the_same_request_is_carried_out_once_and_its_key_serves_no_other(
    reporting: "Reporting", wire: Wire
) -> None:
    await wire.opens()
    await reporting.inventory_is_final()

    first, again = await wire.submits(key="k"), await wire.submits(key="k")
    other = await wire.submits(key="k", narrative="Another year.")
    anew = await wire.submits(key="l")

    assert first["__typename"] == "ProgressReport"
    assert again == first
    assert (other["code"], anew["code"]) == ("IDEMPOTENCY_KEY_REUSED", "REPORT_AWAITS_DECISION")


async def test_a_token_that_was_taken_back_accepts_nothing(
    reporting: "Reporting", wire: Wire, issuer: TestIssuer
) -> None:
    await wire.opens()
    await reporting.inventory_is_final()
    report = await wire.submits()
    assert issuer.introspections == 0  # entering and submitting trust the token until it expires
    issuer.revoke(wire.token("coordinator"))

    refused = await wire.decide("coordinator", ACCEPT, reportId=report["id"], idempotencyKey="k")
    del wire.tokens["coordinator"]
    accepted = await wire.decide("coordinator", ACCEPT, reportId=report["id"], idempotencyKey="k")

    assert (refused["code"], accepted["state"]) == ("TOKEN_NO_LONGER_ACTIVE", "accepted")
    assert issuer.introspections == 2


async def test_who_may_not_is_told_so_and_a_bad_token_is_no_token(wire: Wire) -> None:
    codes = [(await wire.opens(who))["code"] for who in (None, "unon-chair")]
    assert codes == ["NOT_SIGNED_IN", "NOT_PERMITTED"]

    response = await wire.client.post(
        "/graphql",
        json={"query": CONSOLIDATED},
        headers={"Authorization": f"Bearer {wire.token('coordinator')}x"},
    )
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (401, "INVALID_TOKEN")
