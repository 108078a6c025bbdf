import pytest

from chassis.access import ANONYMOUS, Grant, Principal, can, grants_from_groups, require, roots
from chassis.locations import Place
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from contracts.access import (
    CAPABILITIES_BY_ROLE,
    CAPABILITIES_BY_SCOPE,
    DUAL_CONTROL,
    FUNCTIONS,
    GRANTABLE_BY_ROLE,
    INTROSPECTED,
    WITHOUT_WRITING,
    Capability,
    Role,
)

SECRETARIAT = Place(location_id="secretariat", path="secretariat")
UNON = Place(location_id="unon", path="secretariat.unon")
SITE = Place(location_id="unon-gigiri", path="secretariat.unon.unon-gigiri")
ESCWA = Place(location_id="escwa", path="secretariat.escwa")


SCOPES = frozenset(CAPABILITIES_BY_SCOPE)


def holder(role: Role, location_id: str, *, scopes: frozenset[str] = SCOPES) -> Principal:
    return Principal(subject="1", name="somebody", grants=(Grant(role=role, location_id=location_id),), scopes=scopes)


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize("role", list(Role))
def test_every_cell_of_the_matrix_holds_at_the_location_and_below_and_nowhere_else(role, capability):
    granted = capability in CAPABILITIES_BY_ROLE[role]
    principal = holder(role, "unon")

    assert can(principal, capability, UNON) is granted
    assert can(principal, capability, SITE) is granted
    assert not can(principal, capability, SECRETARIAT)
    assert not can(principal, capability, ESCWA)
    assert roots(principal, capability) == (frozenset({"unon"}) if granted else frozenset())


def test_every_role_is_in_the_table():
    assert set(CAPABILITIES_BY_ROLE) == set(Role)


def test_who_sees_no_activity_data_is_who_gives_rights_and_who_buys():
    without = {role for role, found in CAPABILITIES_BY_ROLE.items() if Capability.READ not in found}

    assert without == {Role.PROCUREMENT, Role.PLATFORM_ADMINISTRATOR}


@pytest.mark.parametrize("capability", list(Capability))
def test_a_system_of_another_entity_has_only_what_its_role_and_its_scopes_both_give(capability):
    held = CAPABILITIES_BY_ROLE[Role.EXTERNAL_SYSTEM]

    assert not can(holder(Role.EXTERNAL_SYSTEM, "unon", scopes=frozenset()), capability, UNON)
    assert not can(holder(Role.EXTERNAL_SYSTEM, "unon", scopes=frozenset({"openid", "admin"})), capability, UNON)
    for scope, given in CAPABILITIES_BY_SCOPE.items():
        system = holder(Role.EXTERNAL_SYSTEM, "unon", scopes=frozenset({scope}))
        assert can(system, capability, UNON) is (capability in held & given)
        assert roots(system, capability) == (frozenset({"unon"}) if capability in held & given else frozenset())


def test_scopes_take_nothing_from_a_person():
    assert can(holder(Role.TECHNICAL_TEAM, "unon", scopes=frozenset()), Capability.ENTER, UNON)


def test_who_gives_a_role_holds_the_capability_and_no_role_gives_its_own():
    for role, given in GRANTABLE_BY_ROLE.items():
        assert Capability.MANAGE_MEMBERS in CAPABILITIES_BY_ROLE[role]
        assert role not in given or role is Role.PLATFORM_ADMINISTRATOR
    managing = {role for role, found in CAPABILITIES_BY_ROLE.items() if Capability.MANAGE_MEMBERS in found}
    assert managing == set(GRANTABLE_BY_ROLE)


def test_money_certifying_and_the_whole_secretariat_take_two_people():
    assert FUNCTIONS < DUAL_CONTROL
    single = frozenset().union(*(given for role, given in GRANTABLE_BY_ROLE.items() if role not in DUAL_CONTROL))
    assert single.isdisjoint(DUAL_CONTROL)


