"""The subgraph of *reporting* as callers meet it: the main job, each refusal, who sees what, the same request again."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chassis.access import ANONYMOUS, Principal
from contracts.access import Role

if TYPE_CHECKING:
    from services.reporting.tests.conftest import Reporting

People = Callable[..., Principal]

REFUSAL = "... on Refusal { code subject found expected message }"
PROGRESS = f"""__typename ... on ProgressReport {{ id version state inventoryVersion narrative
    steps {{ version action by reasons }} }} {REFUSAL}"""
CONSOLIDATED = f"""__typename ... on ConsolidatedReport {{ id version publishedAt total {{ value unit }} }} {REFUSAL}"""
OPEN = f"""mutation($input: OpenReportingCycleInput!) {{ openReportingCycle(input: $input) {{ __typename
    ... on ReportingCycle {{ year dueOn owing {{ location {{ id }} state }} }} {REFUSAL} }} }}"""
SUBMIT = f"mutation($input: SubmitProgressReportInput!) {{ submitProgressReport(input: $input) {{ {PROGRESS} }} }}"
RETURN = f"mutation($input: ReturnProgressReportInput!) {{ returnProgressReport(input: $input) {{ {PROGRESS} }} }}"
ACCEPT = f"mutation($input: AcceptProgressReportInput!) {{ acceptProgressReport(input: $input) {{ {PROGRESS} }} }}"
CONSOLIDATE = f"mutation($input: ConsolidateReportsInput!) {{ consolidateReports(input: $input) {{ {CONSOLIDATED} }} }}"
PUBLISH = f"""mutation($input: PublishConsolidatedReportInput!) {{
    publishConsolidatedReport(input: $input) {{ {CONSOLIDATED} }} }}"""


@dataclass(slots=True, kw_only=True)
class Desk:
    """The six decisions, each with good values unless the test gives others; the answer is the union's member."""

    reporting: "Reporting"

    async def open(self, by: str | Principal | None = "coordinator", **given: Any) -> dict[str, Any]:
        good = {"year": 2024, "dueOn": "2025-04-30", "owingLocationIds": ["unon", "escwa", "unog"]}
        return await self._decide(by, OPEN, good | given)

    async def submit(self, by: str | Principal | None = "unon-chair", **given: Any) -> dict[str, Any]:
        good = {"locationId": "unon", "year": 2024, "narrative": "A year."}
        return await self._decide(by, SUBMIT, self._key() | good | given)

    async def give_back(
        self, report_id: str, by: str | Principal | None = "coordinator", **given: Any
    ) -> dict[str, Any]:
        return await self._decide(by, RETURN, self._key() | {"reportId": report_id, "reasons": "Say more."} | given)

    async def accept(self, report_id: str, by: str | Principal | None = "coordinator", **given: Any) -> dict[str, Any]:
        return await self._decide(by, ACCEPT, self._key() | {"reportId": report_id} | given)

    async def consolidate(self, by: str | Principal | None = "coordinator", **given: Any) -> dict[str, Any]:
        return await self._decide(by, CONSOLIDATE, self._key() | {"year": 2024} | given)

    async def publish(self, report_id: str, by: str | Principal | None = "deputy", **given: Any) -> dict[str, Any]:
        return await self._decide(by, PUBLISH, self._key() | {"reportId": report_id} | given)

    async def submitted(self, location_id: str = "unon", total: str = "100.5") -> str:
        """Id of a report that awaits a decision."""
        await self.reporting.inventory_is_final(location_id, total)
        report: str = (await self.submit(f"{location_id}-chair", locationId=location_id))["id"]
        return report

    async def accepted(self, location_id: str = "unon", total: str = "100.5") -> str:
        """Id of an accepted report."""
        report = await self.submitted(location_id, total)
        await self.accept(report)
        return report

    @staticmethod
    def _key() -> dict[str, Any]:
        return {"idempotencyKey": str(uuid.uuid4())}

    async def _decide(self, by: str | Principal | None, document: str, values: dict[str, Any]) -> dict[str, Any]:
        data = await self.reporting.ask(by, document, input=values)
        (decided,) = data.values()
        found: dict[str, Any] = decided
        return found


@pytest.fixture
def desk(reporting: "Reporting") -> Desk:
    return Desk(reporting=reporting)


