import pytest

from chassis.access import ANONYMOUS, Grant, Principal, can, grants_from_groups, require, roots
from chassis.locations import Place
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from contracts.access import CAPABILITIES_BY_ROLE, Capability, Role

SECRETARIAT = Place(location_id="secretariat", path="secretariat")
UNON = Place(location_id="unon", path="secretariat.unon")
SITE = Place(location_id="unon-gigiri", path="secretariat.unon.unon-gigiri")
ESCWA = Place(location_id="escwa", path="secretariat.escwa")


def holder(role: Role, location_id: str) -> Principal:
    return Principal(subject="1", name="somebody", grants=(Grant(role=role, location_id=location_id),))


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


def test_every_role_is_in_the_table_and_reads():
    assert set(CAPABILITIES_BY_ROLE) == set(Role)
    assert all(Capability.READ in capabilities for capabilities in CAPABILITIES_BY_ROLE.values())


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
    assert CAPABILITIES_BY_ROLE[Role.AUDITOR] == {Capability.READ, Capability.READ_AUDIT}


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
