"""From meter reading to published neutrality statement, through the whole platform, on the sample Secretariat."""

import os
import re
import subprocess
import sys
import threading
import time
import uuid
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from embedded.postgres import EmbeddedPostgres
from lichen.home import Home
from lichen.mainjob import operations
from lichen.status import rows

ROOT = Path(__file__).resolve().parents[2]
YEAR = 2024
IDENTITY = os.environ.get("LICHEN_TEST_IDENTITY", "issuer")


def whole(platform, persona, location):
    body = platform.ask(operations.WHOLE_LOCATION, persona=persona, location=location, year=YEAR)
    assert "errors" not in body, body
    return body["data"]["location"]


def test_the_identity_provider_is_the_one_that_was_asked_for(platform):
    found = rows(Home(path=platform.home))["identity"]
    document = platform.client.get(f"{platform.run['issuer']}/.well-known/openid-configuration").json()

    assert found["provider"] == {"issuer": "development issuer", "keycloak": "Keycloak"}[IDENTITY]
    assert found["version"]
    assert found["seconds"]["boot"] > 0
    # Only Keycloak has grants that nobody here uses.
    assert ("urn:openid:params:grant-type:ciba" in document["grant_types_supported"]) is (IDENTITY == "keycloak")


def test_every_step_of_the_main_job_happened(platform):
    printed = platform.printed

    assert "15 problem(s) in 15 row(s); nothing was taken in" in printed
    assert "unon: version 1 final, 2,260.9 tCO2e" in printed
    assert "statement: neutral, coverage 100 percent, on inventory version 1" in printed
    assert "missing: eca, ece, eclac, escap, unog, unov" in printed
    assert "Secretariat 2024: 90,738.8 tCO2e" in printed


def test_before_publication_unon_saw_nothing_of_escwa_and_the_public_nothing_at_all(platform):
    before = platform.printed.partition("Before publication")[2].partition("Another coordinator publishes")[0]
    nothing = "no inventory, 0 target(s), no statement, 0 retirement(s), no report"
    lines = [line.strip() for line in before.splitlines()]

    assert lines.count(f"escwa: {nothing}") == 2  # UNON's team, and without a token
    assert lines.count(f"unon: {nothing}") == 1  # without a token
    assert sum(line.startswith("unon: inventory v1 final") for line in lines) == 2


def test_one_query_joins_all_four_services(platform):
    found = whole(platform, "unon-chair", "unon")

    assert found["inventory"]["state"] == "final"
    assert {item["scope"] for item in found["inventory"]["byScope"]} == {1, 2, 3}
    assert found["targets"]["edges"][0]["node"]["progress"][0]["verdict"] == "on_track"
    assert found["offsetPosition"]["statement"]["status"] == "neutral"
    assert found["offsetPosition"]["remaining"]["value"] == "0"
    assert found["creditRetirements"]["edges"][0]["node"]["registry"] == "Illustrative Registry"
    assert found["progressReport"]["state"] == "accepted"


RECORDS = """
query Records($location: ID!, $year: Int!) { location(id: $location) { coordinates { latitude } inventory(year: $year) {
  total { value } steps { by } activityRecords(first: 5) { edges { node { id category } } } } } }"""


@pytest.mark.parametrize(
    ("persona", "location", "records", "coordinates"),
    [
        ("unon-technical", "unon", 5, True),
        ("unon-technical", "escwa", 0, False),
        ("coordinator", "escwa", 5, True),
        ("auditor", "escwa", 5, True),
        (None, "unon", 0, False),
        (None, "escwa", 0, False),
        ("dfs-environment", "unifil", 5, True),
        ("dfs-environment", "unon", 0, False),
    ],
)
def test_records_names_and_places_stay_with_those_who_may_read_there(platform, persona, location, records, coordinates):
    body = platform.ask(RECORDS, persona=persona, location=location, year=YEAR)
    found = body["data"]["location"]

    assert found["inventory"]["total"] is not None  # published
    assert len(found["inventory"]["activityRecords"]["edges"]) == records
    assert bool(found["inventory"]["steps"]) is bool(records)
    assert bool(found["coordinates"]) is coordinates


def test_published_totals_are_the_frozen_ones_exactly(platform):
    query = "{ consolidatedReport(year: 2024) { total { value } included { total { value } location { name } } } }"
    report = platform.ask(query, persona=None)["data"]["consolidatedReport"]
    assert sum(Decimal(item["total"]["value"]) for item in report["included"]) == Decimal(report["total"]["value"])
    assert {item["location"]["name"] for item in report["included"]} >= {"United Nations Office at Nairobi"}


