"""Rights from inside the platform: given, in force within seconds, taken away, and lapsing by themselves."""

import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from lichen.mainjob import operations
from lichen.personas import Tokens

IN_FORCE_S = 20
GONE_S = 60
ADD = """
mutation Add($input: AddMemberInput!) { addMember(input: $input) { __typename
  ... on Membership { id state inForceAt person { userName } } ... on Refusal { code message } } }
"""
END = """
mutation End($input: EndMembershipInput!) { endMembership(input: $input) { __typename
  ... on Membership { id state } ... on Refusal { code message } } }
"""
CONFIRM = """
mutation Confirm($input: ConfirmMemberInput!) { confirmMember(input: $input) { __typename
  ... on Membership { id state } ... on Refusal { code message } } }
"""
MEMBERS = """
query Members($location: ID!) { location(id: $location) { name members(first: 50) { edges { node {
  person { userName } role inherited membershipId inForceAt } } } } }
"""
ROW = (
    "site,category,item,start,end,amount,unit,origin,destination,class,passengers,return,treatment,quality,note\n"
    "unon,grid_electricity,,2024-01-01,2024-01-31,1,kWh,,,,,,,measured,\n"
)
FILE = {"locationId": "unon", "year": 2024, "fileName": "x.csv", "content": b64encode(ROW.encode()).decode()}


def result_of(body):
    assert "errors" not in body, body
    (result,) = body["data"].values()
    return result


def add(platform, persona, user_name, role, at="unon", **more):
    given = {"locationId": at, "userName": user_name, "role": role, "justification": "needed"}
    key = f"{persona} {user_name} {role} {at} {time.time()}"
    return result_of(platform.ask(ADD, persona=persona, input=given | {"idempotencyKey": key} | more))


def members(platform, persona, at="unon"):
    edges = platform.ask(MEMBERS, persona=persona, location=at)["data"]["location"]["members"]["edges"]
    return {(edge["node"]["person"]["userName"], edge["node"]["role"]): edge["node"] for edge in edges}


def import_as(platform, user_name):
    """What an import with a new token comes to."""
    platform.tokens = Tokens(issuer=platform.run["issuer"])
    return result_of(platform.ask(operations.IMPORT_ACTIVITY_DATA, persona=user_name, input=FILE)).get("code")


def within(seconds, condition):
    """How long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.2)
    return time.monotonic() - began


@pytest.fixture
def recorded(platform):
    """The sample's people are on the record: locally, whoever the issuer has is."""
    within(IN_FORCE_S * 3, lambda: ("unon-technical", "TECHNICAL_TEAM") in members(platform, "unon-chair"))
    return members(platform, "unon-chair")


def test_a_chair_gives_a_role_that_works_within_seconds_and_stops_within_a_minute(platform, recorded):
    assert import_as(platform, "newcomer") == "NOT_PERMITTED"

    given = add(platform, "unon-chair", "newcomer", "TECHNICAL_TEAM")
    assert given["state"] == "active"
    key = ("newcomer", "TECHNICAL_TEAM")
    within(IN_FORCE_S, lambda: members(platform, "unon-chair")[key]["inForceAt"] is not None)
    # As the team's other members: what stops them is the inventory, not their rights.
    assert import_as(platform, "newcomer") == "INVENTORY_IS_FINAL"

    ended = {"membershipId": given["id"], "reason": "left", "idempotencyKey": given["id"]}
    assert result_of(platform.ask(END, persona="unon-chair", input=ended))["state"] == "ended"
    within(GONE_S, lambda: import_as(platform, "newcomer") == "NOT_PERMITTED")
    assert key not in members(platform, "unon-chair")


def test_a_substitutes_right_lapses_without_anybody_acting(platform, recorded):
    substituted = recorded["unon-technical", "TECHNICAL_TEAM"]["membershipId"]
    until = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()
    given = add(
        platform, "unon-chair", "newcomer", "TECHNICAL_TEAM", substitutesMembershipId=substituted, validUntil=until
    )

    assert given["state"] == "active"
    within(8, lambda: import_as(platform, "newcomer") == "INVENTORY_IS_FINAL")
    within(GONE_S, lambda: import_as(platform, "newcomer") == "NOT_PERMITTED")


def test_those_above_who_act_at_a_location_are_listed_there(recorded):
    assert recorded["coordinator", "CENTRAL_COORDINATOR"]["inherited"] is True
    assert recorded["approver", "APPROVER"]["inherited"] is True
    assert recorded["unon-chair", "LOCAL_CHAIR"]["inherited"] is False


def test_the_coordinator_gives_no_function_and_administrators_need_two(platform, recorded):
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    assert add(platform, "coordinator", "newcomer", "CERTIFYING", "secretariat", validUntil=until)["code"] == (
        "ROLE_NOT_GRANTABLE"
    )

    proposed = add(platform, "administrator", "newcomer", "CERTIFYING", "secretariat", validUntil=until)
    confirm = {"membershipId": proposed["id"], "idempotencyKey": "by the same"}
    alone = result_of(platform.ask(CONFIRM, persona="administrator", input=confirm))
    assert (proposed["state"], alone["code"]) == ("proposed", "PROPOSER_MAY_NOT_DECIDE")

    confirm["idempotencyKey"] = "by another"
    assert result_of(platform.ask(CONFIRM, persona="administrator-2", input=confirm))["state"] == "active"
    end = {"membershipId": proposed["id"], "reason": "was a trial", "idempotencyKey": "end"}
    assert result_of(platform.ask(END, persona="administrator", input=end))["state"] == "ended"
