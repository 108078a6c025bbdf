"""SQL of sums over many inventories. They are made of totals that the lines' own transaction keeps, never of lines."""

from collections.abc import Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.figures import (
    STREAM_BY_CATEGORY,
    Calendar,
    Dimension,
    Figure,
    FiguresAsked,
    Found,
    Tree,
    require_few,
)
from inventory.domain.inventory import YEARS
from inventory.domain.reporting_calendar import reporting_periods
from inventory.store import reporting_calendars

__all__ = ["chosen", "figures", "stream_of"]

# The newest version of each location and year that was final then. A location is under another one as the tree is, or
# as it was on the last day of the inventory's year.
_CHOSEN = """
WITH chosen AS (
    SELECT DISTINCT ON (i.location_id, i.year) i.id, i.location_id, i.year
      FROM inventory i
     WHERE i.state = 'final' AND (CAST(:as_of AS timestamptz) IS NULL OR i.final_at <= :as_of)
       AND (CAST(:least AS integer) IS NULL OR i.year >= :least)
       AND (CAST(:most AS integer) IS NULL OR i.year <= :most)
       AND {under}
     ORDER BY i.location_id, i.year, i.version DESC
)"""
_UNDER = {
    Tree.AS_IT_IS: "i.location_id IN (SELECT descendant_id FROM location_closure WHERE ancestor_id = :location_id)",
    Tree.AS_IT_WAS: "EXISTS (SELECT FROM location_lineage l WHERE l.ancestor_id = :location_id"
    " AND l.descendant_id = i.location_id AND l.valid_from <= make_date(i.year, 12, 31)"
    " AND (l.valid_to IS NULL OR l.valid_to > make_date(i.year, 12, 31)))",
}
_OF = (
    "{table}.optional = :optional AND (CAST(:scopes AS integer[]) = '{{}}' OR {table}.scope = ANY (:scopes))"
    " AND (CAST(:categories AS text[]) IS NULL OR {table}.category = ANY (:categories))"
)
# Row security holds back what shows amounts of stored fuel. The year's totals tell whether anything is: then the sum
# would be a part that looks like the whole, and that inventory is left out.
_WHOLE = """, whole AS (
    SELECT c.* FROM chosen c WHERE NOT EXISTS (
        SELECT FROM inventory_total y WHERE y.inventory_id = c.id AND {of_year} AND NOT EXISTS (
            SELECT FROM {table} t WHERE t.inventory_id = y.inventory_id AND t.location_id = y.location_id
               AND t.scope = y.scope AND t.category = y.category AND t.optional = y.optional))
)"""
# What became final before instruments were matched has no figure by the market.
_MARKET = (
    " LEFT JOIN LATERAL (SELECT sum(k.co2e_kg) AS kg FROM inventory_market_total k"
    " WHERE k.inventory_id = t.inventory_id AND k.category = t.category AND k.optional = t.optional) m ON t.scope = 2"
)
_MARKET_KG = "CASE WHEN t.scope = 2 THEN m.kg ELSE t.co2e_kg END"
_PERIOD = (
    " JOIN unnest(CAST(:starts AS date[]), CAST(:ends AS date[])) AS p (period_start, period_end)"
    " ON t.month >= p.period_start AND t.month < p.period_end"
)
_YEAR_FROM_JULY = "extract(year FROM t.month + interval '6 months')::integer"


async def figures(tx: AsyncConnection, asked: FiguresAsked) -> Found:
    """The sums that the caller may see. Refuses, in this order: DimensionsNotCombined; FiguresTooMany."""
    asked.require_sound()
    table = "inventory_final_total"
    if asked.by_months or asked.by_gases:
        table = "inventory_month_total" if asked.by_months else "inventory_gas_total"
    kept = "whole" if table != "inventory_final_total" else "chosen"
    columns = _columns(asked)
    statement = _CHOSEN.format(under=_UNDER[asked.tree])
    if kept == "whole":
        statement += _WHOLE.format(of_year=_OF.format(table="y"), table=table)
    # Every dimension has its place, so that a row is a figure as it comes.
    picked = [f"{sql} AS {name}" for name, sql in columns.items()]
    places = [place for place, sql in enumerate(columns.values()) if not sql.startswith("NULL")]
    grouped = ", ".join(list(columns.values())[place] for place in places)
    market = _MARKET if _with_market(asked) else ""
    periods = await _periods(tx, asked) if asked.by_periods else {}
    of_period = _PERIOD if asked.by_periods else ""
    statement += (
        f" SELECT {', '.join(picked)}, {', '.join(_sums(asked))}"  # noqa: S608 - the code's own parts
        f" FROM {kept} c JOIN {table} t ON t.inventory_id = c.id{market}{of_period}"
        f" WHERE {_OF.format(table='t')}{_more(asked)}"
        + ("" if _is_of_one_row(asked) else f" GROUP BY {grouped}" if grouped else " HAVING count(*) > 0")
        + f" LIMIT {asked.most + 1}"
    )
    values = _values(asked) | {"starts": list(periods), "ends": list(periods.values())}
    rows = (await tx.execute(text(statement), _named(statement, values))).all()
    require_few(len(rows), most=asked.most)
    found = list(map(Figure._make, rows))
    if places:
        # Here, as to sort thousands of rows costs the database more than to find them. Codes have no language.
        found.sort(key=itemgetter(*places))
    withheld = 0
    if kept == "whole":
        count = _CHOSEN.format(under=_UNDER[asked.tree]) + _WHOLE.format(of_year=_OF.format(table="y"), table=table)
        count += " SELECT (SELECT count(*) FROM chosen) - (SELECT count(*) FROM whole)"
        withheld = int((await tx.execute(text(count), _named(count, values))).scalar_one())
    return Found(figures=tuple(found), withheld=withheld, periods=periods)


