"""Every cell of the matrix on the services' own paths.

Each role, held at the location, above it, below it and beside it, asks for each mutation and each root field. What is
expected comes from the role table and from each service's access.py; a role, capability, mutation or field that is
new is in these tables by name, or fails.
"""

import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import pytest

from chassis.access import Principal
from contracts.access import CAPABILITIES_BY_ROLE, Capability, Role
from inventory import usecases as inventory
from offsets import usecases as offsets
from reporting import usecases as reporting
from targets import usecases as targets

if TYPE_CHECKING:
    from tests.access.conftest import Bed

SERVICES = ("access", "inventory", "targets", "offsets", "reporting")
YEAR = 2024
NOW = datetime(2025, 3, 1, tzinfo=UTC)
NOT_PERMITTED, NOT_FOUND, PAST = "NOT_PERMITTED", "NOT_FOUND", "past the right"
PLACEMENTS = {"at": "unon", "above": "secretariat", "below": "unon-gigiri", "beside": "escwa"}
INSIDE = {"unon": {"at", "above"}, "secretariat": {"above"}}
"""Place that is asked about → placements at which a role reaches it."""
Seed = dict[str, str]
"""Ids of the records that the cases name: `$name` in an input stands for one."""
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
    "access": {},
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
    asks: str = "READ"
    place: str = "unon"


QUERIES: dict[str, dict[str, Query]] = {
    "access": {"me": Query(document="{ me { name } }", closed=None)},
    "inventory": {
        "location": Query(
            document='{ location(id: "unon") { coordinates { latitude } } }',
            closed="location.coordinates",
            asks="READ_SENSITIVE",
        ),
        "locations": Query(document="{ locations(first: 1) { edges { node { id } } } }", closed=None),
        "inventory": Query(document='{ inventory(id: "$inventory") { id } }', closed="inventory"),
        "emissionFactors": Query(document="{ emissionFactors(first: 1) { edges { node { id } } } }", closed=None),
    },
    "targets": {"target": Query(document='{ target(id: "$target") { id } }', closed="target")},
    "offsets": {
        "purchase": Query(document='{ purchase(id: "$purchase") { id } }', closed="purchase"),
        "creditBatch": Query(document='{ creditBatch(id: "$batch") { id } }', closed="creditBatch"),
    },
    "reporting": {
        "reportingCycle": Query(document="{ reportingCycle(year: 2024) { year } }", closed=None),
        "progressReport": Query(document='{ progressReport(id: "$report") { id } }', closed="progressReport"),
        "consolidatedReport": Query(
            document="{ consolidatedReport(year: 2025) { id } }", closed="consolidatedReport", place="secretariat"
        ),
    },
}
NOT_ASKED_YET = {
    Capability.MANAGE_FACTORS, Capability.MANAGE_MEMBERS, Capability.ATTEST_MEMBERS, Capability.READ_AUDIT,
}  # fmt: skip
"""Capabilities that no root field and no mutation asks for."""
OF_FEDERATION = {"_service", "_entities"}
"""The schema, and entities by key: what a key gives is what its root field gives."""


# Records that the cases name, each of unon and finished with, so that who holds the right meets the domain's refusal.


async def seed_access(bed: "Bed", who: Callable[[str], Principal]) -> Seed:
    return {}


async def seed_inventory(bed: "Bed", who: Callable[[str], Principal]) -> Seed:
    row = "site,category,item,start,end,amount,unit,treatment,passengers,quality\n"
    row += "unon,water,borehole,2024-01-01,2024-06-30,7,m3,,,measured"
    async with bed.transaction() as tx:
        taken = await inventory.import_activity_data(
            tx, principal=who("1"), now=NOW, location_id="unon", year=YEAR, file_name="f", content=row.encode()
        )
    return {"inventory": taken.inventory_id}


async def seed_targets(bed: "Bed", who: Callable[[str], Principal]) -> Seed:
    async with bed.transaction() as tx:
        found = await targets.set_target(
            tx, principal=who("1"), now=NOW, location_id="unon", indicator="electricity", unit="kWh", base_year=2014,
            base_value=Decimal(10), target_year=2034, target_value=Decimal(5),
        )  # fmt: skip
    return {"target": found.id}


async def seed_offsets(bed: "Bed", who: Callable[[str], Principal]) -> Seed:
    async with bed.transaction() as tx:
        purchase = await offsets.request_purchase(
            tx, principal=who("1"), now=NOW, location_id="unon", year=YEAR, tonnes=2, justification="flights"
        )
        await offsets.approve_purchase(tx, principal=who("2"), now=NOW, purchase_id=purchase.id)
        batch = await offsets.record_delivery(
            tx, principal=who("3"), now=NOW, purchase_id=purchase.id, registry="CDM", project="1", vintage=2022,
            serial_first=1, serial_last=2, price_per_tonne=Decimal(1), currency="USD",
        )  # fmt: skip
    return {"purchase": purchase.id, "batch": batch.id}


