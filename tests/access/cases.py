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
    """One mutation with an input that changes nothing for who holds the right: it meets a refusal of the domain.

    It asks for the use case in access.py that has its name.
    """

    by: Literal["location", "record"]
    """How it says where: a record that row security hides is not there, whatever is held at its place."""
    place: str
    given: dict[str, Any]
    keyed: bool
    """Takes an idempotency key."""
    past: str
    """Refusal's code, or type of the result, behind the right."""


def at_unon(past: str, *, where: str = "locationId", keyed: bool = True, **given: Any) -> Mutation:
    """`where` is the input's field that names the place."""
    return Mutation(by="location", place="unon", given={where: "unon", **given}, keyed=keyed, past=past)


def at_the_root(past: str, *, keyed: bool = True, **given: Any) -> Mutation:
    """Of the whole system: it names no place."""
    return Mutation(by="location", place="secretariat", given=given, keyed=keyed, past=past)


def of_record(past: str, *, place: str = "unon", keyed: bool = True, **given: Any) -> Mutation:
    return Mutation(by="record", place=place, given=given, keyed=keyed, past=past)


MUTATIONS: dict[str, dict[str, Mutation]] = {
    "access": {
        # Nobody gives this one to a person.
        "addMember": at_unon("ROLE_NOT_GRANTABLE", userName="amina", role="EXTERNAL_SYSTEM", justification="j"),
        "confirmMember": of_record("WRONG_STATE", membershipId="$ended"),
        "refuseMember": of_record("WRONG_STATE", membershipId="$ended", reason="r"),
        "withdrawProposal": of_record("WRONG_STATE", membershipId="$ended", reason="r"),
        "endMembership": of_record("WRONG_STATE", membershipId="$ended", reason="r"),
        "extendMembership": of_record(
            "WRONG_STATE", membershipId="$ended", validUntil="2030-01-01T00:00:00Z", reason="r"
        ),
        "attestMembers": at_unon("LIST_OUT_OF_DATE", keep=[], end=[]),
    },
    "inventory": {
        "registerLocation": at_unon(
            "LOCATION_CODE_MALFORMED",
            where="parentId",
            keyed=False,
            id="No Code",
            name="n",
            kind="k",
            validFrom="2000-01-01",
            source="s",
        ),
        # It is under itself already.
        "moveLocation": at_unon("LOCATION_UNDER_ITSELF", parentId="unon", on="2024-01-01", reason="r"),
        "closeLocation": at_unon("LOCATION_HAS_OPEN_PARTS", on="2024-01-01", reason="r"),
        "stateDenominator": at_unon(
            "DENOMINATOR_NOT_POSITIVE", kind="STAFF", value="0", validFrom="2024-01-01", source="s"
        ),
        "recordFuelStock": at_unon(
            "FUEL_UNKNOWN", fuel="none such", capacity="1", stock="1", unit="litre", asOf="2024-12-31"
        ),
        "importActivityData": at_unon(
            "ImportRefused", keyed=False, year=YEAR, fileName="f", content=b64encode(b"site,amount\nx,y").decode()
        ),
        "cancelImport": of_record("IMPORT_IS_OVER", jobId="$job"),
        "undoImport": of_record("IMPORT_ALREADY_UNDONE", importId="$import", reason="r"),
        "addPrivateFactors": at_unon(
            "LICENCE_MISSING",
            name="iea-2024",
            publisher="p",
            licence="",
            licenceText="t",
            fileName="f",
            content=b64encode(b"category,item,unit\n").decode(),
        ),
        "correctInventory": of_record("WRONG_STATE", inventoryId="$inventory", reason="r"),
        "correctActivityRecord": of_record("CORRECTION_INCOMPLETE", inventoryId="$inventory", reason="r"),
        "attachEvidence": of_record(
            "EVIDENCE_TYPE_MISMATCH",
            keyed=False,
            inventoryId="$inventory",
            fileName="f.pdf",
            content=b64encode(b"no pdf").decode(),
        ),
        "detachEvidence": of_record("EVIDENCE_ALREADY_DETACHED", evidenceId="$evidence", reason="r"),
        "setBaseYear": at_unon("FINAL_INVENTORY_MISSING", year=1999, thresholdPercent="5", reason="r"),
        "proposeRecalculation": at_unon("NOTHING_TO_RECALCULATE", recalculate=True, reason="r"),
        "decideRecalculation": of_record("PROPOSAL_ALREADY_DECIDED", proposalId="$proposal", approve=True),
        "recordInstrument": at_unon(
            "INSTRUMENT_AMOUNT_NOT_POSITIVE",
            year=YEAR,
            kind="GREEN_TARIFF",
            market="KEN",
            source="wind",
            amount="0",
            unit="kWh",
            co2eKgPerKwh="0",
            reference="r",
            redeemedOn="2024-12-31",
            evidence="e",
        ),
        "cancelInstrument": of_record("INSTRUMENT_ALREADY_CANCELLED", instrumentId="$instrument", reason="r"),
        "expectSource": at_unon("SOURCE_CATEGORY_UNKNOWN", category="none such", firstMonth="2024-01-01", reason="r"),
        "stateSource": at_unon(
            "SOURCE_CATEGORY_UNKNOWN", year=YEAR, category="none such", key="NOT_OCCURRING", reason="r"
        ),
        "withdrawSourceStatement": of_record("STATEMENT_ALREADY_WITHDRAWN", statementId="$statement", reason="r"),
        "stateUncertainty": of_record("UNCERTAINTY_SUBJECT_UNCLEAR", inventoryId="$inventory", percent="1", reason="r"),
        "registerPremises": at_unon("PREMISES_AREA_NOT_POSITIVE", name="n", grossAreaM2="0", validFrom="2020-01-01"),
        "setTenancy": of_record("TENANT_NOT_ONE", premisesId="$premises", netAreaM2="1", validFrom="2020-01-01"),
        "recordMeterReading": of_record(
            "METER_MISSING",
            premisesId="$premises",
            meter=" ",
            utility="ELECTRICITY",
            periodStart="2024-01-01",
            periodEnd="2024-02-01",
            amount="1",
            unit="kWh",
        ),
        "takePremisesShare": of_record("NO_SHARE_TO_TAKE", premisesId="$premises", locationId="unon", year=1999),
        "setReportingCalendar": at_unon(
            "CALENDAR_DAY_NOT_FIRST", calendar="CALENDAR", validFrom="2024-01-02", reason="r"
        ),
        "proposeEditionAdoption": at_the_root("EDITION_ALREADY_ADOPTED", editionId="un-2025", reason="r"),
        "decideEditionAdoption": of_record(
            "PROPOSAL_ALREADY_DECIDED", place="secretariat", proposalId="$adoption", approve=True
        ),
        "withdrawEditionAdoption": of_record(
            "PROPOSAL_ALREADY_DECIDED", place="secretariat", proposalId="$adoption", reason="r"
        ),
        "setPlausibilityRange": at_unon(
            "SOURCE_CATEGORY_UNKNOWN",
            category="none such",
            basis="YEAR",
            severity="ERROR",
            validFrom="2024-01-01",
            source="s",
        ),
        "estimateSmallOffice": at_unon("SOURCE_CATEGORY_UNKNOWN", year=YEAR, category="none such", reason="r"),
        "explainWarning": of_record("FINDING_NOT_THERE", inventoryId="$inventory", findingId="none", explanation="e"),
        "submitInventory": at_unon("NOTHING_TO_SUBMIT", year=1999),
        "returnInventory": of_record("WRONG_STATE", inventoryId="$inventory", reasons="r"),
        "approveInventory": of_record("WRONG_STATE", inventoryId="$inventory"),
    },
    "targets": {
        "setTarget": at_unon("TARGET_ALREADY_SET", keyed=False, **TARGET),
    },
    "offsets": {
        "requestPurchase": at_unon("TONNES_NOT_POSITIVE", year=YEAR, tonnes=0, justification="j"),
        "approvePurchase": of_record("WRONG_STATE", purchaseId="$purchase"),
        "refusePurchase": of_record("WRONG_STATE", purchaseId="$purchase", reason="r"),
        "recordDelivery": of_record(
            "WRONG_STATE",
            purchaseId="$purchase",
            registry="r",
            project="p",
            vintage=2022,
            serialFirst="1",
            serialLast="2",
            pricePerTonne="1",
            currency="USD",
        ),
        "retireCredits": at_unon("TONNES_NOT_POSITIVE", year=YEAR, batchId="$batch", tonnes=0),
    },
    "reporting": {
        "openReportingCycle": at_the_root(
            "CYCLE_ALREADY_OPEN", keyed=False, year=YEAR, dueOn="2025-04-30", owingLocationIds=["unon"]
        ),
        "submitProgressReport": at_unon("CYCLE_NOT_OPEN", year=1999, narrative="n"),
        "returnProgressReport": of_record("REPORT_ALREADY_DECIDED", reportId="$report", reasons="r"),
        "acceptProgressReport": of_record("REPORT_ALREADY_DECIDED", reportId="$report"),
        "consolidateReports": at_the_root("CYCLE_NOT_OPEN", year=1999),
        "publishConsolidatedReport": of_record(
            "CONSOLIDATOR_MAY_NOT_PUBLISH", place="secretariat", reportId="$consolidated"
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
