"""Every cell of the matrix on the services' own paths.

Each role, held at the location, above it, below it and beside it, asks for each mutation and each root field. What is
expected comes from the role table and from each service's access.py; a role, capability, mutation or field that is
new is in these tables by name, or fails.
"""

import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from access import usecases as access
from access.roles import rules
from chassis.access import Principal
from contracts.access import CAPABILITIES_BY_ROLE, GRANTABLE_BY_ROLE, Capability, Role
from contracts.catalogue import SERVICES
from tests.access.conftest import PEOPLE
from tests.access.seeds import NOW, SEEDS, YEAR, Seed

if TYPE_CHECKING:
    from tests.access.conftest import AnyService

NOT_PERMITTED, NOT_FOUND, PAST = "NOT_PERMITTED", "NOT_FOUND", "past the right"
PLACEMENTS = {"at": "unon", "above": "secretariat", "below": "unon-gigiri", "beside": "escwa"}
INSIDE = {
    "unon": {"at", "above"}, "secretariat": {"above"}, "anywhere": set(PLACEMENTS), "another's": set[str](),
}  # fmt: skip
"""What is asked about → placements at which a role reaches it: a place, what needs none, what no role opens."""
TARGET = {
    "indicator": "electricity", "unit": "kWh", "baseYear": 2014, "baseValue": "10", "targetYear": 2034,
    "targetValue": "5",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One mutation with an input that changes nothing for who holds the right: it meets a refusal of the domain."""

    asks: str
    """Its use case in access.py."""
    by: Literal["location", "record"] = "location"
    """How it says where: a record that row security hides is not there, whatever is held at its place."""
    place: str = "unon"
    given: dict[str, Any]
    keyed: bool = True
    """Takes an idempotency key."""
    past: str
    """Refusal's code, or type of the result, behind the right."""


MUTATIONS: dict[str, dict[str, Mutation]] = {
    "access": {
        "addMember": Mutation(
            asks="ADD_MEMBER",
            # Nobody gives this one to a person.
            given={"locationId": "unon", "userName": "amina", "role": "EXTERNAL_SYSTEM", "justification": "j"},
            past="ROLE_NOT_GRANTABLE",
        ),
        "confirmMember": Mutation(
            asks="CONFIRM_MEMBER", by="record", given={"membershipId": "$ended"}, past="WRONG_STATE"
        ),
        "refuseMember": Mutation(
            asks="REFUSE_MEMBER", by="record", given={"membershipId": "$ended", "reason": "r"}, past="WRONG_STATE"
        ),
        "withdrawProposal": Mutation(
            asks="WITHDRAW_PROPOSAL", by="record", given={"membershipId": "$ended", "reason": "r"}, past="WRONG_STATE"
        ),
        "endMembership": Mutation(
            asks="END_MEMBERSHIP", by="record", given={"membershipId": "$ended", "reason": "r"}, past="WRONG_STATE"
        ),
        "extendMembership": Mutation(
            asks="EXTEND_MEMBERSHIP",
            by="record",
            given={"membershipId": "$ended", "validUntil": "2030-01-01T00:00:00Z", "reason": "r"},
            past="WRONG_STATE",
        ),
        "attestMembers": Mutation(
            asks="ATTEST_MEMBERS", given={"locationId": "unon", "keep": [], "end": []}, past="LIST_OUT_OF_DATE"
        ),
    },
    "inventory": {
        "registerLocation": Mutation(
            asks="REGISTER_LOCATION",
            given={
                "id": "No Code",
                "name": "n",
                "kind": "k",
                "parentId": "unon",
                "validFrom": "2000-01-01",
                "source": "s",
            },
            keyed=False,
            past="LOCATION_CODE_MALFORMED",
        ),
        "moveLocation": Mutation(
            asks="MOVE_LOCATION",
            # It is under itself already.
            given={"locationId": "unon", "parentId": "unon", "on": "2024-01-01", "reason": "r"},
            past="LOCATION_UNDER_ITSELF",
        ),
        "closeLocation": Mutation(
            asks="CLOSE_LOCATION",
            given={"locationId": "unon", "on": "2024-01-01", "reason": "r"},
            past="LOCATION_HAS_OPEN_PARTS",
        ),
        "setLocationProfile": Mutation(
            asks="SET_LOCATION_PROFILE",
            given={"locationId": "unon", "year": YEAR, "source": "s"},
            keyed=False,
            past="LocationProfile",
        ),
        "recordFuelStock": Mutation(
            asks="RECORD_FUEL_STOCK",
            given={
                "locationId": "unon",
                "fuel": "none such",
                "capacity": "1",
                "stock": "1",
                "unit": "litre",
                "asOf": "2024-12-31",
            },
            past="FUEL_UNKNOWN",
        ),
        "importActivityData": Mutation(
            asks="IMPORT_ACTIVITY_DATA",
            given={
                "locationId": "unon",
                "year": YEAR,
                "fileName": "f",
                "content": b64encode(b"site,amount\nx,y").decode(),
            },
            keyed=False,
            past="ImportRefused",
        ),
        "correctInventory": Mutation(
            asks="CORRECT_INVENTORY",
            by="record",
            given={"inventoryId": "$inventory", "reason": "r"},
            past="WRONG_STATE",
        ),
        "correctActivityRecord": Mutation(
            asks="CORRECT_ACTIVITY_RECORD",
            by="record",
            given={"inventoryId": "$inventory", "reason": "r"},
            past="CORRECTION_INCOMPLETE",
        ),
        "setBaseYear": Mutation(
            asks="SET_BASE_YEAR",
            given={"locationId": "unon", "year": 1999, "thresholdPercent": "5", "reason": "r"},
            past="FINAL_INVENTORY_MISSING",
        ),
        "proposeRecalculation": Mutation(
            asks="PROPOSE_RECALCULATION",
            given={"locationId": "unon", "recalculate": True, "reason": "r"},
            past="NOTHING_TO_RECALCULATE",
        ),
        "decideRecalculation": Mutation(
            asks="DECIDE_RECALCULATION",
            by="record",
            given={"proposalId": "$proposal", "approve": True},
            past="PROPOSAL_ALREADY_DECIDED",
        ),
        "recordInstrument": Mutation(
            asks="RECORD_INSTRUMENT",
            given={
                "locationId": "unon",
                "year": YEAR,
                "kind": "GREEN_TARIFF",
                "market": "KEN",
                "source": "wind",
                "amount": "0",
                "unit": "kWh",
                "co2eKgPerKwh": "0",
                "reference": "r",
                "redeemedOn": "2024-12-31",
                "evidence": "e",
            },
            past="INSTRUMENT_AMOUNT_NOT_POSITIVE",
        ),
        "cancelInstrument": Mutation(
            asks="CANCEL_INSTRUMENT",
            by="record",
            given={"instrumentId": "$instrument", "reason": "r"},
            past="INSTRUMENT_ALREADY_CANCELLED",
        ),
        "submitInventory": Mutation(
            asks="SUBMIT_INVENTORY", given={"locationId": "unon", "year": 1999}, past="NOTHING_TO_SUBMIT"
        ),
        "returnInventory": Mutation(
            asks="RETURN_INVENTORY",
            by="record",
            given={"inventoryId": "$inventory", "reasons": "r"},
            past="WRONG_STATE",
        ),
        "approveInventory": Mutation(
            asks="APPROVE_INVENTORY", by="record", given={"inventoryId": "$inventory"}, past="WRONG_STATE"
        ),
    },
    "targets": {
        "setTarget": Mutation(
            asks="SET_TARGET", given=TARGET | {"locationId": "unon"}, keyed=False, past="TARGET_ALREADY_SET"
        )
    },
    "offsets": {
        "requestPurchase": Mutation(
            asks="REQUEST_PURCHASE",
            given={"locationId": "unon", "year": YEAR, "tonnes": 0, "justification": "j"},
            past="TONNES_NOT_POSITIVE",
        ),
        "approvePurchase": Mutation(
            asks="APPROVE_PURCHASE", by="record", given={"purchaseId": "$purchase"}, past="WRONG_STATE"
        ),
        "refusePurchase": Mutation(
            asks="REFUSE_PURCHASE", by="record", given={"purchaseId": "$purchase", "reason": "r"}, past="WRONG_STATE"
        ),
        "recordDelivery": Mutation(
            asks="RECORD_DELIVERY",
            by="record",
            given={
                "purchaseId": "$purchase",
                "registry": "r",
                "project": "p",
                "vintage": 2022,
                "serialFirst": "1",
                "serialLast": "2",
                "pricePerTonne": "1",
                "currency": "USD",
            },
            past="WRONG_STATE",
        ),
        "retireCredits": Mutation(
            asks="RETIRE_CREDITS",
            given={"locationId": "unon", "year": YEAR, "batchId": "$batch", "tonnes": 0},
            past="TONNES_NOT_POSITIVE",
        ),
    },
    "reporting": {
        "openReportingCycle": Mutation(
            asks="OPEN_REPORTING_CYCLE",
            place="secretariat",
            given={"year": YEAR, "dueOn": "2025-04-30", "owingLocationIds": ["unon"]},
            keyed=False,
            past="CYCLE_ALREADY_OPEN",
        ),
        "submitProgressReport": Mutation(
            asks="SUBMIT_PROGRESS_REPORT",
            given={"locationId": "unon", "year": 1999, "narrative": "n"},
            past="CYCLE_NOT_OPEN",
        ),
        "returnProgressReport": Mutation(
            asks="RETURN_PROGRESS_REPORT",
            by="record",
            given={"reportId": "$report", "reasons": "r"},
            past="REPORT_ALREADY_DECIDED",
        ),
        "acceptProgressReport": Mutation(
            asks="ACCEPT_PROGRESS_REPORT", by="record", given={"reportId": "$report"}, past="REPORT_ALREADY_DECIDED"
        ),
        "consolidateReports": Mutation(
            asks="CONSOLIDATE_REPORTS", place="secretariat", given={"year": 1999}, past="CYCLE_NOT_OPEN"
        ),
        "publishConsolidatedReport": Mutation(
            asks="PUBLISH_CONSOLIDATED_REPORT",
            by="record",
            place="secretariat",
            given={"reportId": "$consolidated"},
            past="CONSOLIDATOR_MAY_NOT_PUBLISH",
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A root field, and what in its answer is for those alone who hold the capability."""

    document: str
    closed: str | None
    """Path to what is null, empty or None without the capability; None where all is open to everyone."""
    asks: str | Capability = "READ"
    """Its use case in access.py, or the capability of what every service has."""
    place: str = "unon"


def audit_entries(service: str) -> Query:
    """What another person tried at unon; the own actions are open to everyone."""
    field = f"{service}AuditEntries"
    return Query(
        document=f'{{ {field}(first: 1, filter: {{subject: "subject-of-another"}}) {{ edges {{ node {{ id }} }} }} }}',
        closed=f"{field}.edges",
        asks=Capability.READ_AUDIT,
    )


QUERIES: dict[str, dict[str, Query]] = {
    "access": {
        "me": Query(document="{ me { name } }", closed=None),
        "person": Query(
            document='{ person(userName: "amina") { name } }', closed="person", asks="FIND_PERSON", place="anywhere"
        ),
        "membership": Query(document='{ membership(id: "$active") { id } }', closed="membership"),
        "myMemberships": Query(
            document="{ myMemberships(first: 1) { edges { node { id } } } }",
            closed="myMemberships.edges",
            place="another's",
        ),
        "attestationsDue": Query(
            document="{ attestationsDue(first: 1) { edges { node { memberships } } } }", closed="attestationsDue.edges"
        ),
        "accessAuditEntries": audit_entries("access"),
    },
    "inventory": {
        "location": Query(
            document='{ location(id: "unon") { coordinates { latitude } } }',
            closed="location.coordinates",
            asks="READ_SENSITIVE",
        ),
        "locations": Query(document="{ locations(first: 1) { edges { node { id } } } }", closed=None),
        "inventory": Query(document='{ inventory(id: "$inventory") { id } }', closed="inventory"),
        "emissionFactors": Query(document="{ emissionFactors(first: 1) { edges { node { id } } } }", closed=None),
        "inventoryAuditEntries": audit_entries("inventory"),
    },
    "targets": {
        "target": Query(document='{ target(id: "$target") { id } }', closed="target"),
        "targetsAuditEntries": audit_entries("targets"),
    },
    "offsets": {
        "purchase": Query(document='{ purchase(id: "$purchase") { id } }', closed="purchase"),
        "creditBatch": Query(document='{ creditBatch(id: "$batch") { id } }', closed="creditBatch"),
        "offsetsAuditEntries": audit_entries("offsets"),
    },
    "reporting": {
        "reportingCycle": Query(document="{ reportingCycle(year: 2024) { year } }", closed=None),
        "progressReport": Query(document='{ progressReport(id: "$report") { id } }', closed="progressReport"),
        "consolidatedReport": Query(
            document="{ consolidatedReport(year: 2025) { id } }", closed="consolidatedReport", place="secretariat"
        ),
        "reportingAuditEntries": audit_entries("reporting"),
    },
}
NOT_ASKED_YET = {Capability.MANAGE_FACTORS}
"""Capabilities that no root field and no mutation asks for."""
OF_FEDERATION = {"_service", "_entities"}
"""The schema, and entities by key: what a key gives is what its root field gives."""


def capability(service: str, asks: str | Capability) -> Capability:
    if isinstance(asks, Capability):
        return asks
    found: Capability = getattr(import_module(f"{service}.access"), asks)
    return found


def cells() -> Iterator[tuple[Role, str]]:
    return ((role, placement) for role in Role for placement in PLACEMENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_mutation_root_field_and_use_case_has_a_case(service: str) -> None:
    schema = import_module(f"{service}.main").SERVICE.schema(None)._schema
    access = vars(import_module(f"{service}.access"))
    use_cases = {name for name, value in access.items() if isinstance(value, Capability)}
    asked = {case.asks for case in (*MUTATIONS[service].values(), *QUERIES[service].values())}

    assert set(schema.mutation_type.fields if schema.mutation_type else ()) == set(MUTATIONS[service])
    assert set(schema.query_type.fields) - OF_FEDERATION == set(QUERIES[service])
    assert use_cases == {asks for asks in asked if not isinstance(asks, Capability)}


def test_every_role_and_capability_is_asked_for_or_named_as_not_yet() -> None:
    asked = {capability(service, case.asks) for service in SERVICES for case in MUTATIONS[service].values()}
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
        asked = capability(service, case.asks)
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
