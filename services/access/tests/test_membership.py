"""Giving and taking roles, over GraphQL, on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.access import ANONYMOUS
from contracts.access import Role

ADD = """
mutation Add($input: AddMemberInput!) { addMember(input: $input) { __typename
  ... on Membership {
    id state role needsConfirmation inForceAt kind validUntil location { id } person { subject userName } }
  ... on Refusal { code found message } } }
"""
STEP = """
mutation Step($input: {input}!) {{ {mutation}(input: $input) {{ __typename
  ... on Membership {{ id state validUntil steps {{ action by reason }} }} ... on Refusal {{ code message }} }} }}
"""
MEMBERS = """
query Members($location: ID!, $inherited: Boolean! = true, $at: DateTime) {
  _entities(representations: [{__typename: "Location", id: $location}]) { ... on Location {
    members(first: 50, includeInherited: $inherited, at: $at) { edges { node {
      person { userName } role inherited origin { id } capabilities inForceAt substituteFor { userName } } } }
    memberships(first: 50) { edges { node { id state role person { userName } justification } } } } } }
"""
CONFIRM, REFUSE, WITHDRAW, END, EXTEND = (
    ("confirmMember", "ConfirmMemberInput"),
    ("refuseMember", "RefuseMemberInput"),
    ("withdrawProposal", "WithdrawProposalInput"),
    ("endMembership", "EndMembershipInput"),
    ("extendMembership", "ExtendMembershipInput"),
)


def in_days(days):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


@pytest.fixture
def chair(person):
    return person("chair", (Role.LOCAL_CHAIR, "unon"))


@pytest.fixture
def two(person):
    """Platform administrators: each may confirm what the other proposed."""
    return tuple(person(name, (Role.PLATFORM_ADMINISTRATOR, "secretariat")) for name in ("admin-1", "admin-2"))


@pytest.fixture
def add(access):
    async def call(principal, user_name, role, *, at="unon", **more):
        given = {
            "locationId": at,
            "userName": user_name,
            "role": role.name,
            "justification": "needed",
            "idempotencyKey": f"{principal.name} {user_name} {role} {at} {more}",
        }
        answer = await access.ask(principal, ADD, input=given | more)
        assert "errors" not in answer, answer
        return answer["data"]["addMember"]

    return call


@pytest.fixture
def take(access):
    async def call(step, principal, membership_id, **more):
        mutation, kind = step
        given = {"membershipId": membership_id, "idempotencyKey": f"{principal.name} {step} {membership_id} {more}"}
        if step is not CONFIRM:
            given["reason"] = "needed no more"
        answer = await access.ask(principal, STEP.format(input=kind, mutation=mutation), input=given | more)
        assert "errors" not in answer, answer
        return answer["data"][mutation]

    return call


async def members(access, principal, where="unon", **more):
    answer = await access.ask(principal, MEMBERS, location=where, **more)
    assert "errors" not in answer, answer
    (found,) = answer["data"]["_entities"]
    return found


def names(connection):
    return [(edge["node"]["person"]["userName"], edge["node"]["role"]) for edge in connection["edges"]]


async def test_a_chair_gives_a_role_at_the_own_location_and_it_is_active_at_once(access, add, chair):
    made = await add(chair, "amina", Role.TECHNICAL_TEAM)

    assert made["state"] == "active"
    assert made["needsConfirmation"] is False
    assert made["inForceAt"] is None
    assert made["person"] == {"subject": "subject-of-amina", "userName": "amina"}
    found = await members(access, chair)
    assert names(found["members"]) == [("amina", "TECHNICAL_TEAM")]
    assert "ENTER" in found["members"]["edges"][0]["node"]["capabilities"]


@pytest.mark.parametrize(
    ("role", "at", "code"),
    [
        (Role.LOCAL_CHAIR, "unon", "ROLE_NOT_GRANTABLE"),
        (Role.APPROVER, "unon", "ROLE_NOT_GRANTABLE"),
        (Role.EXTERNAL_SYSTEM, "unon", "ROLE_NOT_GRANTABLE"),
        (Role.LOCAL_MEMBER, "unon-gigiri", "ROLE_NOT_AT_LOCATION"),
        (Role.TECHNICAL_TEAM, "escwa", "NOT_FOUND"),
        (Role.TECHNICAL_TEAM, "nowhere", "NOT_FOUND"),
        (Role.TECHNICAL_TEAM, "secretariat", "NOT_FOUND"),
    ],
)
async def test_a_chair_gives_what_the_table_says_at_the_own_location_and_below(add, chair, role, at, code):
    assert (await add(chair, "amina", role, at=at, validUntil=in_days(9)))["code"] == code


async def test_below_the_own_location_a_chair_gives_roles_too(add, chair):
    assert (await add(chair, "amina", Role.TECHNICAL_TEAM, at="unon-gigiri"))["state"] == "active"


async def test_the_coordinator_gives_chairs_but_no_function(add, person):
    coordinator = person("coordinator", (Role.CENTRAL_COORDINATOR, "secretariat"))

    assert (await add(coordinator, "amina", Role.LOCAL_CHAIR))["state"] == "active"
    refused = await add(coordinator, "baraka", Role.APPROVER, at="secretariat", validUntil=in_days(9))
    assert refused["code"] == "ROLE_NOT_GRANTABLE"


async def test_a_function_is_given_at_the_root_alone(add, two):
    admin = two[0]
    refused = await add(admin, "amina", Role.APPROVER, at="unon", validUntil=in_days(9))

    assert refused["code"] == "ROLE_NOT_AT_LOCATION"


async def test_nobody_gives_or_takes_an_own_membership(add, take, chair, person):
    refused = await add(chair, "chair", Role.LOCAL_MEMBER)
    given = await add(person("other-chair", (Role.LOCAL_CHAIR, "unon")), "chair", Role.LOCAL_MEMBER)

    assert refused["code"] == "OWN_MEMBERSHIP"
    assert (await take(END, chair, given["id"]))["code"] == "OWN_MEMBERSHIP"


async def test_a_function_needs_two_administrators(add, take, access, two):
    admin, other_admin = two
    proposed = await add(admin, "amina", Role.APPROVER, at="secretariat", validUntil=in_days(9))

    assert (proposed["state"], proposed["needsConfirmation"]) == ("proposed", True)
    assert names((await members(access, admin, "secretariat"))["members"]) == []
    assert (await take(CONFIRM, admin, proposed["id"]))["code"] == "PROPOSER_MAY_NOT_DECIDE"
    confirmed = await take(CONFIRM, other_admin, proposed["id"])
    assert confirmed["state"] == "active"
    assert (await take(CONFIRM, other_admin, proposed["id"], idempotencyKey="again"))["code"] == "WRONG_STATE"
    assert names((await members(access, admin, "secretariat"))["members"]) == [("amina", "APPROVER")]


@pytest.mark.parametrize("step", [REFUSE, WITHDRAW])
async def test_a_proposal_can_end_before_it_begins(add, take, step, two):
    admin, other_admin = two
    by, state = (other_admin, "refused") if step is REFUSE else (admin, "withdrawn")
    proposed = await add(admin, "amina", Role.APPROVER, at="secretariat", validUntil=in_days(9))

    assert (await take(step, by, proposed["id"]))["state"] == state
    # And does not stand in the way of another.
    again = await add(other_admin, "amina", Role.CERTIFYING, at="secretariat", validUntil=in_days(9))
    assert again["state"] == "proposed"


async def test_what_excludes_what_is_judged_across_locations_and_in_both_directions(add, take, chair, two):
    admin = two[0]
    proposed = await add(admin, "amina", Role.AUDITOR, at="secretariat", validUntil=in_days(9))

    assert (await add(chair, "amina", Role.TECHNICAL_TEAM))["code"] == "ROLE_EXCLUDES_OTHERS"
    await take(WITHDRAW, admin, proposed["id"])
    given = await add(chair, "amina", Role.TECHNICAL_TEAM, justification="now")
    assert given["state"] == "active"
    refused = await add(admin, "amina", Role.AUDITOR, at="secretariat", validUntil=in_days(8))
    assert refused["code"] == "ROLE_EXCLUDES_OTHERS"
    # Where the other role is held, another location's people are not told.
    assert "unon" not in refused["message"]


async def test_a_role_given_by_hand_in_the_directory_excludes_too(access, add, chair):
    access.directory.groups_by_subject["subject-of-amina"].add("/locations/secretariat/auditor")

    assert (await add(chair, "amina", Role.TECHNICAL_TEAM))["code"] == "ROLE_EXCLUDES_OTHERS"


async def test_a_role_given_meanwhile_stops_the_confirmation(access, add, take, two):
    admin, other_admin = two
    proposed = await add(admin, "amina", Role.AUDITOR, at="secretariat", validUntil=in_days(9))
    access.directory.groups_by_subject["subject-of-amina"].add("/locations/secretariat/unon/technical-team")

    assert (await take(CONFIRM, other_admin, proposed["id"]))["code"] == "ROLE_EXCLUDES_OTHERS"


async def test_two_roles_that_exclude_each_other_are_not_both_given_at_once(access, add, chair, two):
    admin = two[0]
    answers = await asyncio.gather(
        add(chair, "amina", Role.TECHNICAL_TEAM),
        add(admin, "amina", Role.AUDITOR, at="secretariat", validUntil=in_days(9)),
    )

    assert sorted(answer.get("code", "given") for answer in answers) == ["ROLE_EXCLUDES_OTHERS", "given"]


async def test_the_same_request_again_gives_the_same_membership(access, add, chair):
    first = await add(chair, "amina", Role.TECHNICAL_TEAM)
    again = await add(chair, "amina", Role.TECHNICAL_TEAM)

    assert again["id"] == first["id"]
    assert await access.query("SELECT count(*) FROM membership") == [(1,)]
    assert (await add(chair, "amina", Role.TECHNICAL_TEAM, justification="another key"))["code"] == "ALREADY_MEMBER"


async def test_a_substitute_stands_in_for_a_member_for_a_time(access, add, chair):
    member = await add(chair, "amina", Role.TECHNICAL_TEAM)
    needs_end = await add(chair, "baraka", Role.TECHNICAL_TEAM, substitutesMembershipId=member["id"])
    given = await add(
        chair, "baraka", Role.TECHNICAL_TEAM, substitutesMembershipId=member["id"], validUntil=in_days(20)
    )

    assert needs_end["code"] == "END_DATE_NEEDED"
    assert (given["kind"], given["state"]) == ("substitute", "active")
    listed = {
        edge["node"]["person"]["userName"]: edge["node"] for edge in (await members(access, chair))["members"]["edges"]
    }
    assert listed["baraka"]["substituteFor"] == {"userName": "amina"}
    assert listed["amina"]["substituteFor"] is None


async def test_an_extension_moves_the_end(add, take, chair):
    given = await add(chair, "amina", Role.TECHNICAL_TEAM, validUntil=in_days(9))
    later = in_days(20)

    assert (await take(EXTEND, chair, given["id"], validUntil=in_days(8)))["code"] == "PERIOD_MALFORMED"
    assert (await take(EXTEND, chair, given["id"], validUntil=later))["validUntil"] == later


async def test_who_lists_members_sees_those_above_who_act_there_and_no_reasons_of_theirs(access, add, take, chair, two):
    admin, other_admin = two
    proposed = await add(admin, "coordinator", Role.CENTRAL_COORDINATOR, at="secretariat", validUntil=in_days(9))
    await take(CONFIRM, other_admin, proposed["id"])
    await add(chair, "amina", Role.TECHNICAL_TEAM)

    at_unon = await members(access, chair)
    assert names(at_unon["members"]) == [("coordinator", "CENTRAL_COORDINATOR"), ("amina", "TECHNICAL_TEAM")]
    assert [edge["node"]["inherited"] for edge in at_unon["members"]["edges"]] == [True, False]
    assert names(at_unon["memberships"]) == [("amina", "TECHNICAL_TEAM")]
    assert names((await members(access, chair, inherited=False))["members"]) == [("amina", "TECHNICAL_TEAM")]
    assert await members(access, chair, "secretariat") == {"members": None, "memberships": None}
    one = await access.ask(chair, "query($id: ID!) { membership(id: $id) { id } }", id=proposed["id"])
    assert one["data"]["membership"] is None


async def test_an_earlier_instant_shows_who_could_do_what_then(access, add, take, chair):
    given = await add(chair, "amina", Role.TECHNICAL_TEAM)
    between = datetime.now(UTC).isoformat()
    await take(END, chair, given["id"])

    assert names((await members(access, chair))["members"]) == []
    assert names((await members(access, chair, at=between))["members"]) == [("amina", "TECHNICAL_TEAM")]
    assert names((await members(access, chair))["memberships"]) == [("amina", "TECHNICAL_TEAM")]


@pytest.mark.parametrize("who", ["neighbour", "procurement", "anonymous", "below"])
async def test_members_are_not_there_for_others(access, add, chair, person, who):
    await add(chair, "amina", Role.TECHNICAL_TEAM)
    asking = {
        "neighbour": person("n", (Role.LOCAL_CHAIR, "escwa")),
        "procurement": person("p", (Role.PROCUREMENT, "secretariat")),
        "anonymous": ANONYMOUS,
        "below": person("b", (Role.TECHNICAL_TEAM, "unon-gigiri")),
    }[who]

    hidden = await members(access, asking)
    assert hidden == await members(access, asking, "nowhere") == {"members": None, "memberships": None}


@pytest.mark.parametrize("step", [CONFIRM, REFUSE, WITHDRAW, END, EXTEND])
async def test_a_step_on_a_membership_of_another_location_is_like_one_on_none(add, take, person, step, two):
    admin, chair = two[0], person("chair", (Role.LOCAL_CHAIR, "unon"))
    theirs = await add(chair, "amina", Role.TECHNICAL_TEAM)
    above = await add(admin, "baraka", Role.APPROVER, at="secretariat", validUntil=in_days(9))
    neighbour = person("n", (Role.LOCAL_CHAIR, "escwa"))
    more = {"validUntil": in_days(99)} if step is EXTEND else {}

    assert (await take(step, neighbour, theirs["id"], **more))["code"] == "NOT_FOUND"
    assert (await take(step, neighbour, "no-such", **more))["code"] == "NOT_FOUND"
    from_below = await take(step, chair, above["id"], **more)
    assert from_below["code"] == "NOT_FOUND"
    # Nor does it say where that one is.
    assert from_below["message"] == f"There is no membership {above['id']} that you may see."


async def test_my_memberships_are_shown_wherever_they_are_and_nobody_elses(access, add, take, two, person):
    admin, other_admin = two
    chair = person("chair", (Role.LOCAL_CHAIR, "unon"))
    proposed = await add(admin, "amina", Role.PROCUREMENT, at="secretariat", validUntil=in_days(9))
    await take(CONFIRM, other_admin, proposed["id"])
    await add(chair, "baraka", Role.TECHNICAL_TEAM)
    await access.worker().apply()

    mine = "{ myMemberships(first: 9) { edges { node { role person { userName } inForceAt } } } }"
    answer = await access.ask(person("amina", (Role.PROCUREMENT, "secretariat")), mine)
    assert names(answer["data"]["myMemberships"]) == [("amina", "PROCUREMENT")]
    assert answer["data"]["myMemberships"]["edges"][0]["node"]["inForceAt"] is not None
    assert (await access.ask(ANONYMOUS, mine))["data"]["myMemberships"]["edges"] == []


async def test_events_name_people_by_the_issuers_id_alone(access, add, take, chair):
    given = await add(chair, "amina", Role.TECHNICAL_TEAM)
    await take(END, chair, given["id"])

    rows = await access.query("SELECT subject, convert_from(payload, 'UTF8') AS payload FROM outbox ORDER BY id")
    assert [row["subject"].split(".")[2] for row in rows] == ["membership_granted", "membership_ended"]
    assert all('"subject-of-amina"' in row["payload"] and '"amina"' not in row["payload"] for row in rows)
    assert all('"chair"' not in row["payload"] for row in rows)


# Finding a person.

FIND = "query($name: String, $email: String) { person(userName: $name, email: $email) { subject userName name } }"


async def test_a_person_is_found_by_the_exact_name_or_address(access, chair):
    amina = {"subject": "subject-of-amina", "userName": "amina", "name": "Amina"}

    assert (await access.ask(chair, FIND, name="amina"))["data"]["person"] == amina
    assert (await access.ask(chair, FIND, email="amina@example.org"))["data"]["person"] == amina
    for nobody in ("amin", "a", "*", "", "gone"):
        assert (await access.ask(chair, FIND, name=nobody)) == {"data": {"person": None}}


async def test_who_gives_no_roles_finds_nobody_and_the_directory_is_not_asked(access, person):
    for asking in (ANONYMOUS, person("t", (Role.TECHNICAL_TEAM, "unon"))):
        assert await access.ask(asking, FIND, name="amina") == {"data": {"person": None}}
    assert access.directory.calls == []


async def test_persons_are_looked_up_a_few_a_minute_whether_they_exist_or_not(access, add, chair, person):
    for number in range(19):
        await access.ask(chair, FIND, name=f"nobody-{number}" if number % 2 else "amina")
    assert (await add(chair, "amina", Role.TECHNICAL_TEAM))["state"] == "active"

    refused = await access.ask(chair, FIND, name="baraka")
    assert refused["errors"][0]["extensions"]["code"] == "LOOKUPS_EXHAUSTED"
    assert (await add(chair, "nobody", Role.LOCAL_MEMBER))["code"] == "LOOKUPS_EXHAUSTED"
    other = person("other-chair", (Role.LOCAL_CHAIR, "escwa"))
    assert (await access.ask(other, FIND, name="baraka"))["data"]["person"] is not None
    access.now[0] = 60.0
    assert (await access.ask(chair, FIND, name="baraka"))["data"]["person"] is not None


async def test_nobody_is_added_who_may_not_log_in(add, chair):
    assert (await add(chair, "nobody", Role.LOCAL_MEMBER))["code"] == "PERSON_UNKNOWN"
    assert (await add(chair, "gone", Role.LOCAL_MEMBER))["code"] == "PERSON_UNKNOWN"


async def test_without_the_directory_nothing_is_given_but_all_can_be_taken_away(access, add, take, chair):
    given = await add(chair, "amina", Role.TECHNICAL_TEAM)
    access.directory.away = True

    assert (await add(chair, "baraka", Role.LOCAL_MEMBER))["code"] == "DIRECTORY_NOT_REACHABLE"
    assert (await take(END, chair, given["id"]))["state"] == "ended"
