"""The edge of exports: what may be asked for under `/files`, and how the answer leaves."""

from dataclasses import dataclass
from functools import partial
from os import SEEK_END
from typing import IO

from starlette.requests import Request
from starlette.responses import Response

from chassis.files import FileRoute, download
from chassis.graphql.edge import RequestContext
from inventory import access, usecases
from inventory.domain.errors import ExportParameterUnknown, ExportsBusy, ExportTooLarge
from inventory.domain.export import FIGURES_MAX, Form
from inventory.domain.figures import Calendar, Dimension, FiguresAsked, Tree, categories_of
from inventory.exports import MEDIA_TYPES, Workbench
from inventory.graphql.resources import Resources
from inventory.parameters import Parameters, instant, one_of, year_number, yes_no
from inventory.usecases.exports import Export

__all__ = ["EXPORT_FILES"]

STATUSES = {ExportTooLarge.code: 413, ExportsBusy.code: 503, ExportParameterUnknown.code: 400}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecordsInput:
    """What is asked for, as the audit record has it."""

    inventory_id: str
    form: Form
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTotalsInput:
    """As above."""

    inventory_id: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFiguresInput:
    """As above."""

    location_id: str
    form: Form
    asked: str
    """The address's own words."""


async def _records(context: RequestContext, request: Request, *, form: Form) -> Response:
    given = Parameters(request, refusal=ExportParameterUnknown, known={"category"})
    asked = ExportRecordsInput(
        inventory_id=request.path_params["inventory_id"], form=form, category=given.one("category", str)
    )
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, principal, now: usecases.export_records(
                tx,
                principal=principal,
                now=now,
                inventory_id=asked.inventory_id,
                form=form,
                category=asked.category,
                file=file,
            ),
            request=asked,
        )
    return _answer(found, form=form, file=file)


async def _totals(context: RequestContext, request: Request, *, form: Form) -> Response:
    Parameters(request, refusal=ExportParameterUnknown, known=())
    asked = ExportTotalsInput(inventory_id=request.path_params["inventory_id"], form=form)
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, principal, now: usecases.export_totals(
                tx, principal=principal, now=now, inventory_id=asked.inventory_id, form=form, file=file
            ),
            request=asked,
        )
    return _answer(found, form=form, file=file)


FIGURE_PARAMETERS = frozenset(
    {"by", "tree", "calendar", "asOf", "yearFrom", "yearTo", "scope", "category", "stream", "gas", "optional"}
)


async def _figures(context: RequestContext, request: Request, *, form: Form) -> Response:
    given = Parameters(request, refusal=ExportParameterUnknown, known=FIGURE_PARAMETERS)
    wanted = FiguresAsked(
        location_id=request.path_params["location_id"],
        by=frozenset(given.many("by", one_of(Dimension))) or frozenset({Dimension.LOCATION, Dimension.YEAR}),
        tree=given.one("tree", one_of(Tree)) or Tree.AS_IT_IS,
        calendar=given.one("calendar", one_of(Calendar)) or Calendar.CALENDAR,
        as_of=given.one("asOf", instant),
        year_from=given.one("yearFrom", year_number),
        year_to=given.one("yearTo", year_number),
        scopes=frozenset(given.many("scope", _scope)),
        categories=categories_of(categories=given.many("category", str), streams=given.many("stream", str)),
        gases=frozenset(given.many("gas", str)),
        optional=given.one("optional", yes_no) or False,
        most=FIGURES_MAX,
        market_based=True,
    )
    asked = ExportFiguresInput(location_id=wanted.location_id, form=form, asked=request.url.query)
    async with _workbench(context).file() as file:
        found = await context.disclose(
            access.READ,
            lambda tx, _, now: usecases.export_figures(tx, now=now, asked=wanted, form=form, file=file),
            request=asked,
        )
    return _answer(found, form=form, file=file)


def _scope(value: str) -> int:
    if value not in {"1", "2", "3"}:
        expected = "1, 2 or 3"
        raise ValueError(expected)
    return int(value)


def _workbench(context: RequestContext) -> Workbench:
    resources: Resources = context.resources
    return resources.workbench


def _answer(found: Export, *, form: Form, file: IO[bytes]) -> Response:
    extent = {"lichen-extent": found.extent.name.lower(), "lichen-rows": str(found.rows)}
    size = file.seek(0, SEEK_END)
    return download(file, name=found.name, media_type=MEDIA_TYPES[form], size=size, more=extent)


EXPORT_FILES = (
    *(
        FileRoute(path=f"{path}.{form.value}", answer=partial(answer, form=form), statuses=STATUSES)
        for path, answer in (
            ("/files/inventories/{inventory_id}/records", _records),
            ("/files/inventories/{inventory_id}/totals", _totals),
            ("/files/locations/{location_id}/figures", _figures),
        )
        for form in Form
    ),
)
"""What is given out as files."""
