"""What sources are expected, what is stated of those without records, and the board of both."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from chassis.refusals import NotFound
from inventory import access
from inventory.domain.completeness import (
    Months,
    NotationKey,
    SourceExpectation,
    SourceStatement,
    expectation_to_declare,
    month_after,
    months_of,
    statement_to_make,
)
from inventory.store import completeness, inventories, locations
from inventory.usecases.imports import open_inventory

__all__ = ["expect_source", "state_source", "withdraw_source_statement"]


async def expect_source(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    category: str,
    first_month: date,
    last_month: date | None,
    expected: bool,
    reason: str,
) -> SourceExpectation:
    """Declare that a site reports a source, or does not any more; earlier declarations stay.

    Refuses, in this order: as `permitted`; MonthsMalformed; as `domain.completeness.expectation_to_declare`.
    """
    await permitted(tx, principal, access.EXPECT_SOURCE, location_id=location_id)
    after = None if last_month is None else month_after(last_month.replace(day=1))
    declared = expectation_to_declare(
        expectation_id=new_id(),
        location_id=location_id,
        category=category,
        months=Months(first=first_month.replace(day=1), next=after),
        expected=expected,
        reason=reason,
        by=principal.person,
        at=now,
    )
    await completeness.add_expectation(tx, declared)
    return declared


async def state_source(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    year: int,
    site_id: str | None,
    category: str,
    first_month: date | None,
    last_month: date | None,
    key: NotationKey,
    reason: str,
) -> SourceStatement:
    """Say why a source of a site has no records, in the draft of a location and year.

    Refuses, in this order: as `permitted`; InventoryYearOutOfRange; InventoryIsFinal or WrongState; NotFound for a site
    elsewhere; MonthsMalformed; as `domain.completeness.statement_to_make`.
    """
    place = await permitted(tx, principal, access.STATE_SOURCE, location_id=location_id)
    draft = await open_inventory(tx, principal=principal, now=now, location_id=location_id, year=year)
    draft.require_accepts_data()
    site = location_id if site_id is None else site_id
    if site not in await locations.places_under(tx, place.path):
        raise NotFound(kind="location", key=site)
    made = statement_to_make(
        statement_id=new_id(),
        inventory_id=draft.id,
        location_id=site,
        category=category,
        months=months_of(year, first=first_month, last=last_month),
        year=year,
        key=key,
        reason=reason,
        reported=await completeness.reported_months(tx, inventory_id=draft.id, location_id=site, category=category),
        standing=await completeness.standing_of(tx, inventory_id=draft.id, location_id=site, category=category),
        by=principal.person,
        at=now,
    )
    await completeness.add_statement(tx, made, of=draft)
    return made


async def withdraw_source_statement(
    tx: AsyncConnection, *, principal: Principal, now: datetime, statement_id: str, reason: str
) -> SourceStatement:
    """Take a statement back, in a draft; it stays on record.

    Refuses, in this order: NotFound; as `permitted`; InventoryIsFinal or WrongState; as `SourceStatement.withdraw`.
    """
    found = await completeness.statement_of_id(tx, statement_id)
    if found is None:
        raise NotFound(kind="source statement", key=statement_id)
    # The draft is locked: no other withdrawal of it is under way.
    draft = await inventories.for_update(tx, found.inventory_id)
    if draft is None:
        raise NotFound(kind="source statement", key=statement_id)
    await permitted(tx, principal, access.WITHDRAW_SOURCE_STATEMENT, location_id=draft.location_id)
    draft.require_accepts_data()
    found = await completeness.statement_by_id(tx, statement_id)
    withdrawn = found.withdraw(reason=reason, by=principal.person, at=now)
    if withdrawn.withdrawn is not None:
        await completeness.add_withdrawal(tx, withdrawn, withdrawn.withdrawn)
    return withdrawn
