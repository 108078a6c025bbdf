"""Factors that an entity has a licence for, and may not pass on: a file of its own, taken in whole."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import InvalidOperation

from inventory.domain.emission_factor import ANYWHERE, Catalogue, EmissionFactor, factor_of
from inventory.domain.errors import LicenceMissing, NoFactorsFound, PublicationRefused
from inventory.domain.factor_release import require_name
from inventory.domain.publications import PublishedRow, RowProblem
from quantities import Refusal
from quantities.person import Person

__all__ = ["COLUMNS", "PrivateRelease", "private_release"]

COLUMNS = (
    "category", "item", "place", "valid_from", "valid_to", "unit", "co2", "ch4", "n2o", "co2e", "biogenic_co2",
    "gwp_set", "uncertainty_percent", "table",
)  # fmt: skip
"""Of the file. Masses are kg per unit; `valid_to` is the first day on which the factor no longer holds; a blank place
is anywhere."""

_NEEDED = ("category", "item", "valid_from", "valid_to", "unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRelease:
    """A file of factors of an entity's own. They hold at its location and under it, and nobody else sees them."""

    id: str
    location_id: str
    name: str
    publisher: str
    licence: str
    licence_text: str
    """What the licence allows, in its own words."""
    content_hash: str
    factor_count: int
    loaded_by: Person
    loaded_at: datetime


def private_release(
    rows: Iterable[PublishedRow],
    *,
    release_id: str,
    location_id: str,
    name: str,
    publisher: str,
    licence: str,
    licence_text: str,
    file_name: str,
    content_hash: str,
    by: Person,
    at: datetime,
) -> tuple[PrivateRelease, tuple[EmissionFactor, ...]]:
    """The release and its factors.

    Refuses, in this order: EditionMalformed for a name that is none; LicenceMissing; PublicationRefused with every
    problem of every row; NoFactorsFound; CatalogueMalformed for two factors of one question.
    """
    require_name(name, what="release")
    missing = [
        what
        for what, text in (("publisher", publisher), ("licence", licence), ("text of the licence", licence_text))
        if not text.strip()
    ]
    if missing:
        raise LicenceMissing(
            subject=name,
            found=f"no {', no '.join(missing)}",
            expected="who published the factors, under which licence, and what it allows",
            message=f"The factors {name} come with their publisher, their licence and its text.",
        )
    factors: list[EmissionFactor] = []
    problems: list[RowProblem] = []
    for row in rows:
        try:
            factors.append(
                _factor(row, release_id=release_id, location_id=location_id, name=name, publisher=publisher.strip(),
                        licence=licence.strip())
            )  # fmt: skip
        except (KeyError, ValueError, InvalidOperation, Refusal) as error:
            problems.append(
                RowProblem(line=row.line, column="", value=" ".join(row.cells.values())[:80], reason=_said(error))
            )
    if problems:
        raise PublicationRefused(file_name=file_name, problems=problems)
    if not factors:
        raise NoFactorsFound(
            subject=file_name,
            found="no rows",
            expected=f"a factor a row, in the columns {', '.join(COLUMNS)}",
            message=f"There is no factor in {file_name}.",
        )
    Catalogue.of(factors)
    release = PrivateRelease(
        id=release_id,
        location_id=location_id,
        name=name,
        publisher=publisher.strip(),
        licence=licence.strip(),
        licence_text=licence_text.strip(),
        content_hash=content_hash,
        factor_count=len(factors),
        loaded_by=by,
        loaded_at=at,
    )
    return release, tuple(factors)


def _factor(
    row: PublishedRow, *, release_id: str, location_id: str, name: str, publisher: str, licence: str
) -> EmissionFactor:
    cells = {column: row.cells.get(column, "").strip() for column in COLUMNS}
    for column in _NEEDED:
        if not cells[column]:
            message = f"{column} is missing"
            raise ValueError(message)
    unknown = [column for column in row.cells if column not in COLUMNS]
    if unknown:
        message = f"there is no column {unknown[0]}"
        raise ValueError(message)
    gases = any(cells[gas] for gas in ("co2", "ch4", "n2o"))
    stated = ", ".join(
        f"{cells[column]} kg {column.upper()}" for column in ("co2e", "co2", "ch4", "n2o") if cells[column]
    )
    found = factor_of(
        cells
        | {
            "id": f"{release_id}:{row.line}",
            "release": release_id,
            "key": cells["item"],
            "place": cells["place"] or ANYWHERE,
            "gases_stated_in": "kg" if gases else "",
            "published_as": f"{stated} per {cells['unit']}",
            "publisher": publisher,
            "document": name,
            "table": cells["table"] or f"line {row.line}",
            "year": str(date.fromisoformat(cells["valid_from"]).year),
            "licence": licence,
            "status": "published",
        }
    )
    masses = (*found.kg_by_gas.values(), found.biogenic_co2_kg, *(() if found.co2e_kg is None else (found.co2e_kg,)))
    if not all(mass.is_finite() and mass >= 0 for mass in masses):
        message = "a mass is negative, or none"
        raise ValueError(message)
    percent = found.uncertainty_percent
    if percent is not None and not (percent.is_finite() and percent >= 0):
        message = "the uncertainty is negative, or none"
        raise ValueError(message)
    return replace(found, private_to=location_id)


def _said(error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.message
    return f"a number can't be read: {error}" if isinstance(error, InvalidOperation) else str(error)
