import pytest

from chassis.access import ANONYMOUS
from contracts.access import CAPABILITIES_BY_ROLE, Role

ME = "{ me { subject name grants { role location { id } } } }"
HELD = "query($at: ID!) { me { capabilities(locationId: $at) can(capability: ENTER, locationId: $at) } }"


async def test_me_tells_who_asks_and_with_which_roles(access, person):
    answer = await access.ask(person("amina", (Role.TECHNICAL_TEAM, "unon"), (Role.AUDITOR, "secretariat")), ME)

    assert answer == {
        "data": {
            "me": {
                "subject": "subject-of-amina",
                "name": "amina",
                "grants": [
                    {"role": "technical-team", "location": {"id": "unon"}},
                    {"role": "auditor", "location": {"id": "secretariat"}},
                ],
            }
        }
    }


async def test_without_a_token_there_is_no_me(access):
    assert await access.ask(ANONYMOUS, ME) == {"data": {"me": None}}


@pytest.mark.parametrize(
    ("at", "held"),
    [("unon", True), ("unon-gigiri", True), ("escwa", False), ("secretariat", False), ("nowhere", False)],
)
async def test_me_tells_what_the_roles_allow_at_a_location_and_below(access, person, at, held):
    answer = await access.ask(person("amina", (Role.TECHNICAL_TEAM, "unon")), HELD, at=at)

    team = sorted(capability.name for capability in CAPABILITIES_BY_ROLE[Role.TECHNICAL_TEAM])
    assert sorted(answer["data"]["me"]["capabilities"]) == (team if held else [])
    assert answer["data"]["me"]["can"] is held
