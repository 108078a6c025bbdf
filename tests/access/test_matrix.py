"""Every cell of the matrix on the services' own paths.

Each role, held at the location, above it, below it and beside it, asks for each mutation and each root field. What is
expected comes from the role table and from each service's access.py; a role, capability, mutation or field that is
new is in these tables by name, or fails.
"""

import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from access import usecases as access
from access.roles import rules
from chassis.access import Principal
from contracts.access import CAPABILITIES_BY_ROLE, GRANTABLE_BY_ROLE, Capability, Role
from contracts.catalogue import SERVICES
from tests.access.cases import MUTATIONS, QUERIES, Mutation
from tests.access.conftest import PEOPLE
from tests.access.seeds import NOW, SEEDS, Seed

if TYPE_CHECKING:
    from tests.access.conftest import AnyService

NOT_PERMITTED, NOT_FOUND, PAST = "NOT_PERMITTED", "NOT_FOUND", "past the right"
PLACEMENTS = {"at": "unon", "above": "secretariat", "below": "unon-gigiri", "beside": "escwa"}
INSIDE = {
    "unon": {"at", "above"}, "secretariat": {"above"}, "anywhere": set(PLACEMENTS), "another's": set[str](),
}  # fmt: skip
"""What is asked about → placements at which a role reaches it: a place, what needs none, what no role opens."""
NOT_ASKED_YET = set[Capability]()
"""Capabilities that no root field and no mutation asks for."""
OF_FEDERATION = {"_service", "_entities"}
"""The schema, and entities by key: what a key gives is what its root field gives."""


def capability(service: str, asks: str | Capability) -> Capability:
    if isinstance(asks, Capability):
        return asks
    found: Capability = getattr(import_module(f"{service}.access"), asks)
    return found


def use_case(mutation: str) -> str:
    """Its name in access.py: addMember → ADD_MEMBER."""
    return re.sub("(?=[A-Z])", "_", mutation).upper()


