"""Factors that an entity has a licence for: loaded by its technical team, used at it and under it alone."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.access import Principal
from chassis.ids import new_id
from chassis.permission import permitted
from inventory import access
from inventory.domain.errors import ReleaseAlreadyThere
from inventory.domain.private_factors import PrivateRelease, private_release
from inventory.store import private_factors
from inventory.usecases.factors import rows_of
from quantities.person import Person

__all__ = ["add_private_factors", "take_private_factors"]

_HEADERS = frozenset({"category", "item", "unit"})


async def add_private_factors(
    tx: AsyncConnection,
    *,
    principal: Principal,
    now: datetime,
    location_id: str,
    name: str,
    publisher: str,
    licence: str,
    licence_text: str,
    file_name: str,
    content: bytes,
) -> PrivateRelease:
    """Load factors of a location's own. They hold at it and under it, before public ones of the same place.

    Refuses: as `permitted`; as `take_private_factors`.
    """
    await permitted(tx, principal, access.ADD_PRIVATE_FACTORS, location_id=location_id)
    return await take_private_factors(
        tx,
        now=now,
        by=principal.person,
        location_id=location_id,
        name=name,
        publisher=publisher,
        licence=licence,
        licence_text=licence_text,
        file_name=file_name,
        content=content,
    )


async def take_private_factors(
    tx: AsyncConnection,
    *,
    now: datetime,
    by: Person,
    location_id: str,
    name: str,
    publisher: str,
    licence: str,
    licence_text: str,
    file_name: str,
    content: bytes,
) -> PrivateRelease:
    """A file of factors, whole or not at all. The same file under the same name again changes nothing.

    Refuses, in this order: FileTooLarge, BadWorkbook; as `domain.private_factors.private_release`; ReleaseAlreadyThere
    under that name, from another file.
    """
    # open: a part of use cases that have asked for the right, and the operator's own
    rows = tuple(rows_of(content, headers=_HEADERS))
    new, factors = private_release(
        rows,
        release_id=new_id(),
        location_id=location_id,
        name=name,
        publisher=publisher,
        licence=licence,
        licence_text=licence_text,
        file_name=file_name,
        content_hash=sha256(content).hexdigest(),
        by=by,
        at=now,
    )
    earlier = await private_factors.by_name(tx, location_id=location_id, name=name)
    if earlier is not None and earlier.content_hash == new.content_hash:
        return earlier
    if earlier is not None:
        raise ReleaseAlreadyThere(
            subject=name,
            found="a release of this name, from another file",
            expected="a name that was never used",
            message=f"The release {name} is there and never changes; give what is put right another name.",
        )
    await private_factors.add(tx, new, factors)
    return new
