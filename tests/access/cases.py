"""The tables of the matrix: a case for each mutation and each root field of every service."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Literal

from contracts.access import Capability
from tests.access.seeds import YEAR

__all__ = ["MUTATIONS", "QUERIES", "Mutation", "Query"]

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
        "stateDenominator": Mutation(
            asks="STATE_DENOMINATOR",
            given={"locationId": "unon", "kind": "STAFF", "value": "0", "validFrom": "2024-01-01", "source": "s"},
            past="DENOMINATOR_NOT_POSITIVE",
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
        "cancelImport": Mutation(asks="CANCEL_IMPORT", by="record", given={"jobId": "$job"}, past="IMPORT_IS_OVER"),
        "undoImport": Mutation(
            asks="UNDO_IMPORT",
            by="record",
            given={"importId": "$import", "reason": "r"},
            past="IMPORT_ALREADY_UNDONE",
        ),
        "addPrivateFactors": Mutation(
            asks="ADD_PRIVATE_FACTORS",
            given={
                "locationId": "unon",
                "name": "iea-2024",
                "publisher": "p",
                "licence": "",
                "licenceText": "t",
                "fileName": "f",
                "content": b64encode(b"category,item,unit\n").decode(),
            },
            past="LICENCE_MISSING",
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
        "attachEvidence": Mutation(
            asks="ATTACH_EVIDENCE",
            by="record",
            given={"inventoryId": "$inventory", "fileName": "f.pdf", "content": b64encode(b"no pdf").decode()},
            keyed=False,
            past="EVIDENCE_TYPE_MISMATCH",
        ),
        "detachEvidence": Mutation(
            asks="DETACH_EVIDENCE",
            by="record",
            given={"evidenceId": "$evidence", "reason": "r"},
            past="EVIDENCE_ALREADY_DETACHED",
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
        "expectSource": Mutation(
            asks="EXPECT_SOURCE",
            given={"locationId": "unon", "category": "none such", "firstMonth": "2024-01-01", "reason": "r"},
            past="SOURCE_CATEGORY_UNKNOWN",
        ),
        "stateSource": Mutation(
            asks="STATE_SOURCE",
            given={"locationId": "unon", "year": YEAR, "category": "none such", "key": "NOT_OCCURRING", "reason": "r"},
            past="SOURCE_CATEGORY_UNKNOWN",
        ),
        "withdrawSourceStatement": Mutation(
            asks="WITHDRAW_SOURCE_STATEMENT",
            by="record",
            given={"statementId": "$statement", "reason": "r"},
            past="STATEMENT_ALREADY_WITHDRAWN",
        ),
        "stateUncertainty": Mutation(
            asks="STATE_UNCERTAINTY",
            by="record",
            given={"inventoryId": "$inventory", "percent": "1", "reason": "r"},
            past="UNCERTAINTY_SUBJECT_UNCLEAR",
        ),
        "registerPremises": Mutation(
            asks="REGISTER_PREMISES",
            given={"locationId": "unon", "name": "n", "grossAreaM2": "0", "validFrom": "2020-01-01"},
            past="PREMISES_AREA_NOT_POSITIVE",
        ),
        "setTenancy": Mutation(
            asks="SET_TENANCY",
            by="record",
            given={"premisesId": "$premises", "netAreaM2": "1", "validFrom": "2020-01-01"},
            past="TENANT_NOT_ONE",
        ),
        "recordMeterReading": Mutation(
            asks="RECORD_METER_READING",
            by="record",
            given={
                "premisesId": "$premises",
                "meter": " ",
                "utility": "ELECTRICITY",
                "periodStart": "2024-01-01",
                "periodEnd": "2024-02-01",
                "amount": "1",
                "unit": "kWh",
            },
            past="METER_MISSING",
        ),
        "takePremisesShare": Mutation(
            asks="TAKE_PREMISES_SHARE",
            by="record",
            given={"premisesId": "$premises", "locationId": "unon", "year": 1999},
            past="NO_SHARE_TO_TAKE",
        ),
        "setReportingCalendar": Mutation(
            asks="SET_REPORTING_CALENDAR",
            given={"locationId": "unon", "calendar": "CALENDAR", "validFrom": "2024-01-02", "reason": "r"},
            past="CALENDAR_DAY_NOT_FIRST",
        ),
        "setPlausibilityRange": Mutation(
            asks="SET_PLAUSIBILITY_RANGE",
            given={
                "locationId": "unon",
                "category": "none such",
                "basis": "YEAR",
                "severity": "ERROR",
                "validFrom": "2024-01-01",
                "source": "s",
            },
            past="SOURCE_CATEGORY_UNKNOWN",
        ),
        "estimateSmallOffice": Mutation(
            asks="ESTIMATE_SMALL_OFFICE",
            given={"locationId": "unon", "year": YEAR, "category": "none such", "reason": "r"},
            past="SOURCE_CATEGORY_UNKNOWN",
        ),
        "explainWarning": Mutation(
            asks="EXPLAIN_WARNING",
            by="record",
            given={"inventoryId": "$inventory", "findingId": "none", "explanation": "e"},
            past="FINDING_NOT_THERE",
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
        "activityRecord": Query(document='{ activityRecord(id: "$record") { id } }', closed="activityRecord"),
        "emissionFactors": Query(document="{ emissionFactors(first: 1) { edges { node { id } } } }", closed=None),
        # Of what is listed where one reads at the entity: services/inventory/tests/test_private_factors.py.
        "privateFactorReleases": Query(
            document='{ privateFactorReleases(locationId: "unon", first: 1) { edges { node { id } } } }', closed=None
        ),
        "factorReleases": Query(document="{ factorReleases { id } }", closed=None),
        "factorEditions": Query(document="{ factorEditions { id } }", closed=None),
        "factorFor": Query(
            document='{ factorFor(category: "taxi_travel", item: "taxi", unit: "km", locationId: "unon",'
            ' on: "2024-01-01") { edition } }',
            closed=None,
        ),
        # Of the inventories whose records one may read: services/inventory/tests/test_restatements.py.
        "compareEditions": Query(
            document='{ compareEditions(first: 1, locationId: "unon") { edges { node { edition } } } }', closed=None
        ),
        "importJob": Query(
            document='{ importJob(id: "$job") { id } }', closed="importJob", asks="IMPORT_ACTIVITY_DATA"
        ),
        "plausibilityRanges": Query(document="{ plausibilityRanges(first: 1) { edges { node { id } } } }", closed=None),
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
