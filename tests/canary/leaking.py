"""*offsets* with a leak of each kind, beside the sound one and on the same database: what the canary must find.

Run as a program with the settings of a service; `CANARY_ROUTES` names the file that its routes are written to.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis import command, permission, service
from chassis.access import Principal
from chassis.database import Database
from chassis.graphql.edge import RequestContext
from chassis.locations import place
from chassis.refusals import NotFound, NotPermitted
from chassis.settings import ServiceSettings
from chassis.telemetry import log, span
from offsets import store, usecases

ROOT = "secretariat"


async def as_root(tx: AsyncConnection) -> None:
    await tx.execute(text("SELECT set_config('app.roots', :root, true)"), {"root": ROOT})


def leak_by_loader() -> None:
    """A loader reads with the root's rights: `_entities` and every field that uses it."""
    sound = store.purchases

    async def purchases(tx: AsyncConnection, keys: Sequence[str]) -> Any:
        await as_root(tx)
        return await sound(tx, keys)

    store.purchases = purchases


def leak_by_page() -> None:
    """The second page of a list is read without rights: only a cursor of somebody else's answer shows it."""
    sound = store.batches_page

    async def batches_page(tx: AsyncConnection, keys: Sequence[str], *, limit: int, after: str | None) -> Any:
        if after is not None:
            await as_root(tx)
        return await sound(tx, keys, limit=limit, after=after)

    store.batches_page = batches_page


def leak_by_field() -> None:
    """A field of a published row asks nobody's right, and gives what is hidden from its readers."""

    async def may_read(_context: RequestContext, _location_id: str) -> bool:
        return True

    RequestContext.may_read = may_read


def leak_by_refusal_and_log_and_trace() -> None:
    """A refusal quotes the row that it hides; the log and a span quote what was asked for."""

    async def purchase_for_step(tx: AsyncConnection, purchase_id: str) -> Any:
        await as_root(tx)
        (found,) = await store.purchases(tx, [purchase_id])
        if found is None:
            raise NotFound(kind="purchase", key=purchase_id)
        log.info("a step is asked for", why=found.justification)
        with span("a step", why=found.justification):
            raise NotPermitted(capability="this step", location_id=f"{found.location_id}: {found.justification}")

    usecases._purchase_for_step = purchase_for_step


def leak_by_existence() -> None:
    """A batch of somebody else answers otherwise than none: no content, but one can tell."""
    sound = store.batches

    async def batches(tx: AsyncConnection, keys: Sequence[str]) -> Any:
        found = list(await sound(tx, keys))
        before = await tx.scalar(text("SELECT current_setting('app.roots', true)"))
        await as_root(tx)
        for key, row, real in zip(keys, found, await sound(tx, keys), strict=True):
            if row is None and real is not None:
                raise NotPermitted(capability="data.read", location_id=key)
        await tx.execute(text("SELECT set_config('app.roots', :roots, true)"), {"roots": before or ""})
        return found

    store.batches = batches


def leak_by_writing() -> None:
    """A mutation checks no right, and its transaction reaches everywhere."""

    async def permitted(tx: AsyncConnection, principal: Principal, capability: Any, *, location_id: str) -> Any:
        await as_root(tx)
        found = await place(tx, location_id)
        if found is None:
            raise NotFound(kind="location", key=location_id)
        return found

    permission.permitted = permitted
    usecases.permitted = permitted


def leak_by_route(found: Any, settings: ServiceSettings) -> None:
    """A file that asks for no right."""
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=1)

    async def export(request: Request) -> Response:
        async with database.transaction((ROOT,)) as tx:
            rows = await tx.execute(
                text("SELECT justification FROM purchase WHERE location_id = :location"),
                {"location": request.path_params["location_id"]},
            )
            return PlainTextResponse("\n".join(row.justification for row in rows))

    found.router.routes.append(Route("/export/{location_id}.csv", export))


def main() -> None:
    for leak in (
        leak_by_loader,
        leak_by_page,
        leak_by_field,
        leak_by_refusal_and_log_and_trace,
        leak_by_existence,
        leak_by_writing,
    ):
        leak()
    sound = service.create_application

    def create_application(which: service.Service, settings: ServiceSettings) -> Any:
        found = sound(which, settings)
        leak_by_route(found, settings)
        Path(os.environ["CANARY_ROUTES"]).write_text(json.dumps([route.path for route in found.routes]))
        return found

    service.create_application = create_application
    sys.argv = ["offsets", "serve"]
    command.run("offsets")


if __name__ == "__main__":
    main()