@pytest.mark.parametrize(
    ("statement", "role"),
    [
        ("UPDATE inventory SET state = 'draft'", "serving"),
        ("UPDATE activity_record SET co2e_kg = 2 * co2e_kg", "serving"),
        ("DELETE FROM activity_record", "serving"),
        ("TRUNCATE activity_record", "serving"),
        (
            "INSERT INTO inventory_total SELECT id, location_id, 9, 'x', false, 1, 0, 1 FROM inventory",
            "serving",
        ),
        ("UPDATE activity_record SET co2e_kg = 2 * co2e_kg", "owner"),
        ("DELETE FROM inventory", "owner"),
    ],
)
async def test_a_final_inventory_cannot_be_changed_by_sql(platform, statement, role):
    postgres = EmbeddedPostgres.attach(platform.home / "pg", port=platform.run["ports"]["postgres"])
    connection = await asyncpg.connect(getattr(postgres.urls("inventory"), role))
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SELECT set_config('app.roots', 'secretariat', true)")
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await connection.execute(statement)
    finally:
        await transaction.rollback()
        await connection.close()


def test_the_whole_main_job_is_one_trace_through_gateway_services_and_events(platform):
    def spans():
        return [span for span in platform.collector.spans if span.trace_id == platform.trace_id]

    deadline = time.monotonic() + 20
    wanted = {
        ("gateway", "graphql ApproveInventory"),
        ("inventory", "use case data.approve"),
        ("targets", "consume lichen.inventory.inventory_finalised.v1"),
        ("offsets", "consume lichen.inventory.inventory_finalised.v1"),
        ("reporting", "consume lichen.targets.progress_assessed.v1"),
        ("reporting", "consume lichen.offsets.neutrality_statement_issued.v1"),
        ("inventory", "consume lichen.reporting.consolidated_report_published.v1"),
    }
    found: set[tuple[str, str]] = set()
    while time.monotonic() < deadline and not wanted <= found:
        found = {(span.service, span.name) for span in spans()}
        time.sleep(0.1)

    assert wanted <= found, wanted - found
    by_id = {span.span_id: span for span in spans()}
    consumed = next(span for span in spans() if span.name == "consume lichen.inventory.inventory_finalised.v1")
    decided = by_id[consumed.parent_id]
    assert (decided.service, decided.name) == ("inventory", "use case data.approve")
    assert by_id[by_id[decided.parent_id].parent_id].service == "gateway"


def test_log_lines_carry_the_trace(platform):
    lines = (platform.home / "logs" / "offsets.log").read_text()

    assert f'"trace_id":"{platform.trace_id}"' in lines


def test_no_token_and_no_secret_is_in_any_log_or_trace(platform):
    sent = [token for _, token in platform.tokens._kept.values()]
    good = platform.tokens.of("unon-chair")
    header, claims, signature = good.split(".")
    for bad in (f"{header}.{claims}.{signature[:-4]}AAAA", f"{header}.{claims}.", f"{good}{'a' * 20_000}"):
        platform.client.post(
            platform.run["gateway"], json={"query": "{ __typename }"}, headers={"authorization": f"Bearer {bad}"}
        )
    # An exporter sends spans in the order in which they end: with these, it has kept back none of before.
    last = uuid.uuid4().hex
    headers = {"traceparent": f"00-{last}-00f067aa0ba902b7-01"}
    platform.ask("{ locations(first: 1) { edges { node { id } } } }", persona="unon-chair", headers=headers)
    deadline = time.monotonic() + 20
    told: set[str] = set()
    while not told >= {"gateway", "inventory"}:
        assert time.monotonic() < deadline, told
        time.sleep(0.05)
        told = {span.service for span in platform.collector.spans if span.trace_id == last}
    secrets = [path.read_bytes().strip() for path in (platform.home / "secrets").iterdir()]

    written = {path: path.read_bytes() for path in platform.home.rglob("*.log")}
    kept = {f"trace {number}": body for number, body in enumerate(platform.collector.bodies)} | written
    wanted = [*secrets, *(part.encode() for token in [*sent, good] for part in token.split("."))]

    assert len(written) > 5
    assert len(platform.collector.bodies) > 5
    # Every JSON Web Token begins so, a header that we did not think of included.
    assert [place for place, text in kept.items() if re.search(rb"eyJ[A-Za-z0-9_-]{8}", text)] == []
    assert [place for place, text in kept.items() if any(part in text for part in wanted)] == []


def test_an_outside_subscriber_misses_nothing_over_a_restart(platform):
    script = str(ROOT / "docs" / "subscriber" / "subscribe.py")
    command = [sys.executable, script, platform.run["nats"], platform.run["issuer"], "ext-unep"]
    secret = (platform.home / "secrets" / "ext-unep").read_text()

    def listen_until(heard) -> list[str]:
        process = subprocess.Popen(
            command, env=os.environ | {"CLIENT_SECRET": secret}, stdout=subprocess.PIPE, text=True
        )
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        lines: list[str] = []
        while not heard(lines):
            lines.append(process.stdout.readline())
        process.kill()
        # It may have said, and acknowledged, more than was waited for: that is not said again.
        said = process.stdout.read()
        process.wait()
        watchdog.cancel()
        return [*lines, *said.splitlines(keepends=True)]

    first = listen_until(lambda lines: len(lines) == 1)
    batch = buy(platform, tonnes=3, key="subscriber")  # while it is stopped
    before = "".join(first)
    rest = listen_until(
        lambda lines: (batch in "".join(lines) and "credits_retired.v1" in before + "".join(lines)) or "" in lines
    )

    assert "credits_purchased.v1" in first[0]
    assert all(rest), "it was killed before it had heard everything"