async def test_a_year_goes_from_an_open_cycle_to_what_everyone_may_read(reporting: "Reporting", desk: Desk) -> None:
    opened = await desk.open()
    first = await desk.submitted()
    returned = await desk.give_back(first)
    again = await desk.submit(narrative=" A year, with more. ")
    accepted = await desk.accept(again["id"])
    consolidated = await desk.consolidate()
    published = await desk.publish(consolidated["id"])

    assert (opened["year"], opened["dueOn"]) == (2024, "2025-04-30")
    assert {item["location"]["id"]: item["state"] for item in opened["owing"]} == dict.fromkeys(
        ("unon", "escwa", "unog"), "missing"
    )
    assert (returned["state"], returned["version"]) == ("returned", 1)
    assert (accepted["state"], accepted["version"], accepted["narrative"]) == ("accepted", 2, "A year, with more.")
    assert accepted["steps"] == [
        {"version": 1, "action": "submitted", "by": "unon-chair", "reasons": None},
        {"version": 1, "action": "returned", "by": "coordinator", "reasons": "Say more."},
        {"version": 2, "action": "submitted", "by": "unon-chair", "reasons": None},
        {"version": 2, "action": "accepted", "by": "coordinator", "reasons": None},
    ]
    assert (consolidated["total"], consolidated["publishedAt"]) == ({"value": "100.5", "unit": "kgCO2e"}, None)
    assert published["publishedAt"]
    assert (
        published["id"]
        == (await reporting.ask(None, "{ consolidatedReport(year: 2024) { id } }"))["consolidatedReport"]["id"]
    )


async def test_a_report_that_comes_after_publication_is_published_by_the_next_consolidation(
    reporting: "Reporting", desk: Desk
) -> None:
    await desk.open()
    await desk.accepted("unon", "100.5")
    await desk.publish((await desk.consolidate())["id"])
    await desk.accepted("escwa", "0.25")

    second = await desk.publish((await desk.consolidate())["id"])

    found = await reporting.ask(None, "{ consolidatedReport(year: 2024) { id } }")
    assert (second["version"], second["total"]["value"]) == (2, "100.75")
    assert found["consolidatedReport"]["id"] == second["id"]
    assert {(row["location_id"], row["inventory_id"]) for row in await reporting.rows("publication")} == {
        ("unon", "unon-v1"),
        ("escwa", "escwa-v1"),
    }
    _, said = (await reporting.events())[-1]
    assert [item["location_id"] for item in said["included"]] == ["escwa", "unon"]


async def test_a_return_says_nothing_to_the_world(reporting: "Reporting", desk: Desk) -> None:
    await desk.open()
    await desk.give_back(await desk.submitted())

    assert [fact for fact, _ in await reporting.events()] == ["progress_report_submitted"]


async def test_an_open_cycle_is_told_before_what_is_wrong_with_the_locations(desk: Desk) -> None:
    await desk.open()

    assert (await desk.open(owingLocationIds=["atlantis"]))["code"] == "CYCLE_ALREADY_OPEN"


async def test_a_refusal_says_what_was_found_and_what_is_expected(desk: Desk) -> None:
    await desk.open()
    report = await desk.submitted()

    for refused in (
        await desk.open(),
        await desk.submit(),
        await desk.submit("escwa-chair", locationId="escwa"),
        await desk.submit("unon-chair", narrative=" "),
        await desk.give_back(report, reasons=" "),
        await desk.consolidate(),
        await desk.consolidate(year=1999),
    ):
        assert refused["__typename"] == "Refusal"
        assert all(refused[name] for name in ("code", "subject", "found", "expected", "message"))


# Rights.

NO = "NOT_PERMITTED"
"""A role with this step is held nowhere."""
UNSEEN = "NOT_FOUND"
"""A role with this step is held elsewhere: this place is not there."""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("coordinator", [None, NO, None, None, None, None]),
        ("unon-coordinator", [UNSEEN, NO, None, None, UNSEEN, UNSEEN]),
        ("unon-chair", [NO, None, NO, NO, NO, NO]),
        ("escwa-chair", [NO, UNSEEN, NO, NO, NO, NO]),
        ("dfs-environment", [NO, UNSEEN, NO, NO, NO, NO]),
        ("unon-technical", [NO] * 6),
        ("auditor", [NO] * 6),
        ("outside", [NO] * 6),
        (None, ["NOT_SIGNED_IN"] * 6),
    ],
)
async def test_each_role_takes_its_own_steps_only(
    reporting: "Reporting", desk: Desk, name: str | None, codes: list[str | None]
) -> None:
    await desk.open(owingLocationIds=["unon", "escwa"])
    await desk.accepted("escwa")
    consolidated = (await desk.consolidate("deputy"))["id"]
    await reporting.inventory_is_final()

    answers = [await desk.open(name, year=2025), await desk.submit(name)]
    report = answers[1].get("id") or (await desk.submit())["id"]
    answers.append(await desk.give_back(report, name))
    if answers[2]["__typename"] == "ProgressReport":
        report = (await desk.submit())["id"]
    answers += [await desk.accept(report, name), await desk.consolidate(name), await desk.publish(consolidated, name)]

    assert [answer.get("code") for answer in answers] == codes


