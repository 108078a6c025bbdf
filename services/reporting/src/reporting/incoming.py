"""The event edge of *reporting*. The table at the foot says what happens when.

`ConsolidatedReportPublished` is its own: it marks what is public in the transaction that publishes.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations
from chassis.audit.sealing import keep_seal
from chassis.inbox import EventUnreadable, Handler
from contracts.audit import AccessAuditSealed, InventoryAuditSealed, OffsetsAuditSealed, TargetsAuditSealed
from contracts.fact import Amount, Fact
from contracts.inventory import CategoryTotal, InventoryFinalised, LocationClosed, LocationMoved, LocationRegistered
from contracts.offsets import NeutralityStatementIssued
from contracts.targets import ProgressAssessed
from reporting.domain.figure import Figure, Figures, Section
from reporting.store import figures

__all__ = ["SUBSCRIPTIONS"]


async def location_registered(tx: AsyncConnection, event: LocationRegistered, _now: datetime) -> None:
    await locations.register_from_event(tx, event)


async def location_moved(tx: AsyncConnection, event: LocationMoved, _now: datetime) -> None:
    await locations.move_from_event(tx, event)


async def location_closed(tx: AsyncConnection, event: LocationClosed, _now: datetime) -> None:
    await locations.close_from_event(tx, event)


async def inventory_finalised(tx: AsyncConnection, event: InventoryFinalised, _now: datetime) -> None:
    found = Figures(
        inventory_id=event.inventory_id,
        inventory_version=event.inventory_version,
        figures=(
            _emissions(Section.TOTAL, "co2e", event.total),
            *(_emissions(Section.SCOPE, str(item.scope), item.co2e) for item in event.by_scope),
            *(_category(item) for item in event.by_category),
            *(_figure(Section.INDICATOR, name, amount) for name, amount in sorted(event.indicators.items())),
        ),
    )
    await figures.add_inventory(tx, found, location_id=event.location_id, year=event.year)


async def progress_assessed(tx: AsyncConnection, event: ProgressAssessed, _now: datetime) -> None:
    await figures.add_progress(
        tx,
        assessment_id=event.assessment_id,
        location_id=event.location_id,
        year=event.year,
        target_id=event.target_id,
        inventory_version=event.inventory_version,
        indicator=event.indicator,
        value=event.value.value,
        unit=event.value.unit,
        verdict=event.verdict,
    )


async def neutrality_statement_issued(tx: AsyncConnection, event: NeutralityStatementIssued, _now: datetime) -> None:
    await figures.add_standing(
        tx,
        statement_id=event.statement_id,
        location_id=event.location_id,
        year=event.year,
        inventory_version=event.inventory_version,
        coverage_percent=event.coverage.value,
        status=event.status,
    )


def _category(item: CategoryTotal) -> Figure:
    """Keyed by its scope too: a category may have emissions of more than one."""
    figure = _emissions(Section.OPTIONAL if item.optional else Section.CATEGORY, item.category, item.co2e)
    return replace(figure, key=f"{item.scope}/{item.category}", note=f"scope {item.scope}")


def _emissions(section: Section, name: str, amount: Amount) -> Figure:
    """What consolidation will sum. Refuses: EventUnreadable in another unit than kgCO2e."""
    if amount.unit != "kgCO2e":
        message = f"{section} {name} is in {amount.unit}, not in kgCO2e"
        raise EventUnreadable(message)
    return _figure(section, name, amount)


def _figure(section: Section, name: str, amount: Amount) -> Figure:
    return Figure(section=section, key=name, name=name, value=amount.value, unit=amount.unit)


SUBSCRIPTIONS: Mapping[type[Fact], Handler] = {
    LocationRegistered: location_registered,
    LocationMoved: location_moved,
    LocationClosed: location_closed,
    InventoryFinalised: inventory_finalised,
    ProgressAssessed: progress_assessed,
    NeutralityStatementIssued: neutrality_statement_issued,
    InventoryAuditSealed: keep_seal,
    TargetsAuditSealed: keep_seal,
    OffsetsAuditSealed: keep_seal,
    AccessAuditSealed: keep_seal,
}
