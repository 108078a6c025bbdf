"""SQL of what other services measured: the newest of each is what a report freezes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from reporting.domain.figure import Figure, Figures, Section
from reporting.tables import inventory_figure, neutrality_standing, progress_figure

__all__ = ["add_inventory", "add_progress", "add_standing", "current", "figure_of", "values_of"]

AnyRow = Row[*tuple[Any, ...]]


def figure_of(row: AnyRow) -> Figure:
    return Figure(
        section=Section(row.section), key=row.key, name=row.name, value=row.value, unit=row.unit, note=row.note
    )


def values_of(figure: Figure) -> dict[str, Any]:
    return {
        "section": figure.section.value,
        "key": figure.key,
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "note": figure.note,
    }


async def add_inventory(tx: AsyncConnection, figures: Figures, *, location_id: str, year: int) -> None:
    head = {
        "location_id": location_id,
        "year": year,
        "inventory_id": figures.inventory_id,
        "inventory_version": figures.inventory_version,
    }
    rows = [head | values_of(figure) for figure in figures.figures]
    await tx.execute(insert(inventory_figure).on_conflict_do_nothing(), rows)


async def add_progress(tx: AsyncConnection, **values: Any) -> None:
    await tx.execute(insert(progress_figure).values(**values).on_conflict_do_nothing())


async def add_standing(tx: AsyncConnection, **values: Any) -> None:
    await tx.execute(insert(neutrality_standing).values(**values).on_conflict_do_nothing())


async def current(tx: AsyncConnection, *, location_id: str, year: int) -> Figures | None:
    """The newest final inventory of the year, with progress and standing on it; None before there is one.

    Progress and standing may not have been heard of yet: then the report lacks them, and says nothing.
    """
    here = (inventory_figure.c.location_id == location_id) & (inventory_figure.c.year == year)
    newest = select(inventory_figure.c.inventory_version).where(here)
    rows = (
        await tx.execute(
            select(inventory_figure)
            .where(
                here,
                inventory_figure.c.inventory_version.in_(
                    newest.order_by(inventory_figure.c.inventory_version.desc()).limit(1)
                ),
            )
            .order_by(inventory_figure.c.section, inventory_figure.c.key)
        )
    ).all()
    if not rows:
        return None
    version = rows[0].inventory_version
    return Figures(
        inventory_id=rows[0].inventory_id,
        inventory_version=version,
        figures=(
            *(figure_of(row) for row in rows),
            *await _progress(tx, location_id=location_id, year=year, inventory_version=version),
            *await _standing(tx, location_id=location_id, year=year, inventory_version=version),
        ),
    )


async def _progress(tx: AsyncConnection, *, location_id: str, year: int, inventory_version: int) -> Sequence[Figure]:
    rows = await tx.execute(
        select(progress_figure)
        .where(
            progress_figure.c.location_id == location_id,
            progress_figure.c.year == year,
            progress_figure.c.inventory_version == inventory_version,
        )
        .order_by(progress_figure.c.target_id)
    )
    return [
        Figure(
            section=Section.PROGRESS,
            key=row.target_id,
            name=row.indicator,
            value=row.value,
            unit=row.unit,
            note=row.verdict,
        )
        for row in rows
    ]


async def _standing(tx: AsyncConnection, *, location_id: str, year: int, inventory_version: int) -> Sequence[Figure]:
    # Statement ids are time-ordered: the highest is the newest.
    rows = await tx.execute(
        select(neutrality_standing)
        .where(
            neutrality_standing.c.location_id == location_id,
            neutrality_standing.c.year == year,
            neutrality_standing.c.inventory_version == inventory_version,
        )
        .order_by(neutrality_standing.c.statement_id.desc())
        .limit(1)
    )
    return [
        Figure(
            section=Section.NEUTRALITY,
            key="coverage",
            name="coverage",
            value=row.coverage_percent,
            unit="percent",
            note=row.status,
        )
        for row in rows
    ]