async def test_who_submitted_a_report_does_not_decide_on_it_whatever_roles_and_names_they_hold(
    reporting: "Reporting", desk: Desk, people: People
) -> None:
    await desk.open()
    await reporting.inventory_is_final()
    both = people("unon-chair", Role.CENTRAL_COORDINATOR)
    renamed = Principal(subject=both.subject, name="another-name", grants=both.grants, token=both.token)
    namesake = Principal(subject="another", name=both.name, grants=both.grants, token=both.token)
    report = (await desk.submit(both))["id"]

    codes = [(await decide(report, by))["code"] for by in (both, renamed) for decide in (desk.accept, desk.give_back)]
    by_namesake = await desk.accept(report, namesake)

    assert codes == ["SUBMITTER_MAY_NOT_ACCEPT"] * 4
    assert by_namesake["state"] == "accepted"


async def test_a_report_of_another_location_is_as_if_it_were_not_there(
    reporting: "Reporting", desk: Desk, people: People
) -> None:
    await desk.open()
    report = await desk.accepted()
    consolidated = (await desk.consolidate())["id"]
    elsewhere = people("escwa-chair", Role.CENTRAL_COORDINATOR)
    by_id = """query($id: ID!, $keys: [_Any!]!) { progressReport(id: $id) { id }
        consolidatedReport(year: 2024) { id } _entities(representations: $keys) { __typename } }"""
    keys = [{"__typename": "ProgressReport", "id": report}, {"__typename": "ConsolidatedReport", "id": consolidated}]

    for step, real in ((desk.accept, report), (desk.give_back, report), (desk.publish, consolidated)):
        unseen, invented = await step(real, elsewhere), await step("no-such-id", elsewhere)
        assert (unseen["code"], invented["code"]) == ("NOT_FOUND", "NOT_FOUND")
        assert unseen["message"].replace(real, "…") == invented["message"].replace("no-such-id", "…")
    for who in (people("escwa-chair"), people("outside"), ANONYMOUS):
        found = await reporting.ask(who, by_id, id=report, keys=keys)
        assert found == {"progressReport": None, "consolidatedReport": None, "_entities": [None, None]}
    seen = await reporting.ask("auditor", by_id, id=report, keys=keys)
    assert [item["__typename"] for item in seen["_entities"]] == ["ProgressReport", "ConsolidatedReport"]


async def test_the_public_reads_the_steps_of_what_is_published_without_names(
    reporting: "Reporting", desk: Desk
) -> None:
    await desk.open()
    await desk.give_back(await desk.submitted())
    report = (await desk.submit())["id"]
    await desk.accept(report)
    await desk.publish((await desk.consolidate())["id"])
    query = "query($id: ID!) { progressReport(id: $id) { steps { version action by reasons } } }"

    found = await reporting.ask(None, query, id=report)

    assert found["progressReport"]["steps"] == [
        {"version": 2, "action": "submitted", "by": None, "reasons": None},
        {"version": 2, "action": "accepted", "by": None, "reasons": None},
    ]


# The same request again.


async def test_each_mutation_under_the_same_key_is_carried_out_once(reporting: "Reporting", desk: Desk) -> None:
    await desk.open()
    await reporting.inventory_is_final()
    first = [await desk.submit(idempotencyKey="one") for _ in range(2)]
    returned = [await desk.give_back(first[0]["id"], idempotencyKey="two") for _ in range(2)]
    second = [await desk.submit(idempotencyKey="three") for _ in range(2)]
    accepted = [await desk.accept(second[0]["id"], idempotencyKey="four") for _ in range(2)]
    consolidated = [await desk.consolidate(idempotencyKey="five") for _ in range(2)]
    published = [await desk.publish(consolidated[0]["id"], idempotencyKey="six") for _ in range(2)]

    for once, again in (first, returned, second, accepted, consolidated, published):
        assert once["__typename"] != "Refusal"
        assert once == again
    tables = ("progress_report", "report_decision", "consolidated_report", "consolidated_publication")
    assert [len(await reporting.rows(table)) for table in tables] == [2, 2, 1, 1]
    assert len(await reporting.events()) == 4


