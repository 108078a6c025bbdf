"""Looking at a location's whole list of memberships, now and then."""

from datetime import UTC, datetime, timedelta

import pytest

from access.domain.attestation import Decision, Verdict, attest
from access.domain.membership import Kind, Membership
from contracts.access import Role
from quantities.person import Person
from quantities.refusal import Refusal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHAIR = Person(subject="subject-of-chair", name="chair")
KEEP, END = Decision(verdict=Verdict.KEPT, reason=None), Decision(verdict=Verdict.ENDED, reason="left")
TEAM = frozenset({"technical-team"})


def of(name, role="technical-team"):
    return Membership(
        id=f"m-{name}",
        location_id="unon",
        role=role,
        member=Person(subject=f"subject-of-{name}", name=name),
        kind=Kind.ORDINARY,
        substitutes_id=None,
        valid_from=NOW - timedelta(days=9),
        given_until=None,
        justification="needed",
        proposed_by=Person(subject="subject-of-coordinator", name="coordinator"),
        proposed_at=NOW - timedelta(days=9),
        needs_confirmation=False,
    )


def attested(memberships, decisions, grantable=TEAM):
    return attest(
        attestation_id="a-1",
        location_id="unon",
        memberships=memberships,
        decisions=decisions,
        by=CHAIR,
        at=NOW,
        interval=timedelta(days=180),
        grantable=grantable,
    )


@pytest.mark.parametrize(
    ("memberships", "decisions", "code"),
    [
        ([], {}, "NOTHING_TO_ATTEST"),
        ([of("chair", "local-chair")], {"m-chair": KEEP}, "NOTHING_TO_ATTEST"),
        ([of("amina"), of("baraka")], {"m-amina": KEEP}, "LIST_OUT_OF_DATE"),
        ([of("amina")], {"m-amina": KEEP, "m-other": KEEP}, "LIST_OUT_OF_DATE"),
        ([of("amina"), of("chair", "local-chair")], {"m-amina": KEEP, "m-chair": KEEP}, "LIST_OUT_OF_DATE"),
        ([of("amina", "local-chair")], {"m-amina": END}, "ROLE_NOT_GRANTABLE"),
        ([of("amina")], {"m-amina": Decision(verdict=Verdict.ENDED, reason="")}, "TEXT_MISSING"),
    ],
)
def test_an_attestation_is_refused(memberships, decisions, code):
    with pytest.raises(Refusal) as refused:
        attested(memberships, decisions)

    assert refused.value.code == code


def test_each_membership_of_others_is_kept_or_ended_in_the_same_act():
    made, ended = attested(
        [of("amina"), of("baraka", "local-chair"), of("chair", "local-chair")], {"m-amina": END, "m-baraka": KEEP}
    )

    assert [(entry.membership_id, entry.verdict) for entry in made.entries] == [
        ("m-amina", Verdict.ENDED),
        ("m-baraka", Verdict.KEPT),
    ]
    assert [each.id for each in ended] == ["m-amina"]
    assert made.next_due_at == NOW + timedelta(days=180)


ATTEST = """
mutation Attest($input: AttestMembersInput!) { attestMembers(input: $input) { __typename
  ... on Attestation { by entries { membershipId verdict person { userName } role } } ... on Refusal { code } } }
"""
DUE = "{ attestationsDue(first: 9) { edges { node { location { id } memberships dueAt } } } }"
ADD = """
mutation Add($input: AddMemberInput!) { addMember(input: $input) { ... on Membership { id } ... on Refusal { code } } }
"""
KEPT = """
query Kept { _entities(representations: [{__typename: "Location", id: "unon"}]) { ... on Location {
  members(first: 9, includeInherited: false) { edges { node { person { userName } } } }
  attestations(first: 9) { edges { node { by entries { verdict person { userName } } } } } } } }
"""


@pytest.fixture
async def team(access, person):
    """Ids of two memberships at UNON, given 200 days ago."""
    chair = person("chair", (Role.LOCAL_CHAIR, "unon"))
    ids = {}
    for name in ("amina", "baraka"):
        given = {"locationId": "unon", "userName": name, "role": "TECHNICAL_TEAM", "justification": "needed"}
        answer = await access.ask(chair, ADD, input=given | {"idempotencyKey": name})
        ids[name] = answer["data"]["addMember"]["id"]
    await access.query("UPDATE membership SET proposed_at = proposed_at - interval '200 days'")
    return ids


async def due(access, principal):
    answer = await access.ask(principal, DUE)
    return [
        (edge["node"]["location"]["id"], edge["node"]["memberships"])
        for edge in answer["data"]["attestationsDue"]["edges"]
    ]


async def test_what_nobody_looked_at_for_half_a_year_is_due_until_somebody_does(access, person, team):
    chair = person("chair", (Role.LOCAL_CHAIR, "unon"))
    assert await due(access, chair) == [("unon", 2)]
    assert await due(access, person("n", (Role.LOCAL_CHAIR, "escwa"))) == []
    assert await due(access, person("b", (Role.TECHNICAL_TEAM, "unon-gigiri"))) == []

    given = {"locationId": "unon", "keep": [team["amina"]], "end": [], "idempotencyKey": "1"}
    assert (await access.ask(chair, ATTEST, input=given))["data"]["attestMembers"]["code"] == "LIST_OUT_OF_DATE"
    given |= {"end": [{"membershipId": team["baraka"], "reason": "left"}], "idempotencyKey": "2"}
    answer = await access.ask(chair, ATTEST, input=given)

    assert [
        (entry["person"]["userName"], entry["verdict"]) for entry in answer["data"]["attestMembers"]["entries"]
    ] == [
        ("amina", "kept"),
        ("baraka", "ended"),
    ]
    assert await due(access, chair) == []
    (shown,) = (await access.ask(chair, KEPT))["data"]["_entities"]
    assert [edge["node"]["person"]["userName"] for edge in shown["members"]["edges"]] == ["amina"]
    assert [edge["node"]["by"] for edge in shown["attestations"]["edges"]] == ["chair"]
    facts = [row["subject"].split(".")[2] for row in await access.query("SELECT subject FROM outbox ORDER BY id")]
    assert facts[-2:] == ["membership_ended", "members_attested"]


async def test_who_may_not_attest_does_not(access, person, team):
    given = {"locationId": "unon", "keep": list(team.values()), "end": [], "idempotencyKey": "1"}

    member = await access.ask(person("m", (Role.LOCAL_MEMBER, "unon")), ATTEST, input=given)
    neighbour = await access.ask(person("n", (Role.LOCAL_CHAIR, "escwa")), ATTEST, input=given)
    assert member["data"]["attestMembers"]["code"] == "NOT_PERMITTED"
    assert neighbour["data"]["attestMembers"]["code"] == "NOT_FOUND"