_WRITING = {
    capability
    for capability in Capability
    if not capability.endswith((".read", ".read-sensitive")) and not capability.startswith("member.")
}


@pytest.mark.parametrize("role", sorted(WITHOUT_WRITING))
def test_a_role_without_writing_writes_no_data(role):
    assert CAPABILITIES_BY_ROLE[role].isdisjoint(_WRITING)


def test_what_approves_publishes_spends_or_gives_rights_asks_the_issuer():
    kinds = ("approve", "accept", "publish", "deliver", "retire", "manage-members")
    asked = {capability for capability in Capability if capability.name.lower().startswith(kinds)}
    # The second approves which factors new inventories are of.
    named_otherwise = {Capability.MANAGE_MEMBERS, Capability.MANAGE_FACTORS, Capability.ATTEST_MEMBERS}

    assert asked | named_otherwise == INTROSPECTED


@pytest.mark.parametrize(
    ("role", "never"),
    [
        (Role.TECHNICAL_TEAM, Capability.APPROVE_INVENTORY),
        (Role.MISSION_IMPLEMENTER, Capability.APPROVE_INVENTORY),
        (Role.LOCAL_CHAIR, Capability.ENTER),
        (Role.PROCUREMENT, Capability.APPROVE_OFFSET),
        (Role.PROCUREMENT, Capability.RETIRE_OFFSET),
        (Role.APPROVER, Capability.DELIVER_OFFSET),
        (Role.CERTIFYING, Capability.APPROVE_OFFSET),
        (Role.GSC_SUPPORT, Capability.APPROVE_INVENTORY),
    ],
)
def test_no_role_holds_two_steps_that_two_people_must_take(role, never):
    assert never not in CAPABILITIES_BY_ROLE[role]


def test_the_auditor_only_reads():
    assert all("read" in capability for capability in CAPABILITIES_BY_ROLE[Role.AUDITOR])
    assert Capability.READ_AUDIT in CAPABILITIES_BY_ROLE[Role.AUDITOR]


@pytest.mark.parametrize(
    ("group", "grants"),
    [
        ("/locations/secretariat/unon/technical-team", [(Role.TECHNICAL_TEAM, "unon")]),
        ("/locations/secretariat/field-missions/unifil/mission-implementer", [(Role.MISSION_IMPLEMENTER, "unifil")]),
        ("/functions/procurement", [(Role.PROCUREMENT, "secretariat")]),
        ("/locations/secretariat/unon/emperor", []),
        ("/locations/technical-team", []),
        ("/functions/secretariat/procurement", []),
        ("/technical-team", []),
        ("", []),
    ],
)
def test_groups_of_another_shape_or_role_grant_nothing(group, grants):
    found = grants_from_groups([group], root="secretariat")

    assert [(grant.role, grant.location_id) for grant in found] == grants


@pytest.mark.parametrize(
    ("principal", "place", "refusal"),
    [
        (ANONYMOUS, UNON, NotSignedIn),
        (holder(Role.TECHNICAL_TEAM, "escwa"), UNON, NotFound),
        (holder(Role.TECHNICAL_TEAM, "unon"), None, NotFound),
        (holder(Role.LOCAL_MEMBER, "unon"), UNON, NotPermitted),
    ],
)
def test_what_is_not_yours_answers_like_what_is_not_there(principal, place, refusal):
    with pytest.raises(refusal):
        require(principal, Capability.ENTER, place, location_id="unon")


def test_the_two_answers_of_not_yours_and_not_there_are_the_same_text():
    answers = []
    for place in (ESCWA, None):
        with pytest.raises(NotFound) as refused:
            require(holder(Role.TECHNICAL_TEAM, "unon"), Capability.ENTER, place, location_id="escwa")
        answers.append((refused.value.code, refused.value.message, refused.value.found, refused.value.expected))

    assert answers[0] == answers[1]


def test_a_principal_never_shows_its_token():
    assert "secret" not in repr(Principal(subject="1", name="n", grants=(), token="secret"))
