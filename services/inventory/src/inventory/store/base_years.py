"""SQL of base years: their versions, what would change them, and what was proposed and decided."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.base_year import BaseYear, Decision, Effect, Proposal, Trigger
from inventory.tables import base_year, base_year_decision, base_year_proposal, inventory
from quantities.person import Person

__all__ = [
    "add",
    "add_decision",
    "add_proposal",
    "by_id",
    "co2e_kg_by_category",
    "history",
    "known_proposal",
    "lock",
    "newest",
    "newest_final",
    "proposal_by_id",
    "proposals_of",
    "structural_effects",
    "version_effects",
]

AnyRow = Row[*tuple[Any, ...]]


def _digits(kg: Mapping[str, Decimal]) -> dict[str, str]:
    return {category: format(value, "f") for category, value in kg.items()}


def _decimals(digits: Mapping[str, str]) -> dict[str, Decimal]:
    return {category: Decimal(value) for category, value in digits.items()}


def _base_year(row: AnyRow) -> BaseYear:
    return BaseYear(
        id=row.id,
        location_id=row.location_id,
        target_id=row.target_id,
        number=row.number,
        year=row.year,
        inventory_id=row.inventory_id,
        co2e_kg_by_category=_decimals(row.co2e_kg),
        threshold_percent=row.threshold_percent,
        reason=row.reason,
        set_by=Person(subject=row.set_by_subject, name=row.set_by),
        set_at=row.set_at,
    )


async def lock(tx: AsyncConnection, location_id: str) -> None:
    """Decisions on the location's base years wait for each other until the transaction ends."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('base year ' || :id))"), {"id": location_id})


async def add(tx: AsyncConnection, new: BaseYear) -> None:
    await tx.execute(
        insert(base_year).values(
            id=new.id,
            location_id=new.location_id,
            target_id=new.target_id,
            number=new.number,
            year=new.year,
            inventory_id=new.inventory_id,
            co2e_kg=_digits(new.co2e_kg_by_category),
            threshold_percent=new.threshold_percent,
            reason=new.reason,
            set_by=new.set_by.name,
            set_by_subject=new.set_by.subject,
            set_at=new.set_at,
        )
    )


async def by_id(tx: AsyncConnection, base_year_id: str) -> BaseYear:
    """That version; it is there."""
    return _base_year((await tx.execute(select(base_year).where(base_year.c.id == base_year_id))).one())


async def history(tx: AsyncConnection, *, location_id: str, target_id: str | None) -> Sequence[BaseYear]:
    """Every version, newest first."""
    rows = await tx.execute(
        select(base_year)
        .where(base_year.c.location_id == location_id, base_year.c.target_id.is_not_distinct_from(target_id))
        .order_by(base_year.c.number.desc())
    )
    return [_base_year(row) for row in rows]


async def newest(tx: AsyncConnection, *, location_id: str, target_id: str | None) -> BaseYear | None:
    return next(iter(await history(tx, location_id=location_id, target_id=target_id)), None)


async def newest_final(tx: AsyncConnection, *, location_id: str, year: int) -> str | None:
    """Id of the newest final version of that year."""
    found: str | None = await tx.scalar(
        select(inventory.c.id)
        .where(inventory.c.location_id == location_id, inventory.c.year == year, inventory.c.state == "final")
        .order_by(inventory.c.version.desc())
        .limit(1)
    )
    return found


async def co2e_kg_by_category(tx: AsyncConnection, inventory_id: str) -> dict[str, Decimal]:
    """Of the minimum boundary."""
    rows = await tx.execute(
        text("SELECT category, sum(co2e_kg) FROM inventory_total WHERE inventory_id = :id AND NOT optional GROUP BY 1"),
        {"id": inventory_id},
    )
    return {category: kg for category, kg in rows if kg != 0}


_VERSIONS = """
SELECT v.id, v.version, v.cause, v.reason, t.category, sum(t.sign * t.co2e_kg) AS kg
  FROM inventory v, LATERAL (
       SELECT category, co2e_kg, 1 AS sign FROM inventory_total WHERE inventory_id = v.id AND NOT optional
       UNION ALL
       SELECT category, co2e_kg, -1 FROM inventory_total WHERE inventory_id = v.corrects_id AND NOT optional) t
 WHERE v.state = 'final' AND (v.location_id, v.year) = (SELECT location_id, year FROM inventory WHERE id = :id)
   AND v.version > (SELECT version FROM inventory WHERE id = :id)
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 5"""


async def version_effects(tx: AsyncConnection, base: BaseYear) -> Sequence[Effect]:
    """What later versions of the base year's inventory changed, each by its cause."""
    found: dict[str, tuple[Trigger, str, dict[str, Decimal]]] = {}
    for row in await tx.execute(text(_VERSIONS), {"id": base.inventory_id}):
        what = f"version {row.version}: {row.reason}"
        found.setdefault(row.id, (Trigger(row.cause), what, {}))[2][row.category] = row.kg
    return [
        Effect(trigger=trigger, cause_id=inventory_id, what=what, co2e_kg_by_category=kg)
        for inventory_id, (trigger, what, kg) in found.items()
    ]