def buy(platform, *, tonnes: int, key: str) -> str:
    """The id of a batch that was requested, approved and delivered for UNON."""

    def do(operation, persona, **variables):
        body = platform.ask(operation, persona=persona, input=variables)
        (result,) = body["data"].values()
        assert "code" not in result, result
        return result

    purchase = do(
        operations.REQUEST_PURCHASE, "coordinator", locationId="unon", year=YEAR, tonnes=tonnes,
        justification="journey", idempotencyKey=f"{key} request",
    )  # fmt: skip
    do(operations.APPROVE_PURCHASE, "approver", purchaseId=purchase["id"], idempotencyKey=f"{key} approve")
    serial = 5_000_000
    batch = do(
        operations.RECORD_DELIVERY, "procurement", purchaseId=purchase["id"], registry="Journey Registry",
        project=f"J-{key}", vintage=2022, serialFirst=str(serial), serialLast=str(serial + tonnes - 1),
        pricePerTonne="1.00", currency="USD", idempotencyKey=f"{key} deliver",
    )  # fmt: skip
    return batch["id"]


def lichen_audit(platform, *arguments) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "lichen.command", "audit", *arguments],
        env={"LICHEN_HOME": str(platform.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


def test_every_decision_of_the_main_job_is_on_the_record_and_the_records_are_whole(platform):
    done = {
        "inventory": ("registerLocation", "importActivityData", "submitInventory", "approveInventory"),
        "targets": ("setTarget", "lichen.inventory.inventory_finalised.v1"),
        "offsets": ("requestPurchase", "approvePurchase", "recordDelivery", "retireCredits"),
        "reporting": ("openReportingCycle", "acceptProgressReport", "publishConsolidatedReport"),
    }
    for service, actions in done.items():
        for action in actions:
            code, said = lichen_audit(platform, "list", service, "--action", action, "--outcome", "done", "--most", "1")
            assert code == 0, said
            assert f" {action} at " in said, (service, action)
    refused = lichen_audit(platform, "list", "inventory", "--outcome", "refused")[1]
    assert "importActivityData at unon" in refused

    deadline = time.monotonic() + 60
    while True:
        code, said = lichen_audit(platform, "verify")
        assert code == 0, said
        if all(line.endswith("all are sealed.") for line in said.splitlines()) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    lines = said.splitlines()
    assert len(lines) == 5
    assert all(line.endswith("all are sealed.") for line in lines), said


def test_an_auditor_reads_the_record_of_all_services_in_one_query_and_others_their_own(platform):
    query = """query($filter: AuditFilter) {
      inventoryAuditEntries(first: 100, filter: $filter) { edges { node { name action } } }
      targetsAuditEntries(first: 100, filter: $filter) { edges { node { name action } } }
      offsetsAuditEntries(first: 100, filter: $filter) { edges { node { name action } } }
      reportingAuditEntries(first: 100, filter: $filter) { edges { node { name action } } }
      accessAuditEntries(first: 100, filter: $filter) { edges { node { name action } } } }"""

    def names(persona, **wanted):
        body = platform.ask(query, persona=persona, filter=wanted or None)
        assert "errors" not in body, body
        return {
            field.removesuffix("AuditEntries"): {edge["node"]["name"] for edge in page["edges"]}
            for field, page in body["data"].items()
        }

    everything = names("auditor")
    assert all(everything.values())
    assert {"approver", "procurement"} <= everything["offsets"]
    own = names("approver")
    assert own == {"inventory": set(), "targets": set(), "offsets": {"approver"}, "reporting": set(), "access": set()}
    assert set().union(*names(None).values()) == set()


async def test_a_forger_with_the_administrators_rights_is_named_by_the_entry(platform):
    """Triggers off, an entry edited, and put back afterwards."""
    postgres = EmbeddedPostgres.attach(platform.home / "pg", port=platform.run["ports"]["postgres"])
    connection = await asyncpg.connect(postgres.admin_url.removesuffix("/postgres") + "/offsets")
    try:
        await connection.execute("SET session_replication_role = replica")
        before = await connection.fetchval("UPDATE audit_entry SET name = 'nobody' WHERE seq = 3 RETURNING id")
        code, said = lichen_audit(platform, "verify")
        assert (code, before in said) == (1, True)
        assert f"offsets: NOT AS IT WAS WRITTEN. First: entry 3 ({before}), altered" in said
    finally:
        await connection.execute("UPDATE audit_entry SET name = 'inventory' WHERE seq = 3")
        await connection.close()
    assert lichen_audit(platform, "verify")[0] == 0