async def test_the_same_key_at_once_consolidates_once(reporting: "Reporting", desk: Desk) -> None:
    await desk.open()
    await desk.accepted()

    answers = await asyncio.gather(*(desk.consolidate(idempotencyKey="once") for _ in range(4)))

    assert {answer["version"] for answer in answers} == {1}
    assert len(await reporting.rows("consolidated_report")) == 1


async def test_a_key_is_not_used_for_another_request(desk: Desk) -> None:
    await desk.open()
    await desk.accept(await desk.submitted(), idempotencyKey="k")

    assert (await desk.accept(await desk.submitted("escwa"), idempotencyKey="k"))["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_replay_by_a_person_who_may_no_longer_see_the_report_is_refused(
    reporting: "Reporting", desk: Desk, people: People
) -> None:
    await desk.open()
    await reporting.inventory_is_final()
    chair, moved = people("unon-chair"), people("escwa-chair")
    moved = Principal(subject=chair.subject, name=chair.name, grants=moved.grants, token=chair.token)
    await desk.submit(chair, idempotencyKey="k")

    assert (await desk.submit(moved, idempotencyKey="k"))["code"] == "NOT_FOUND"


async def test_a_refused_request_may_be_tried_again_under_its_key(reporting: "Reporting", desk: Desk) -> None:
    await desk.open()

    before = await desk.submit(idempotencyKey="k")
    await reporting.inventory_is_final()
    after = await desk.submit(idempotencyKey="k")

    assert (before["code"], after["state"]) == ("INVENTORY_NOT_FINAL", "submitted")


# Lists.

PAGE = """query($ids: [_Any!]!, $first: Int!, $after: String) { _entities(representations: $ids) { ... on Location {
    progressReports(first: $first, after: $after) {
        edges { node { version } } pageInfo { hasNextPage endCursor } } } } }"""
PLACES = [{"__typename": "Location", "id": location_id} for location_id in ("unon", "escwa")]


async def test_reports_come_in_pages_in_the_order_in_which_they_were_submitted(
    reporting: "Reporting", desk: Desk
) -> None:
    await desk.open()
    await desk.submitted("escwa")
    await reporting.inventory_is_final()
    for _ in range(5):
        await desk.give_back((await desk.submit())["id"])
    pages: list[list[int]] = []
    after, more = None, True
    while more and len(pages) < 5:
        data = await reporting.ask("unon-chair", PAGE, ids=PLACES, first=2, after=after)
        ours, theirs = (place["progressReports"] for place in data["_entities"])
        assert theirs["edges"] == []
        pages.append([edge["node"]["version"] for edge in ours["edges"]])
        after, more = ours["pageInfo"]["endCursor"], ours["pageInfo"]["hasNextPage"]

    assert pages == [[1, 2], [3, 4], [5]]


async def test_each_location_of_a_request_has_a_page_of_its_own(reporting: "Reporting", desk: Desk) -> None:
    await desk.open()
    for location_id in ("unon", "escwa"):
        for _ in range(3):
            await reporting.inventory_is_final(location_id)
            report = (await desk.submit(f"{location_id}-chair", locationId=location_id))["id"]
            await desk.give_back(report)

    data = await reporting.ask("coordinator", PAGE, ids=PLACES, first=2)

    found = [place["progressReports"] for place in data["_entities"]]
    assert [[edge["node"]["version"] for edge in page["edges"]] for page in found] == [[1, 2], [1, 2]]
    assert all(page["pageInfo"]["hasNextPage"] for page in found)


@pytest.mark.parametrize("first", [-1, 0, 101])
async def test_a_page_has_a_size(reporting: "Reporting", first: int) -> None:
    answer = await reporting.answer("unon-chair", PAGE, ids=PLACES[:1], first=first)

    assert answer["data"] == {"_entities": [{"progressReports": None}]}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PAGE_SIZE_OUT_OF_RANGE"]