# What came in, or went, since the base year began and was not reckoned with when its version was set.
_CHANGES = """
SELECT c.location_id, c.kind, c."on", c.reason, l.valid_from AS opened,
       EXISTS (SELECT FROM location_lineage b WHERE b.ancestor_id = :location_id AND b.descendant_id = c.location_id
           AND b.valid_from < c."on" AND (b.valid_to IS NULL OR b.valid_to >= c."on")) AS was_within,
       c.kind <> 'handed_over' AND EXISTS (SELECT FROM location_lineage b WHERE b.ancestor_id = :location_id
           AND b.descendant_id = c.location_id AND b.valid_from <= c."on"
           AND (b.valid_to IS NULL OR b.valid_to > c."on")) AS is_within
  FROM location_change c JOIN location l ON l.id = c.location_id
 WHERE c.kind <> 'closed' AND c."on" > make_date(:year, 1, 1) AND c.changed_at > :since
   AND c.location_id <> :location_id
 ORDER BY c."on", c.id"""
_PART = "t.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = :part) AND NOT t.optional"
_WENT = (
    f"SELECT t.category, -sum(t.co2e_kg) AS kg FROM inventory_total t WHERE t.inventory_id = :id AND {_PART} GROUP BY 1"  # noqa: S608
)
_CAME = f"""
SELECT t.category, sum(t.co2e_kg) AS kg
  FROM (SELECT DISTINCT ON (of_location_id) inventory_id FROM inventory_site
         WHERE year = :year AND of_location_id <> :location_id
           AND location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = :part)
         ORDER BY of_location_id, version DESC) i
  JOIN inventory_total t ON t.inventory_id = i.inventory_id WHERE {_PART} GROUP BY 1"""  # noqa: S608 - as above


async def structural_effects(tx: AsyncConnection, base: BaseYear) -> tuple[list[Effect], set[str], set[str]]:
    """Effects of locations that came in or went; who came in without a base year's inventory; and who is growth."""
    effects: list[Effect] = []
    missing: set[str] = set()
    organic: set[str] = set()
    given = {"location_id": base.location_id, "year": base.year}
    for change in (await tx.execute(text(_CHANGES), given | {"since": base.set_at})).all():
        if change.was_within == change.is_within:
            continue
        part = {"part": change.location_id}
        if change.is_within:
            rows = (await tx.execute(text(_CAME), given | part)).all()
            if not rows:
                (organic if change.opened.year > base.year else missing).add(change.location_id)
                continue
        else:
            rows = (await tx.execute(text(_WENT), {"id": base.inventory_id} | part)).all()
        effects.append(
            Effect(
                trigger=Trigger.STRUCTURAL,
                cause_id=change.location_id,
                what=f"{change.location_id} {change.kind} on {change.on}: {change.reason}",
                co2e_kg_by_category={category: kg for category, kg in rows if kg != 0},
            )
        )
    return effects, missing, organic


async def add_proposal(tx: AsyncConnection, new: Proposal) -> None:
    await tx.execute(
        insert(base_year_proposal).values(
            id=new.id,
            location_id=new.location_id,
            base_year_id=new.base_year_id,
            recalculate=new.recalculate,
            share_percent=new.share_percent,
            co2e_kg=_digits(new.co2e_kg_by_category),
            reason=new.reason,
            proposed_by=new.by.name,
            proposed_by_subject=new.by.subject,
            proposed_at=new.at,
        )
    )


async def add_decision(tx: AsyncConnection, proposal: Proposal, decision: Decision) -> None:
    await tx.execute(
        insert(base_year_decision).values(
            proposal_id=proposal.id,
            location_id=proposal.location_id,
            approved=decision.approved,
            reason=decision.reason,
            decided_by=decision.by.name,
            decided_by_subject=decision.by.subject,
            decided_at=decision.at,
        )
    )


_PROPOSALS = select(
    base_year_proposal,
    base_year_decision.c.approved,
    base_year_decision.c.reason.label("against"),
    base_year_decision.c.decided_by,
    base_year_decision.c.decided_by_subject,
    base_year_decision.c.decided_at,
).outerjoin(base_year_decision, base_year_decision.c.proposal_id == base_year_proposal.c.id)


def _proposal(row: AnyRow) -> Proposal:
    decision = None
    if row.decided_at is not None:
        decision = Decision(
            approved=row.approved,
            by=Person(subject=row.decided_by_subject, name=row.decided_by),
            at=row.decided_at,
            reason=row.against,
        )
    return Proposal(
        id=row.id,
        location_id=row.location_id,
        base_year_id=row.base_year_id,
        recalculate=row.recalculate,
        share_percent=row.share_percent,
        co2e_kg_by_category=_decimals(row.co2e_kg),
        reason=row.reason,
        by=Person(subject=row.proposed_by_subject, name=row.proposed_by),
        at=row.proposed_at,
        decision=decision,
    )


async def proposal_by_id(tx: AsyncConnection, proposal_id: str) -> Proposal | None:
    row = (await tx.execute(_PROPOSALS.where(base_year_proposal.c.id == proposal_id))).one_or_none()
    return None if row is None else _proposal(row)


async def known_proposal(tx: AsyncConnection, proposal_id: str) -> Proposal:
    """That proposal; it is there."""
    return _proposal((await tx.execute(_PROPOSALS.where(base_year_proposal.c.id == proposal_id))).one())


async def proposals_of(tx: AsyncConnection, base_year_ids: Sequence[str]) -> Sequence[Sequence[Proposal]]:
    """What was proposed on each version, oldest first."""
    rows = await tx.execute(
        _PROPOSALS.where(base_year_proposal.c.base_year_id.in_(base_year_ids)).order_by(base_year_proposal.c.id)
    )
    found: dict[str, list[Proposal]] = {base_year_id: [] for base_year_id in base_year_ids}
    for row in rows:
        found[row.base_year_id].append(_proposal(row))
    return [found[base_year_id] for base_year_id in base_year_ids]
