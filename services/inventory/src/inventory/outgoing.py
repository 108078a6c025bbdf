"""The only maker of the events of *inventory*."""

from collections.abc import Sequence
from decimal import Decimal

from contracts.fact import Amount
from contracts.inventory import (
    CategoryTotal,
    InventoryFinalised,
    InventorySubmitted,
    LocationClosed,
    LocationMoved,
    LocationRegistered,
    ScopeTotal,
)
from inventory.domain.inventory import Inventory, Totals
from inventory.domain.location import Location
from inventory.domain.location_change import LocationChange, LocationChangeKind
from inventory.domain.method import CO2E_UNIT, GWP_SET_NAME, Indicator

__all__ = ["inventory_finalised", "inventory_submitted", "location_closed", "location_moved", "location_registered"]


def location_registered(location: Location, *, path: str) -> LocationRegistered:
    return LocationRegistered(
        location_id=location.id,
        title=location.name,
        kind=location.kind,
        parent_id=location.parent_id,
        path=path,
        country=location.country,
        valid_from=location.valid_from,
        valid_to=location.valid_to,
    )


def location_moved(change: LocationChange, *, path: str) -> LocationMoved:
    return LocationMoved(
        location_id=change.location_id,
        from_parent_id=change.from_parent_id,
        parent_id=change.parent_id,
        path=path,
        moved_on=change.on,
        reason=change.reason,
    )


def location_closed(change: LocationChange) -> LocationClosed:
    return LocationClosed(
        location_id=change.location_id,
        closed_on=change.on,
        kind=change.kind,
        into_id=change.parent_id if change.kind == LocationChangeKind.MERGED else None,
        recipient=change.recipient,
        reason=change.reason,
    )


def inventory_submitted(inventory: Inventory) -> InventorySubmitted:
    return InventorySubmitted(
        location_id=inventory.location_id,
        inventory_id=inventory.id,
        year=inventory.year,
        inventory_version=inventory.version,
        submitted_by=inventory.steps[-1].by.name,
    )


def inventory_finalised(inventory: Inventory, *, totals: Totals, indicators: Sequence[Indicator]) -> InventoryFinalised:
    categories = (
        (totals.co2e_kg_by_category, False),
        (totals.optional_co2e_kg_by_category, True),
    )
    return InventoryFinalised(
        location_id=inventory.location_id,
        inventory_id=inventory.id,
        year=inventory.year,
        inventory_version=inventory.version,
        gwp_set=GWP_SET_NAME,
        total=_co2e(totals.co2e_kg),
        by_scope=tuple(
            ScopeTotal(scope=scope, co2e=_co2e(kg)) for scope, kg in sorted(totals.co2e_kg_by_scope.items())
        ),
        by_category=tuple(
            CategoryTotal(scope=category.scope, category=category, co2e=_co2e(kg), optional=optional)
            for by_category, optional in categories
            for category, kg in sorted(by_category.items())
        ),
        indicators={item.name: Amount(value=item.value, unit=item.unit) for item in indicators},
        approved_by=inventory.steps[-1].by.name,
        corrects_id=None if inventory.correction is None else inventory.correction.corrects_id,
        correction_cause=None if inventory.correction is None else inventory.correction.cause,
        correction_reason=None if inventory.correction is None else inventory.correction.reason,
        scope2_market_based=_co2e_if_known(totals.scope2_market_co2e_kg),
        total_market_based=_co2e_if_known(totals.market_based_co2e_kg),
    )


def _co2e_if_known(kg: Decimal | None) -> Amount | None:
    return None if kg is None else _co2e(kg)


def _co2e(kg: Decimal) -> Amount:
    return Amount(value=kg, unit=CO2E_UNIT)
