"""Auditors read the record where they may, and everybody what they did: by GraphQL, with filters and pages."""

import pytest

from chassis.access import ANONYMOUS
from chassis.testing import ROOT, person
from contracts.access import Role
from contracts.catalogue import SERVICES
from tests.audit.test_append_only import append_all, entry

FIELDS = """edges { cursor node { id seq at subject name eventId action capability recordKind recordId locationId reason
    outcome refusalCode traceId input hash } } pageInfo { hasNextPage endCursor }"""
SIX = [
    entry(1, location_id="secretariat", subject="subject-of-coordinator"),
    entry(2, location_id="unon", subject="subject-of-chair", reason="why"),
    entry(3, location_id="unon-gigiri", subject="subject-of-chair", action="submitInventory", capability=None),
    entry(4, location_id="escwa", subject="subject-of-other", outcome="refused", refusal_code="NOT_PERMITTED"),
    entry(5, location_id="unon", subject="subject-of-outside", record_id="r5"),
    entry(6, location_id="escwa", subject="subject-of-outside", event_id="e", record_kind=None, record_id=None),
]


async def listed(where, who, *, first: int = 100, after: str | None = None, **wanted):
    field = f"{where.name}AuditEntries"
    answer = await where.ask(
        who,
        f"query($n: Int!, $after: String, $filter: AuditFilter) {{"
        f" {field}(first: $n, after: $after, filter: $filter) {{ {FIELDS} }} }}",
        n=first, after=after, filter=wanted or None,
    )  # fmt: skip
    assert "errors" not in answer, answer["errors"]
    return answer["data"][field]


def numbers(page) -> list[int]:
    return [int(edge["node"]["seq"]) for edge in page["edges"]]


SEEN = {
    "above": (person("auditor", (Role.AUDITOR, ROOT)), [6, 5, 4, 3, 2, 1]),
    "inside": (person("auditor", (Role.AUDITOR, "unon")), [5, 3, 2]),
    "below": (person("auditor", (Role.AUDITOR, "unon-gigiri")), [3]),
    "beside": (person("auditor", (Role.AUDITOR, "escwa")), [6, 4]),
    "outside": (person("auditor", (Role.AUDITOR, "atlantis")), []),
    "at two": (person("auditor", (Role.AUDITOR, "unon-gigiri"), (Role.AUDITOR, "escwa")), [6, 4, 3]),
    "own, without the right": (person("chair", (Role.TECHNICAL_TEAM, "unon")), [3, 2]),
    "own, and beside": (person("outside", (Role.AUDITOR, "escwa")), [6, 5, 4]),
    "neither": (person("nobody", (Role.TECHNICAL_TEAM, ROOT)), []),
    "anonymous": (ANONYMOUS, []),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_an_auditor_reads_at_a_location_and_below_and_everybody_the_own(audited, service):
    where = await audited(service)
    await append_all(where.database, SIX)

    found = {name: numbers(await listed(where, who)) for name, (who, _) in SEEN.items()}

    assert found == {name: sees for name, (_, sees) in SEEN.items()}


AUDITOR = person("auditor", (Role.AUDITOR, ROOT))


async def test_a_filter_narrows(audited):
    where = await audited("targets")
    await append_all(where.database, SIX)
    cases = (
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"from": "2026-01-01T00:00:03Z"}, [6, 5, 4, 3]),
        ({"to": "2026-01-01T00:00:03Z"}, [2, 1]),
        ({"from": "2026-01-01T02:00:03+02:00", "to": "2026-01-01T00:00:05Z"}, [4, 3]),
        ({"subject": "subject-of-chair"}, [3, 2]),
        ({"action": "submitInventory"}, [3]),
        ({"locationId": "unon"}, [5, 3, 2]),
        ({"locationId": "atlantis"}, []),
        ({"recordId": "r5"}, [5]),
        ({"outcome": "refused"}, [4]),
        ({"traceId": f"{5:032x}"}, [5]),
        ({"locationId": "unon", "subject": "subject-of-outside"}, [5]),
    )

    assert [numbers(await listed(where, AUDITOR, **wanted)) for wanted, _ in cases] == [sees for _, sees in cases]


async def test_an_input_is_for_readers_of_sensitive_data_there_and_for_who_gave_it(audited):
    where = await audited("inventory")
    await append_all(where.database, SIX)
    everywhere = (Role.PLATFORM_ADMINISTRATOR, ROOT)  # reads the record, and nothing sensitive
    readers = {
        "nowhere": (person("administrator", everywhere), set()),
        "at unon": (person("administrator", everywhere, (Role.TECHNICAL_TEAM, "unon")), {2, 3, 5}),
        "own": (person("chair", everywhere), {2, 3}),
        "everywhere": (AUDITOR, {1, 2, 3, 4, 5, 6}),
    }

    for name, (who, shown) in readers.items():
        page = await listed(where, who)
        assert numbers(page) == [6, 5, 4, 3, 2, 1]
        found = {int(edge["node"]["seq"]) for edge in page["edges"] if edge["node"]["input"] is not None}
        assert (name, found) == (name, shown)


async def test_pages_follow_each_other_without_gap_or_repeat(audited):
    where = await audited("targets")
    await append_all(where.database, SIX)
    pages, after = [], None
    while True:
        page = await listed(where, AUDITOR, first=4, after=after)
        pages.append(numbers(page))
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        await append_all(where.database, [entry(100 + len(pages))])  # what is added meanwhile moves nothing

    assert pages == [[6, 5, 4, 3], [2, 1]]


async def test_an_entry_is_shown_whole(audited):
    where = await audited("targets")
    await append_all(where.database, SIX)

    (edge,) = (await listed(where, AUDITOR, recordId="target-2"))["edges"]

    (written,) = [item for item in await where.entries() if item["seq"] == 2]
    assert edge["node"] == {
        "id": "entry-0002", "seq": "2", "at": "2026-01-01T00:00:02.000002+00:00", "subject": "subject-of-chair",
        "name": "person 2", "eventId": None, "action": "setTarget", "capability": "target.manage",
        "recordKind": "target", "recordId": "target-2", "locationId": "unon", "reason": "why", "outcome": "done",
        "refusalCode": None, "traceId": f"{2:032x}", "input": '{"number":2}', "hash": written["hash"].hex(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "after", "code"),
    [
        (0, None, "PAGE_SIZE_OUT_OF_RANGE"),
        (101, None, "PAGE_SIZE_OUT_OF_RANGE"),
        (5, "x", "BAD_CURSOR"),
        (5, "9" * 30, "BAD_CURSOR"),
    ],
)
async def test_a_page_has_a_size_and_begins_at_a_cursor(audited, first, after, code):
    where = await audited("targets")
    answer = await where.ask(
        AUDITOR,
        "query($n: Int!, $after: String) { targetsAuditEntries(first: $n, after: $after) { edges { cursor } } }",
        n=first, after=after,
    )  # fmt: skip

    assert answer["errors"][0]["extensions"]["code"] == code
