"""Files of records, totals and figures: what the lists of GraphQL show to the caller, to keep."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import locations as register
from chassis.access import ANONYMOUS, Principal, can
from chassis.audit.writing import decided_at
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from contracts.access import Capability
from inventory import access
from inventory.domain.export import FIGURES, RECORDS, ROWS_MAX, TOTALS, Column, Extent, Form, require_fits
from inventory.domain.figures import Figure, FiguresAsked
from inventory.domain.method import CO2E_UNIT, unit_of
from inventory.exports import writer_of
from inventory.store import exports, figures
from inventory.store.exports import Version

__all__ = ["Export", "export_figures", "export_records", "export_totals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file that was made."""

    id: str
    """Of the inventory, or of the location, that it is about."""
    name: str
    rows: int
    extent: Extent


async def export_records(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    inventory_id: str,
    form: Form,
    category: str | None,
    file: IO[bytes],
) -> Export:
    """Write the records of a version that the caller may see, in the order in which they came.

    Refuses, in this order: NotSignedIn; NotFound; ExportTooLarge; NotPermitted where the version is public and none of
    its records is for the caller.
    """
    if principal is ANONYMOUS:
        raise NotSignedIn(capability=access.READ)
    of, extent, lacking = await _version(tx, principal, inventory_id)
    found = exports.records(
        tx, inventory_id=inventory_id, category=category, now=now, extent=extent, most=ROWS_MAX[form]
    )
    rows = await _write(found, form=form, file=file, columns=RECORDS, about=_about(of, extent, now), at=_at(of, now))
    if not rows and lacking is not None:
        raise NotPermitted(capability=lacking, location_id=of.location_id)
    part = "" if category is None else f"-{category}"
    return Export(id=of.id, name=_name(of, f"records{part}", form), rows=rows, extent=extent)


async def export_totals(
    tx: AsyncConnection, *, principal: Principal, now: datetime, inventory_id: str, form: Form, file: IO[bytes]
) -> Export:
    """Write the totals of a version by site, scope and category. What is published is for everybody.

    Refuses: NotFound; ExportTooLarge.
    """
    of, _, _ = await _version(tx, principal, inventory_id)
    found = exports.totals(tx, inventory_id=inventory_id, now=now, extent=Extent.WHOLE, most=ROWS_MAX[form])
    about = _about(of, Extent.WHOLE, now)
    rows = await _write(found, form=form, file=file, columns=TOTALS, about=about, at=_at(of, now))
    return Export(id=of.id, name=_name(of, "totals", form), rows=rows, extent=Extent.WHOLE)


async def export_figures(
    tx: AsyncConnection, *, now: datetime, asked: FiguresAsked, form: Form, file: IO[bytes]
) -> Export:
    """Write sums over the final inventories that the caller may see, of a location and everything under it.

    Refuses, in this order: NotFound for a location that is not registered; as `store.figures.figures`.
    """
    # open: row security shows what the caller may see
    if await register.place(tx, asked.location_id) is None:
        raise NotFound(kind="location", key=asked.location_id)
    decided_at.set(asked.location_id)
    found = await figures.figures(tx, asked)
    extent = Extent.PART if found.withheld else Extent.WHOLE

    async def groups() -> AsyncIterator[Sequence[Any]]:
        yield [_figure_row(item, asked, withheld=found.withheld, periods=found.periods) for item in found.figures]

    about = (
        ("Under", asked.location_id),
        ("Told apart by", ", ".join(sorted(asked.by))),
        ("Versions", "final now" if asked.as_of is None else f"final at {_instant(asked.as_of)}"),
        ("Extent", extent.value),
        ("Made", _instant(now)),
    )
    rows = await _write(groups(), form=form, file=file, columns=FIGURES, about=about, at=asked.as_of or now)
    name = f"{asked.location_id}-figures.{form.value}"
    return Export(id=asked.location_id, name=name, rows=rows, extent=extent)


def _figure_row(item: Figure, asked: FiguresAsked, *, withheld: int, periods: Mapping[date, date]) -> tuple[Any, ...]:
    return (
        asked.location_id, asked.tree.value, asked.calendar.value, asked.as_of, item.location_id, item.year, item.month,
        item.scope, item.category, item.stream, item.gas, asked.optional, item.kg, unit_of(item.gas),
        item.market_based_co2e_kg, None if item.market_based_co2e_kg is None else CO2E_UNIT, item.biogenic_co2_kg,
        None if item.biogenic_co2_kg is None else "kg", item.apportioned_co2e_kg,
        None if item.apportioned_co2e_kg is None else CO2E_UNIT, item.records, item.inventories, withheld,
        item.reporting_period, None if item.reporting_period is None else periods[item.reporting_period],
    )  # fmt: skip


async def _version(
    tx: AsyncConnection, principal: Principal, inventory_id: str
) -> tuple[Version, Extent, Capability | None]:
    """The version, whether the caller sees all of it, and if not, what is lacking. Refuses: NotFound."""
    of = await exports.version(tx, inventory_id)
    if of is None:
        raise NotFound(kind="inventory", key=inventory_id)
    # For the audit record.
    decided_at.set(of.location_id)
    place = await register.place(tx, of.location_id)
    held = [asked for asked in (access.READ, access.READ_SENSITIVE) if place and can(principal, asked, place)]
    lacking = next((asked for asked in (access.READ, access.READ_SENSITIVE) if asked not in held), None)
    return of, Extent.WHOLE if lacking is None else Extent.PART, lacking


async def _write(
    found: AsyncIterator[Sequence[Any]],
    *,
    form: Form,
    file: IO[bytes],
    columns: Sequence[Column],
    about: Sequence[tuple[str, str]],
    at: datetime,
) -> int:
    """Write all groups, each beside the event loop. How many rows there were. Refuses: ExportTooLarge."""
    writer = writer_of(form, file, columns=columns, about=about, at=at)
    rows = 0
    try:
        async for group in found:
            rows += len(group)
            require_fits(rows, form=form)
            await asyncio.to_thread(writer.write, group)
    finally:
        # Also of a file that nobody gets: what a writer holds goes with it.
        await asyncio.to_thread(writer.close)
    return rows


def _about(of: Version, extent: Extent, now: datetime) -> tuple[tuple[str, str], ...]:
    return (
        ("Inventory", of.id),
        ("Location", f"{of.location_id} ({of.location_name})"),
        ("Year", str(of.year)),
        ("Version", str(of.version)),
        ("State", of.state),
        ("Content date", _instant(_at(of, now))),
        ("Extent", extent.value),
        ("GWP set", of.gwp_set),
        ("Edition of the method", of.method_edition),
        ("Precision", "A spreadsheet keeps 15 digits of a figure; the CSV file has all of them."),
    )


def _at(of: Version, now: datetime) -> datetime:
    """When the contents were as they are: a final version changes no more."""
    return of.final_at or now


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _name(of: Version, what: str, form: Form) -> str:
    return f"{of.location_id}-{of.year}-v{of.version}-{what}.{form.value}"
