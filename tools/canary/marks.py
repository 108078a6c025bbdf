"""What must not be seen: tokens in texts, ids of rows, and numbers that only one location has.

Every text that is entered for a location carries a token. After the locations are filled, all tables of all services
are read, and every token, id and distinctive number in a row becomes a mark of the row's location. A new table needs
nothing here: its rows are secret, for those who hold `data.read` at their location.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any

import asyncpg

from chassis import tables
from contracts.access import Capability
from issuer.directory import subject_of
from tools.canary.people import ROOT, Persona, under

__all__ = ["Mark", "Marks", "may_see", "rows_of", "secret_text", "told_to"]

TEXT = re.compile(r"cnry[0-9a-f]{12}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
BARE_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
NUMBER = re.compile(r"(?<![\w.])(?<!\w-)(?<!\d:)-?\d+(?:\.\d+)?(?![\w:])")
ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
QUOTED = re.compile(r'"([^"\\]+)"')
DIGITS_MIN = 6
"""Significant digits from which on a number can be told from another."""
AUDIT = "audit_entry"
AUDITED = ("name", "record_id", "reason", "input")
"""Columns of the record that say what rows say; the others are about when and by what."""
FUELS = frozenset({"generator_fuel", "heating_fuel", "vehicle_fuel"})
OF_LINES = frozenset(
    f"inventory.{table}"
    for table in (
        "activity_record",
        "record_correction",
        "inventory_month_total",
        "inventory_gas_total",
        "meter_reading",
        "premises_share",
        "warning_explanation",
        "proxy_estimate",
    )
)
"""Lines, and what is shown to those alone who see every line that it is made of."""
COMMON = frozenset(tables.__all__) - {"metadata", AUDIT} | {"alembic_version"}
"""What chassis gives every service: the register, and what rows were said of elsewhere."""
DIGITS_MIN_IN_LOGS = 9
"""There, durations have many digits too."""

CAPABILITIES: Mapping[str, Capability] = {
    "offsets": Capability.READ_OFFSETS,
    "access": Capability.READ_MEMBERS,
    "inventory.site_position": Capability.READ_SENSITIVE,
    "inventory.fuel_stock": Capability.READ_SENSITIVE,
    # Who may import there is told of a file before it is in.
    "inventory.import_job": Capability.ENTER,
    "inventory.import_file": Capability.ENTER,
    "inventory.import_problem": Capability.ENTER,
}
"""What shows the rows of a service, or of one table, where that is not `data.read`."""


ABOVE: Mapping[str, frozenset[str]] = {
    "access.membership": frozenset({"id", "subject", "user_name"}),
    "access.membership_effect": frozenset({"membership_id"}),
    "inventory.reporting_calendar": frozenset({"id", "reason", "set_by", "set_by_subject"}),
    "inventory.private_factor": frozenset(
        {"id", "release_id", "co2e_kg", "kg_by_gas", "published_as", "publisher", "document_table", "licence"}
    ),
    "inventory.private_factor_release": frozenset({"id", "name", "publisher", "licence"}),
    "inventory.coefficient": frozenset(
        {"id", "factor_id", "factor_release", "explanation", "kg_per_unit", "co2e_kg_per_unit"}
    ),
}
"""What is shown to those who read below: who holds a role, not why; the calendar that a location above reports by; the
factors that sites of an entity take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When a row of a table is public, and what of it stays hidden even then."""

    by: str
    """Column whose value was published; `year` means the location and the year, `location_id` any year of it."""
    hidden: frozenset[str] = frozenset()


PUBLISHED: Mapping[str, Published] = {
    "inventory.inventory": Published(by="id", hidden=frozenset({"opened_by"})),
    "inventory.inventory_total": Published(by="inventory_id"),
    "inventory.inventory_market_total": Published(by="inventory_id"),
    "inventory.inventory_indicator": Published(by="inventory_id"),
    "inventory.inventory_uncertainty": Published(by="inventory_id"),
    "inventory.inventory_renewable_share": Published(by="inventory_id"),
    "targets.target": Published(by="location_id", hidden=frozenset({"set_by", "set_by_subject"})),
    "targets.measured_indicator": Published(by="inventory_id"),
    "targets.progress_assessment": Published(by="inventory_id"),
    "offsets.offset_need": Published(by="inventory_id"),
    "offsets.neutrality_statement": Published(by="inventory_id"),
    "offsets.retirement": Published(by="year", hidden=frozenset({"batch_id", "retired_by", "retired_by_subject"})),
    "reporting.progress_report": Published(by="id", hidden=frozenset({"submitted_by", "submitted_by_subject"})),
    "reporting.report_figure": Published(by="report_id"),
    "reporting.report_decision": Published(by="report_id", hidden=frozenset({"by", "by_subject"})),
    "reporting.consolidated_report": Published(by="id", hidden=frozenset({"consolidated_by"})),
    "reporting.consolidated_member": Published(by="consolidated_id"),
    "reporting.consolidated_figure": Published(by="consolidated_id"),
}
"""Any other table is secret, whatever was published."""


@dataclass(slots=True, kw_only=True)
class Publication:
    """What was opened to everyone."""

    ids: set[str] = field(default_factory=set)
    """Of inventories, progress reports and consolidated reports."""
    years: set[tuple[str, int]] = field(default_factory=set)
    """Locations and years."""

    def opens(self, rule: Published | None, column: str, row: Mapping[str, Any]) -> bool:
        """Whether this column of the row is public."""
        if rule is None or column in rule.hidden:
            return False
        match rule.by:
            case "year":
                return (row["location_id"], row["year"]) in self.years
            case "location_id":
                return any(row["location_id"] == location for location, _ in self.years)
            case key:
                return row[key] in self.ids


def secret_text() -> str:
    return f"cnry{token_hex(6)}"


@dataclass(slots=True, kw_only=True)
class Mark:
    """One thing that gives a location away."""

    locations: set[str] = field(default_factory=set)
    capabilities: set[Capability] = field(default_factory=set)
    """Any of them shows it."""
    public: bool = False
    below: bool = False
    """Those who may read at a location under it see it too: who holds a role above them, what factors they take."""
    sources: set[str] = field(default_factory=set)
    """`service.table.column`"""
    person: bool = False
    """The name or id of somebody: logs may say who acted."""


def may_see(persona: Persona, mark: Mark) -> bool:
    """Whether the table of roles, or publication, shows this mark to the persona."""
    if mark.public:
        return True
    places = mark.locations.union(*(under(location) for location in mark.locations)) if mark.below else mark.locations
    return any(not persona.capabilities_at(location).isdisjoint(mark.capabilities) for location in places)


def told_to(persona: Persona, asked: str) -> frozenset[str]:
    """The own id; and ids of those whom a request names exactly, for who manages members anywhere, to give a role."""
    manages = any(Capability.MANAGE_MEMBERS in persona.capabilities_at(place) for _, place in persona.grants)
    named = QUOTED.findall(asked) if manages else ()
    return frozenset(subject_of(name) for name in (persona.name, *named))


def found_in(text: str) -> Iterator[tuple[str, int]]:
    """Everything in a text that could be a mark, in one writing, with its place."""
    lowered = text.lower()
    for pattern in (TEXT, UUID):
        for match in pattern.finditer(lowered):
            yield match[0], match.start()
    for match in BARE_UUID.finditer(lowered):
        bare = match[0]
        yield f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}", match.start()
    for match in NUMBER.finditer(text):
        if (number := _distinctive(match[0])) is not None:
            yield number, match.start()


def _distinctive(digits: str) -> str | None:
    significant = digits.lstrip("-").replace(".", "").strip("0")
    return format(abs(Decimal(digits)).normalize(), "f") if len(significant) >= DIGITS_MIN else None


@dataclass(slots=True, kw_only=True)
class Marks:
    """All marks, by what is looked for."""

    known: dict[str, Mark] = field(default_factory=dict)

    def new_text(self, location: str, *, person: bool = False) -> str:
        """A token for a text of this location."""
        token = secret_text()
        self.known[token] = Mark(locations={location}, person=person)
        return token

    def in_text(self, text: str) -> Iterator[tuple[str, Mark, int]]:
        """Each mark in a text, also in what is encoded in it, with its place."""
        for value, place in found_in(text):
            if (mark := self.known.get(value)) is not None:
                yield value, mark, place
        for match in ENCODED.finditer(text):
            for value, _ in found_in(_decoded(match[0])):
                if (mark := self.known.get(value)) is not None:
                    yield value, mark, match.start()

    def foreign_to(self, persona: Persona, text: str, *, but: frozenset[str]) -> Iterator[tuple[str, Mark, int]]:
        """Each mark in the text that the persona may not see; `but` is what it sent itself."""
        for value, mark, place in self.in_text(text):
            if value not in but and not may_see(persona, mark):
                yield value, mark, place

    def in_log(self, text: str) -> Iterator[tuple[str, Mark, int]]:
        """Each mark in a log or a trace, which may hold none, except for who acted."""
        for value, mark, place in self.in_text(text):
            is_short = _is_number(value) and len(value.replace(".", "").strip("0")) < DIGITS_MIN_IN_LOGS
            if not mark.person and not is_short:
                yield value, mark, place

    async def harvest(self, databases: Mapping[str, str], *, publication: Publication) -> None:
        """Make marks of every row in these databases."""
        audited = []
        for service, url in databases.items():
            tables = await rows_of(url)
            tenants = _tenants(tables.get("tenancy", ()))
            for table, rows in tables.items():
                if table == AUDIT:
                    audited += [(service, row) for row in rows]
                    continue
                for row in rows:
                    self._take_row(f"{service}.{table}", row, publication, also_at=_also_at(table, row, tenants))
        # The record repeats what other rows say, and shows it to those who read the record too.
        for service, row in audited:
            self._take_audit_entry(service, row)
        # What several locations have in common, such as a factor, gives none of them away.
        common = [value for value, mark in self.known.items() if _is_number(value) and len(mark.locations - {ROOT}) > 1]
        for value in common:
            del self.known[value]

    def _take_audit_entry(self, service: str, row: Mapping[str, Any]) -> None:
        for column in AUDITED:
            for found, _ in found_in(str(row[column])):
                mark = self.known.setdefault(found, Mark())
                if not mark.sources:
                    mark.capabilities.add(CAPABILITIES.get(service, Capability.READ))
                mark.locations.add(row["location_id"])
                mark.capabilities.add(Capability.READ_AUDIT)
                mark.sources.add(f"{service}.{AUDIT}.{column}")

    def _take_row(
        self, table: str, row: Mapping[str, Any], publication: Publication, *, also_at: Collection[str]
    ) -> None:
        if (location := row.get("location_id")) is None:
            return
        capability = _capability(table, row)
        for column, value in row.items():
            if value is None or isinstance(value, datetime | date | bool | bytes) or column == "location_id":
                continue
            for found, _ in found_in(str(value)):
                mark = self.known.setdefault(found, Mark())
                mark.locations.update({location, *also_at})
                mark.capabilities.add(capability)
                mark.sources.add(f"{table}.{column}")
                mark.below |= column in ABOVE.get(table, ())
                mark.person |= column.endswith("subject")
                if capability is not Capability.READ_SENSITIVE:
                    mark.public |= publication.opens(PUBLISHED.get(table), column, row)


def _tenants(tenancies: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    """Locations that are tenants of each premises."""
    found: dict[str, set[str]] = {}
    for row in tenancies:
        if row["tenant_id"] is not None:
            found.setdefault(row["premises_id"], set()).add(row["tenant_id"])
    return found


def _also_at(table: str, row: Mapping[str, Any], tenants: Mapping[str, set[str]]) -> Collection[str]:
    """Where a row is shown beside its own location: a tenant sees the building, its meters, and its own tenancy."""
    match table:
        case "premises":
            return tenants.get(row["id"], ())
        case "meter_reading":
            return tenants.get(row["premises_id"], ())
        case "tenancy" if row["tenant_id"] is not None:
            return (row["tenant_id"],)
        case _:
            return ()


def _capability(table: str, row: Mapping[str, Any]) -> Capability:
    """What shows the row: docs/adr/0018-sensitive-attributes.md says which are sensitive."""
    if row.get("category") in FUELS and table in OF_LINES:
        return Capability.READ_SENSITIVE
    if row.get("open_to_all") is False:
        return Capability.READ_SENSITIVE
    return CAPABILITIES.get(table) or CAPABILITIES.get(table.partition(".")[0]) or Capability.READ


def _is_number(value: str) -> bool:
    return value.replace(".", "").isdigit()


def _decoded(text: str) -> str:
    padded = text.rstrip("=")
    padded += "=" * (-len(padded) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_").decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return ""


async def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """Each table of a service with all its rows, the common tables aside."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
            " AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1"
        )
        async with connection.transaction(readonly=True):
            await connection.execute(
                "SELECT set_config('app.roots', $1, true), set_config('app.sensitive_roots', $1, true)", ROOT
            )
            found = {}
            for (table,) in names:
                if table not in COMMON:
                    every = f'SELECT * FROM "{table}"'  # noqa: S608 - a name of the catalogue
                    found[table] = [dict(row) for row in await connection.fetch(every)]
            return found
    finally:
        await connection.close()
