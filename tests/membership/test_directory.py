"""The one adapter, against whichever identity provider: what *access* relies on."""

import asyncio
import uuid

import pytest

from access.config import AccessSettings
from access.directory.by_keycloak import open_directory
from access.directory.interface import DirectoryAway, NotInDirectory

TEAM = "/locations/secretariat/unon/technical-team"


async def newcomer(directory):
    found = await directory.person(user_name="newcomer")
    assert found is not None
    return found


async def test_a_person_is_found_by_the_exact_name_alone(directory):
    found = await newcomer(directory)

    assert (found.user_name, found.name, found.enabled) == ("newcomer", "Lena Newcomer", True)
    assert await directory.person(user_name="Newcomer") == found
    for other in ("newcome", "new", "*", "service-account-ext-unep", "no-such-person"):
        assert await directory.person(user_name=other) is None


async def test_who_joins_a_group_has_it_in_the_next_token_until_leaving(directory, groups_in_token):
    person = await newcomer(directory)

    for _ in range(2):
        await directory.join(person.subject, TEAM)
    assert groups_in_token("newcomer") == [TEAM]
    assert await directory.groups_of(person.subject) == {TEAM}
    for _ in range(2):
        await directory.leave(person.subject, TEAM)
    assert groups_in_token("newcomer") == []


async def test_a_person_or_group_that_is_not_there_is_said_to_be_so(directory):
    person, nobody = await newcomer(directory), str(uuid.uuid4())

    with pytest.raises(NotInDirectory):
        await directory.join(person.subject, "/locations/secretariat/unon/no-such-role")
    with pytest.raises(NotInDirectory):
        await directory.join(nobody, TEAM)
    with pytest.raises(NotInDirectory):
        await directory.groups_of(nobody)
    await directory.leave(nobody, TEAM)


async def test_the_tree_is_read_whole_in_a_few_calls(directory):
    calls = []

    async def counted(request):
        calls.append(request.url.path)

    directory._connection.async_s.event_hooks["request"].append(counted)
    tree = await directory.groups()

    assert TEAM in tree
    assert "/locations/secretariat/field-missions/unifil/mission-implementer" in tree
    assert "/functions/certifying" in tree
    assert len(calls) <= 5


async def test_a_group_is_made_moved_with_its_members_and_deleted(directory, groups_in_token):
    person, tree = await newcomer(directory), await directory.groups()
    name = f"place-{uuid.uuid4().hex[:8]}"
    place = await directory.create_group(name, parent=tree.by_path["/locations/secretariat"])
    team = await directory.create_group("technical-team", parent=place)
    again = await directory.create_group("technical-team", parent=place)
    await directory.join(person.subject, team.path)

    await directory.move_group(place, parent=tree.by_path["/locations/secretariat/field-missions"])

    moved = (await directory.groups()).by_path[f"/locations/secretariat/field-missions/{name}/technical-team"]
    assert again == team
    assert moved.id == team.id
    assert [member.user_name for member in await directory.members(moved)] == ["newcomer"]
    assert groups_in_token("newcomer") == [moved.path]
    await directory.delete_group((await directory.groups()).by_path[f"/locations/secretariat/field-missions/{name}"])
    assert groups_in_token("newcomer") == []
    with pytest.raises(NotInDirectory):
        await directory.members(moved)


async def test_a_machine_gets_another_secret_and_can_be_switched_off(directory):
    (machine,) = [each for each in await directory.machines() if each.client_id == "ext-unep"]

    secrets = {await directory.rotate_secret(machine) for _ in range(2)}
    assert len(secrets) == 2
    await directory.set_enabled(machine, enabled=False)
    assert [each.enabled for each in await directory.machines() if each.client_id == "ext-unep"] == [False]
    await directory.set_enabled(machine, enabled=True)


async def test_machines_do_not_include_the_account_that_administers(directory):
    assert "lichen-access" not in {machine.client_id for machine in await directory.machines()}


async def test_however_many_calls_find_the_token_expired_one_fetches_another(directory):
    fetched = []
    connection = directory._connection

    async def counted(request):
        fetched.append(request.url.path)

    connection.keycloak_openid.connection.async_s.event_hooks["request"].append(counted)
    await asyncio.gather(*(directory.person(user_name="newcomer") for _ in range(20)))
    assert len(fetched) == 1
    connection._expires_at = connection._expires_at.replace(year=2000)
    await asyncio.gather(*(directory.person(user_name="newcomer") for _ in range(20)))

    assert len(fetched) == 2


async def test_a_wrong_secret_and_an_address_without_anybody_are_the_directory_being_away(settings):
    for changes in ({"access_secret": "wrong"}, {"directory_url": "http://127.0.0.1:1"}):
        wrong = AccessSettings(**settings.model_dump() | changes)
        async with open_directory(wrong) as directory:
            with pytest.raises(DirectoryAway) as raised:
                await directory.person(user_name="newcomer")
            assert "wrong" not in str(raised.value)
