"""Records that the matrix's cases name, each of unon.

They are finished with, so that who holds the right meets the domain's refusal.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from access import usecases as access
from chassis.access import Principal
from contracts.access import Role
from inventory import usecases as inventory
from inventory.domain.completeness import NotationKey
from inventory.domain.import_job import ImportOrder
from inventory.domain.instrument import InstrumentKind
from inventory.store import records
from offsets import usecases as offsets
from reporting import usecases as reporting
from targets import usecases as targets
from tests.access.conftest import EDITION, PEOPLE, VAULT

if TYPE_CHECKING:
    from tests.access.conftest import AnyService

__all__ = ["NOW", "SEEDS", "YEAR", "Seed"]

YEAR = 2024
NOW = datetime(2025, 3, 1, tzinfo=UTC)
Seed = dict[str, str]
"""Ids of the records that the cases name: `$name` in an input stands for one."""


async def seed_access(bed: "AnyService", who: Callable[[str], Principal]) -> Seed:
    """At unon, one membership that ended, and one that nobody attested for more than half a year."""
    async with bed.transaction() as tx:
        given = [
            await access.add_member(
                tx, principal=who("1"), now=NOW, people=PEOPLE, location_id="unon", user_name=user_name,
                role=Role.TECHNICAL_TEAM, valid_from=None, valid_until=None, justification="j", substitutes_id=None,
            )
            for user_name in ("amina", "baraka")
        ]  # fmt: skip
        await access.end_membership(tx, principal=who("2"), now=NOW, membership_id=given[0].id, reason="r")
    return {"ended": given[0].id, "active": given[1].id}


async def seed_inventory(bed: "AnyService", who: Callable[[str], Principal]) -> Seed:
    row = "site,category,item,start,end,amount,unit,treatment,passengers,quality\n"
    row += "unon,water,borehole,2024-01-01,2024-06-30,7,m3,,,measured"
    async with bed.transaction() as tx:
        taken = await inventory.import_activity_data(
            tx,
            principal=who("1"),
            now=NOW,
            location_id="unon",
            year=YEAR,
            file_name="f",
            content=row.encode(),
            vault=VAULT,
        )
        attached = await inventory.attach_evidence(
            tx, principal=who("1"), now=NOW, vault=VAULT, limit_bytes=10_000, inventory_id=taken.inventory_id,
            record_id=None, import_id=None, file_name="f.txt", content=b"text", is_sensitive=False, note=None,
        )  # fmt: skip
        await inventory.detach_evidence(tx, principal=who("1"), now=NOW, evidence_id=attached.id, reason="r")
        (record,) = await records.page(tx, inventory_id=taken.inventory_id, limit=1, after=None)
        proposal_id = await _decided_base_year(tx, who)
        bought = await inventory.record_instrument(
            tx, principal=who("1"), now=NOW, location_id="unon", year=YEAR, kind=InstrumentKind.GREEN_TARIFF,
            market="KEN", source="wind", amount=Decimal(1), unit="kWh", co2e_kg_per_kwh=Decimal(0), reference="seed",
            redeemed_on=date(2024, 12, 31), evidence="e",
        )  # fmt: skip
        await inventory.cancel_instrument(tx, principal=who("1"), now=NOW, instrument_id=bought.id, reason="r")
        stated = await inventory.state_source(
            tx, principal=who("1"), now=NOW, location_id="unon", year=YEAR, site_id=None, category="rail_travel",
            first_month=None, last_month=None, key=NotationKey.NOT_OCCURRING, reason="r",
        )  # fmt: skip
        await inventory.withdraw_source_statement(tx, principal=who("1"), now=NOW, statement_id=stated.id, reason="r")
        premises_id = await _shared_premises(tx, who)
        undone = await inventory.import_activity_data(
            tx, principal=who("1"), now=NOW, location_id="unon", year=YEAR, file_name="f",
            content=row.replace("borehole", "tanker").encode(), vault=VAULT,
        )  # fmt: skip
        await inventory.undo_import(tx, principal=who("1"), now=NOW, import_id=undone.id, reason="r")
        order = ImportOrder(location_id="unon", year=YEAR, file_name="f")
        job = await inventory.request_import(tx, principal=who("1"), now=NOW, order=order, content=row.encode())
        await inventory.cancel_import(tx, principal=who("1"), now=NOW, job_id=job.id)
        proposed = await inventory.propose_edition_adoption(
            tx, principal=who("1"), now=NOW, root="secretariat", edition_id=EDITION, reason="r"
        )
        await inventory.withdraw_edition_adoption(tx, principal=who("1"), now=NOW, proposal_id=proposed.id, reason="r")
    return {
        "import": undone.id,
        "job": job.id,
        "inventory": taken.inventory_id,
        "proposal": proposal_id,
        "instrument": bought.id,
        "statement": stated.id,
        "premises": premises_id,
        "record": str(record.id),
        "evidence": attached.id,
        "adoption": proposed.id,
    }


async def _shared_premises(tx: AsyncConnection, who: Callable[[str], Principal]) -> str:
    """A building of unon whose tenants are below it and beside it: they see it, and decide nothing of it."""
    shared = await inventory.register_premises(
        tx, principal=who("1"), now=NOW, location_id="unon", name="Block A", gross_area_m2=Decimal(1000),
        valid_from=date(2020, 1, 1), valid_to=None,
    )  # fmt: skip
    for tenant_id in ("unon-gigiri", "escwa"):
        await inventory.set_tenancy(
            tx, principal=who("1"), now=NOW, premises_id=shared.id, tenant_id=tenant_id, outside_party=None,
            net_area_m2=Decimal(100), occupancy=Decimal(1), valid_from=date(2020, 1, 1), valid_to=None,
            replaces_id=None, reason=None,
        )  # fmt: skip
    return shared.id


async def _decided_base_year(tx: AsyncConnection, who: Callable[[str], Principal]) -> str:
    """Of 2023, whose inventory was corrected; it was recalculated, so that nothing more is to do."""
    row = "site,category,item,start,end,amount,unit,quality\n"
    row += "unon,refrigerant,HFC-134a,2023-01-01,2023-01-31,7,kg,measured"
    where = {"location_id": "unon", "year": YEAR - 1}
    taken = await inventory.import_activity_data(
        tx,
        principal=who("1"),
        now=NOW,
        **where,
        file_name="f",
        content=row.encode(),
        vault=VAULT,
    )
    version_id = taken.inventory_id
    for number in range(2):
        if number:
            corrected = await inventory.correct_inventory(
                tx, principal=who("1"), now=NOW, inventory_id=version_id, reason="r"
            )
            version_id = corrected.id
            cells = {"site": "unon", "category": "refrigerant", "item": "HFC-134a", "start": "2023-02-01",
                     "end": "2023-02-28", "amount": "1", "unit": "kg", "quality": "measured"}  # fmt: skip
            await inventory.correct_activity_record(
                tx, principal=who("1"), now=NOW, inventory_id=version_id, record_id=None, cells=cells, reason="r"
            )
        await inventory.submit_inventory(tx, principal=who("1"), now=NOW, **where)
        await inventory.approve_inventory(tx, principal=who("2"), now=NOW, inventory_id=version_id)
        if not number:
            await inventory.set_base_year(
                tx, principal=who("2"), now=NOW, **where, target_id=None, threshold_percent=Decimal(5), reason="r"
            )
    proposal = await inventory.propose_recalculation(
        tx, principal=who("1"), now=NOW, location_id="unon", target_id=None, recalculate=True, reason="r"
    )
    await inventory.decide_recalculation(
        tx, principal=who("2"), now=NOW, proposal_id=proposal.id, approve=True, reason=None
    )
    return proposal.id


async def seed_targets(bed: "AnyService", who: Callable[[str], Principal]) -> Seed:
    async with bed.transaction() as tx:
        found = await targets.set_target(
            tx, principal=who("1"), now=NOW, location_id="unon", indicator="electricity", unit="kWh", base_year=2014,
            base_value=Decimal(10), target_year=2034, target_value=Decimal(5),
        )  # fmt: skip
    return {"target": found.id}


async def seed_offsets(bed: "AnyService", who: Callable[[str], Principal]) -> Seed:
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


async def seed_reporting(bed: "AnyService", who: Callable[[str], Principal]) -> Seed:
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
