"""The register of locations, as far as roles are given by it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import location

__all__ = ["RegisteredLocation", "registered", "registered_location"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredLocation:
    """A location of the register."""

    id: str
    path: str
    """Codes from the root, joined by dots."""
    kind: str

    @property
    def is_root(self) -> bool:
        return "." not in self.path


_columns = (location.c.id, location.c.path, location.c.kind)


async def registered(tx: AsyncConnection) -> list[RegisteredLocation]:
    """All, parents before children."""
    rows = await tx.execute(select(*_columns).order_by(location.c.path))
    return [RegisteredLocation(id=row.id, path=row.path, kind=row.kind) for row in rows]


async def registered_location(tx: AsyncConnection, location_id: str) -> RegisteredLocation:
    """One that is known to be there."""
    row = (await tx.execute(select(*_columns).where(location.c.id == location_id))).one()
    return RegisteredLocation(id=row.id, path=row.path, kind=row.kind)