def cells() -> Iterator[tuple[Role, str]]:
    return ((role, placement) for role in Role for placement in PLACEMENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_mutation_root_field_and_use_case_has_a_case(service: str) -> None:
    schema = import_module(f"{service}.main").SERVICE.schema(None)._schema
    access = vars(import_module(f"{service}.access"))
    use_cases = {name for name, value in access.items() if isinstance(value, Capability)}
    asked = {*map(use_case, MUTATIONS[service]), *(case.asks for case in QUERIES[service].values())}

    assert set(schema.mutation_type.fields if schema.mutation_type else ()) == set(MUTATIONS[service])
    assert set(schema.query_type.fields) - OF_FEDERATION == set(QUERIES[service])
    assert use_cases == {asks for asks in asked if not isinstance(asks, Capability)}


def test_every_role_and_capability_is_asked_for_or_named_as_not_yet() -> None:
    asked = {capability(service, use_case(name)) for service in SERVICES for name in MUTATIONS[service]}
    asked |= {capability(service, case.asks) for service in SERVICES for case in QUERIES[service].values()}

    assert asked.isdisjoint(NOT_ASKED_YET), "asked for here now: take it out of the list"
    assert asked | NOT_ASKED_YET == set(Capability)
    assert {role for role, _ in cells()} == set(CAPABILITIES_BY_ROLE)


async def test_every_cell_as_a_person_asks_for_it(
    bed_for: "Callable[[str], Awaitable[AnyService]]", holder: Callable[..., Principal]
) -> None:
    bed = await bed_for("access")
    asked = " ".join(f'{each.name}: can(capability: {each.name}, locationId: "unon")' for each in Capability)
    wrong = {}
    for role, placement in cells():
        found = (await bed.ask(holder((role, PLACEMENTS[placement])), f"{{ me {{ {asked} }} }}"))["me"]
        held = CAPABILITIES_BY_ROLE[role] if placement in INSIDE["unon"] else frozenset()
        if {name for name, can in found.items() if can} != {each.name for each in held}:
            wrong[f"{role} {placement}"] = found

    assert wrong == {}


def expected_of(case: Mutation, asked: Capability, role: Role, placement: str, *, also_elsewhere: bool) -> str:
    inside = placement in INSIDE[case.place]
    if asked in CAPABILITIES_BY_ROLE[role] and inside:
        return PAST
    if not also_elsewhere:
        # Held nowhere: said before anything is looked up, so it tells nothing of the place.
        return NOT_FOUND if asked in CAPABILITIES_BY_ROLE[role] else NOT_PERMITTED
    return NOT_PERMITTED if inside and case.by == "location" else NOT_FOUND


async def tried(bed: "AnyService", name: str, case: Mutation, seed: Seed, *, by: Principal) -> str:
    """The refusal's code, or the result's type."""
    type_name = f"{name[0].upper()}{name[1:]}Input"
    document = f"mutation($input: {type_name}!) {{ {name}(input: $input) {{ __typename ... on Refusal {{ code }} }} }}"
    values = {key: seed.get(value[1:], value) if isinstance(value, str) else value for key, value in case.given.items()}
    if case.keyed:
        values["idempotencyKey"] = str(uuid.uuid4())
    answer = (await bed.ask(by, document, input=values))[name]
    found: str = answer.get("code") or answer["__typename"]
    return found


@pytest.mark.parametrize("also_elsewhere", [False, True], ids=["one role", "the right elsewhere too"])
@pytest.mark.parametrize("service", SERVICES)
async def test_every_cell_of_every_mutation(
    service: str,
    also_elsewhere: bool,  # noqa: FBT001 - a column of the table
    bed_for: "Callable[[str], Awaitable[AnyService]]",
    person: Callable[[str], Principal],
    holder: Callable[..., Principal],
) -> None:
    """With the right held at another place as well, the use case itself has to tell the places apart."""
    bed = await bed_for(service)
    seed = await SEEDS[service](bed, person)
    wrong = {}
    for name, case in MUTATIONS[service].items():
        asked = capability(service, use_case(name))
        who_has_it = next(role for role in Role if asked in CAPABILITIES_BY_ROLE[role])
        for role, placement in cells():
            grants = [(role, PLACEMENTS[placement])] + ([(who_has_it, "unov")] if also_elsewhere else [])
            found = await tried(bed, name, case, seed, by=holder(*grants))
            expected = expected_of(case, asked, role, placement, also_elsewhere=also_elsewhere)
            if found != (case.past if expected == PAST else expected):
                wrong[f"{name} by {role} {placement}"] = (found, expected)

    assert wrong == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_every_cell_of_every_root_field(
    service: str,
    bed_for: "Callable[[str], Awaitable[AnyService]]",
    person: Callable[[str], Principal],
    holder: Callable[..., Principal],
) -> None:
    bed = await bed_for(service)
    seed = await SEEDS[service](bed, person)
    name, case = next(
        item for item in MUTATIONS[service].items() if item[1].by == "location" and item[1].place == "unon"
    )
    await tried(bed, name, case, seed, by=person("another"))  # for the audit record
    wrong = {}
    for name, case in QUERIES[service].items():
        asked = capability(service, case.asks)
        document = case.document
        for key, value in seed.items():
            document = document.replace(f"${key}", value)
        for role, placement in cells():
            found: Any = await bed.ask(holder((role, PLACEMENTS[placement])), document)
            for part in (case.closed or name).split("."):
                found = found[part]
            holds = asked in CAPABILITIES_BY_ROLE[role] and placement in INSIDE[case.place]
            if bool(found) is not (holds or case.closed is None):
                wrong[f"{name} by {role} {placement}"] = found

    assert wrong == {}


async def test_every_cell_of_who_gives_which_role(
    bed_for: "Callable[[str], Awaitable[AnyService]]", holder: Callable[..., Principal]
) -> None:
    """By the role alone: each holds it at the root, and gives at unon what an office has."""
    bed = await bed_for("access")
    wrong = {}
    for held, given in product(Role, Role):
        gives = GRANTABLE_BY_ROLE.get(held, frozenset()) - {Role.EXTERNAL_SYSTEM}
        if Capability.MANAGE_MEMBERS not in CAPABILITIES_BY_ROLE[held]:
            expected = NOT_PERMITTED
        elif given not in gives:
            expected = "ROLE_NOT_GRANTABLE"
        else:
            expected = None if given in rules.at("place", is_root=False) else "ROLE_NOT_AT_LOCATION"
        found = await bed.tries(partial(give, given), holder((held, "secretariat")))
        if found != expected:
            wrong[f"{given} by {held}"] = (found, expected)

    assert wrong == {}


async def give(role: Role, tx: AsyncConnection, by: Principal) -> None:
    await access.add_member(
        tx, principal=by, now=NOW, people=PEOPLE, location_id="unon", user_name="amina", role=role, valid_from=None,
        valid_until=NOW + timedelta(days=9), justification="j", substitutes_id=None,
    )  # fmt: skip