async def _periods(tx: AsyncConnection, asked: FiguresAsked) -> dict[date, date]:
    """Reporting periods of the location that end in the years asked for, each whole."""
    (changes,) = await reporting_calendars.in_force(tx, [asked.location_id])
    first = YEARS[0] if asked.year_from is None else max(asked.year_from, YEARS[0])
    last = YEARS[-1] if asked.year_to is None else min(asked.year_to, YEARS[-1])
    if first > last:
        return {}
    every = reporting_periods(date(first, 1, 1), date(last, 12, 1), changes)
    return {found.start: found.end for found in every if first <= (found.end - timedelta(days=1)).year <= last}


async def chosen(tx: AsyncConnection, asked: FiguresAsked) -> Sequence[tuple[str, str]]:
    """Id and location of every version that the sums are of. Refuses: DimensionsNotCombined."""
    asked.require_sound()
    statement = _CHOSEN.format(under=_UNDER[asked.tree]) + " SELECT id, location_id FROM chosen"  # noqa: S608 - as below
    rows = await tx.execute(text(statement), _named(statement, _values(asked)))
    return [(row.id, row.location_id) for row in rows]


def _columns(asked: FiguresAsked) -> dict[str, str]:
    """SQL of each dimension, by its name; of one that is not asked for, NULL."""
    year = "c.year"
    if asked.by_months:
        year = _YEAR_FROM_JULY if asked.calendar == Calendar.JULY_JUNE else "extract(year FROM t.month)::integer"
    columns = {
        Dimension.LOCATION: ("c.location_id", "text"),
        Dimension.YEAR: (year, "integer"),
        Dimension.MONTH: ("t.month", "date"),
        Dimension.REPORTING_PERIOD: ("p.period_start", "date"),
        Dimension.SCOPE: ("t.scope", "integer"),
        Dimension.CATEGORY: ("t.category", "text"),
        Dimension.STREAM: (stream_of("t.category"), "text"),
        Dimension.GAS: ("t.gas", "text"),
    }
    return {item.value: sql if item in asked.by else f"NULL::{kind}" for item, (sql, kind) in columns.items()}


def stream_of(category: str) -> str:
    """SQL of what a category belongs to, from SQL of the category; both names are of the code, not of a caller."""
    cases = " ".join(f"WHEN '{name}' THEN '{stream}'" for name, stream in STREAM_BY_CATEGORY.items())
    return f"CASE {category} {cases} END"


def _is_of_one_row(asked: FiguresAsked) -> bool:
    """Whether each figure is one kept total: a category has one scope, and a location and year one inventory."""
    whole = {Dimension.LOCATION, Dimension.YEAR, Dimension.CATEGORY} <= asked.by
    return whole and not asked.by_months and not asked.by_gases


def _sums(asked: FiguresAsked) -> list[str]:
    """SQL of kg, biogenic kg, apportioned kg, records, inventories, and kg by the market-based method."""
    market = "NULL::numeric"
    if _is_of_one_row(asked):
        market = _MARKET_KG if _with_market(asked) else market
        return ["t.co2e_kg", "t.biogenic_co2_kg", "NULL::numeric", "t.records", "1", market]
    if _with_market(asked):
        # One that is not known makes a part of the sum, which is no sum.
        market = f"CASE WHEN bool_and(t.scope <> 2 OR m.kg IS NOT NULL) THEN sum({_MARKET_KG}) END"
    kg, biogenic, apportioned = "sum(t.co2e_kg)", "sum(t.biogenic_co2_kg)", "NULL::numeric"
    if asked.by_gases:
        kg, biogenic = "sum(t.kg)", "NULL::numeric"
    elif asked.by_months:
        apportioned = "sum(t.apportioned_co2e_kg)"
    # By location and year it is one: counting would sort every group.
    is_of_one = {Dimension.LOCATION, Dimension.YEAR} <= asked.by and asked.calendar == Calendar.CALENDAR
    inventories = "1" if is_of_one else "count(DISTINCT c.id)"
    return [kg, biogenic, apportioned, "sum(t.records)::bigint", inventories, market]


def _with_market(asked: FiguresAsked) -> bool:
    return asked.market_based and not asked.by_months and not asked.by_gases


def _more(asked: FiguresAsked) -> str:
    more = ""
    if asked.gases:
        more += " AND t.gas = ANY (:gases)"
    if asked.by_periods:
        return more
    if asked.by_months and asked.year_from is not None:
        more += " AND t.month >= :first_month"
    if asked.by_months and asked.year_to is not None:
        more += " AND t.month < :next_month"
    return more


def _values(asked: FiguresAsked) -> dict[str, Any]:
    least, most = asked.years()
    first_month, next_month = asked.days()
    # A year from July, or a reporting period, is made of two inventories.
    before = 1 if asked.calendar == Calendar.JULY_JUNE or asked.by_periods else 0
    return {
        "location_id": asked.location_id,
        "as_of": asked.as_of,
        "least": None if least is None else least - before,
        "most": most,
        "optional": asked.optional,
        "scopes": sorted(asked.scopes),
        "categories": None if asked.categories is None else sorted(asked.categories),
        "gases": sorted(asked.gases),
        "first_month": first_month,
        "next_month": next_month,
    }


def _named(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}
