"""Every service takes in every event that it subscribes to, and none of it where the event's location is unknown."""

from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module

import asyncpg
import pytest

from chassis.audit.hashing import chained, genesis, leaf_hash, merkle_root
from chassis.database import Database
from chassis.inbox import Inbox, Outcome
from chassis.testing import message_of, registered
from contracts.audit import SEALS
from contracts.catalogue import SERVICES
from contracts.fact import Amount, Fact
from contracts.inventory import (
    CategoryTotal,
    InventoryFinalised,
    LocationClosed,
    LocationMoved,
    LocationRegistered,
    ScopeTotal,
)
from contracts.offsets import NeutralityStatementIssued
from contracts.reporting import ConsolidatedReportPublished, IncludedLocation
from contracts.targets import ProgressAssessed

ROOT = "secretariat"
PATHS = {ROOT: ROOT, "unon": "secretariat.unon", "escwa": "secretariat.escwa"}
KILOGRAMS = Amount(value=Decimal("1234.5678901"), unit="kgCO2e")
KWH = Amount(value=Decimal("0.0000001"), unit="kWh")


EXAMPLES: dict[type[Fact], Fact] = {
    LocationRegistered: registered("unon", PATHS["unon"]),
    LocationMoved: LocationMoved(
        location_id="unon", from_parent_id=ROOT, parent_id="escwa", path="secretariat.escwa.unon",
        moved_on=date(2024, 7, 1), reason="r",
    ),
    LocationClosed: LocationClosed(
        location_id="unon", closed_on=date(2024, 7, 1), kind="closed", into_id=None, recipient=None, reason="r",
    ),
    InventoryFinalised: InventoryFinalised(
        location_id="unon", inventory_id="i", year=2024, inventory_version=1, gwp_set="AR5", total=KILOGRAMS,
        by_scope=(ScopeTotal(scope=1, co2e=KILOGRAMS),),
        by_category=(CategoryTotal(scope=1, category="diesel", co2e=KILOGRAMS, optional=False),),
        indicators={"electricity": KWH}, approved_by="unon-chair",
    ),
    ProgressAssessed: ProgressAssessed(
        location_id="unon", target_id="t", assessment_id="a", indicator="electricity", year=2024, value=KWH,
        expected=KWH, reduction=Amount(value=Decimal(-3), unit="percent"), verdict="on_track", inventory_id="i",
        inventory_version=1,
    ),
    NeutralityStatementIssued: NeutralityStatementIssued(
        location_id="unon", statement_id="s", year=2024, inventory_id="i", inventory_version=1,
        need=Amount(value=Decimal(2), unit="tCO2e"), retired=Amount(value=Decimal(1), unit="tCO2e"),
        coverage=Amount(value=Decimal(50), unit="percent"), status="partial",
    ),
    ConsolidatedReportPublished: ConsolidatedReportPublished(
        location_id=ROOT, report_id="r", year=2024,
        included=(IncludedLocation(location_id="unon", inventory_id="i", inventory_version=1, total=KILOGRAMS),),
        missing=("escwa",), total=KILOGRAMS,
    ),
}  # fmt: skip
LEAF = leaf_hash(b"what was done")
EXAMPLES |= {
    seal: seal(
        location_id=ROOT, service=source, first_seq=1, last_seq=1, leaves=b64encode(LEAF).decode(),
        root=merkle_root([LEAF]).hex(), chain_head=chained(genesis(source), seq=1, leaf=LEAF).hex(),
        sealed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    for source, seal in SEALS.items()
}  # fmt: skip
OF_NO_PLACE = {ConsolidatedReportPublished, *SEALS.values()}
"""What is published is marked by location and year alone, and a seal is of a whole record: they may come before the
register does."""
HEARD = [
    pytest.param(service, fact, id=f"{service}-{fact.__name__}")
    for service in SERVICES
    for fact in import_module(f"{service}.incoming").SUBSCRIPTIONS
]


class Listener:
    """A service's inbox on a database of its own, and all that is in that database."""

    def __init__(self, service, urls, admin_url):
        self.database = Database.connect(urls.serving, pool_size=2)
        self.inbox = Inbox(self.database, import_module(f"{service}.incoming").SUBSCRIPTIONS, root=ROOT)
        self.admin_url = f"{admin_url.rpartition('/')[0]}/{urls.owner.rpartition('/')[2]}"

    async def hear(self, fact: Fact, *, event_id: str | None = None) -> Outcome:
        message = message_of(fact, path=PATHS[fact.location_id], event_id=event_id)
        return await self.inbox.take(message)

    async def know(self, *codes: str) -> None:
        """Register these locations, where the service hears of them at all."""
        for code in codes:
            await self.hear(registered(code, PATHS[code]))

    async def contents(self) -> dict[str, list[str]]:
        """Every row of every table, also of those that row security hides."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            return {
                name: sorted(row["row"] for row in await connection.fetch(f'SELECT t::text AS row FROM "{name}" t'))  # noqa: S608
                for (name,) in tables
            }
        finally:
            await connection.close()


@pytest.fixture
async def listener_of(database_for, postgres_server):
    made = []

    def make(service):
        made.append(Listener(service, database_for(service), postgres_server.admin_url))
        return made[-1]

    yield make
    for listener in made:
        await listener.database.close()


@pytest.mark.parametrize(("service", "fact"), HEARD)
async def test_an_event_is_taken_in_once_its_location_is_known(listener_of, service, fact):
    listener = listener_of(service)
    await listener.know(ROOT, *(["unon", "escwa"] if fact is not LocationRegistered else []))
    before = await listener.contents()

    assert await listener.hear(EXAMPLES[fact], event_id="e") == Outcome.APPLIED

    after = await listener.contents()
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"inbox", "inbox_position", "audit_entry", "audit_head"} != set()
    # A seal has its own row and no entry: that would be sealed in turn, for ever.
    assert ("audit_entry" in changed) is (fact not in SEALS.values())
    assert await listener.hear(EXAMPLES[fact], event_id="e") == Outcome.DUPLICATE
    assert await listener.contents() == after


@pytest.mark.parametrize(("service", "fact"), [item for item in HEARD if item.values[1] not in OF_NO_PLACE])
async def test_an_event_of_an_unknown_location_waits_and_leaves_nothing(listener_of, service, fact):
    listener = listener_of(service)
    await listener.know(*([ROOT] if fact is not LocationRegistered else []))
    before = await listener.contents()

    with pytest.raises(Exception, match=r"row-level security|not registered"):
        await listener.hear(EXAMPLES[fact], event_id="e")

    assert await listener.contents() == before
    await listener.know(*([ROOT] if fact is LocationRegistered else ["unon", "escwa"]))
    assert await listener.hear(EXAMPLES[fact], event_id="e") == Outcome.APPLIED


@pytest.mark.parametrize(("service", "fact"), [item for item in HEARD if item.values[1] in OF_NO_PLACE])
async def test_what_is_published_may_come_before_the_register(listener_of, service, fact):
    listener = listener_of(service)

    assert await listener.hear(EXAMPLES[fact]) == Outcome.APPLIED
    table = "publication" if fact is ConsolidatedReportPublished else "audit_witness"
    assert len((await listener.contents())[table]) == 1