async def seed_reporting(bed: "Bed", who: Callable[[str], Principal]) -> Seed:
    """In 2024 unon's report is returned and escwa's is published; in 2025 escwa's is consolidated and not published."""
    for location_id in ("unon", "escwa"):
        for year in (YEAR, 2025):
            await bed.inventory_is_final(location_id, year=year)
    async with bed.transaction() as tx:
        ids = {}
        for year in (YEAR, 2025):
            due, both = date(2026, 4, 30), ["unon", "escwa"]
            await reporting.open_reporting_cycle(
                tx, principal=who("1"), now=NOW, root="secretariat", year=year, due_on=due, owing=both
            )
            for location_id in both:
                found = await reporting.submit_progress_report(
                    tx, principal=who("2"), now=NOW, location_id=location_id, year=year, narrative="n"
                )
                ids[location_id, year] = found.id
            await reporting.accept_progress_report(tx, principal=who("3"), now=NOW, report_id=ids["escwa", year])
            # By the name of those who ask: they may not publish it themselves.
            by = who("somebody")
            made = await reporting.consolidate_reports(tx, principal=by, now=NOW, root="secretariat", year=year)
            ids["consolidated", year] = made.id
        await reporting.return_progress_report(
            tx, principal=who("3"), now=NOW, report_id=ids["unon", YEAR], reasons="r"
        )
        await reporting.publish_consolidated_report(
            tx, principal=who("5"), now=NOW, report_id=ids["consolidated", YEAR]
        )
    return {"report": ids["unon", YEAR], "consolidated": ids["consolidated", 2025]}


SEEDS = {
    "access": seed_access,
    "inventory": seed_inventory,
    "targets": seed_targets,
    "offsets": seed_offsets,
    "reporting": seed_reporting,
}


def capability(service: str, use_case: str) -> Capability:
    found: Capability = getattr(import_module(f"{service}.access"), use_case)
    return found


def cells() -> Iterator[tuple[Role, str]]:
    return ((role, placement) for role in Role for placement in PLACEMENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_mutation_root_field_and_use_case_has_a_case(service: str) -> None:
    schema = import_module(f"{service}.main").SERVICE.schema(None)._schema
    access = vars(import_module(f"{service}.access"))
    use_cases = {
        name for name, value in access.items() if isinstance(value, Capability) and not name.startswith("READ")
    }

    assert set(schema.mutation_type.fields if schema.mutation_type else ()) == set(MUTATIONS[service])
    assert set(schema.query_type.fields) - OF_FEDERATION == set(QUERIES[service])
    assert use_cases == {case.asks for case in MUTATIONS[service].values()}


def test_every_role_and_capability_is_asked_for_or_named_as_not_yet() -> None:
    asked = {capability(service, case.asks) for service in SERVICES for case in MUTATIONS[service].values()}
    asked |= {capability(service, case.asks) for service in SERVICES for case in QUERIES[service].values()}

    assert asked.isdisjoint(NOT_ASKED_YET), "asked for here now: take it out of the list"
    assert asked | NOT_ASKED_YET == set(Capability)
    assert {role for role, _ in cells()} == set(CAPABILITIES_BY_ROLE)


async def test_every_cell_as_a_person_asks_for_it(
    bed_for: "Callable[[str], Awaitable[Bed]]", holder: Callable[..., Principal]
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


@pytest.mark.parametrize("also_elsewhere", [False, True], ids=["one role", "the right elsewhere too"])
@pytest.mark.parametrize("service", SERVICES)
async def test_every_cell_of_every_mutation(
    service: str,
    also_elsewhere: bool,  # noqa: FBT001 - a column of the table
    bed_for: "Callable[[str], Awaitable[Bed]]",
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
        type_name = f"{name[0].upper()}{name[1:]}Input"
        document = (
            f"mutation($input: {type_name}!) {{ {name}(input: $input) {{ __typename ... on Refusal {{ code }} }} }}"
        )
        for role, placement in cells():
            grants = [(role, PLACEMENTS[placement])] + ([(who_has_it, "unov")] if also_elsewhere else [])
            values = {
                key: seed.get(value[1:], value) if isinstance(value, str) else value
                for key, value in case.given.items()
            }
            if case.keyed:
                values["idempotencyKey"] = str(uuid.uuid4())
            answer = (await bed.ask(holder(*grants), document, input=values))[name]
            found = answer.get("code") or answer["__typename"]
            expected = expected_of(case, asked, role, placement, also_elsewhere=also_elsewhere)
            if found != (case.past if expected == PAST else expected):
                wrong[f"{name} by {role} {placement}"] = (found, expected)

    assert wrong == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_every_cell_of_every_root_field(
    service: str,
    bed_for: "Callable[[str], Awaitable[Bed]]",
    person: Callable[[str], Principal],
    holder: Callable[..., Principal],
) -> None:
    bed = await bed_for(service)
    seed = await SEEDS[service](bed, person)
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
