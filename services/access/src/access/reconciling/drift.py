"""What the directory has otherwise than the record."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from access.directory.interface import MACHINE, Directory, DirectoryPerson, Group, GroupTree, NotInDirectory
from access.roles import group_path, rules
from access.store import effects
from access.store.effects import MISSING, UNRECORDED, Drift
from access.store.locations import RegisteredLocation
from chassis.database import Database

__all__ = ["compare", "keep"]

AT_ONCE = 8
"""Calls to the directory under way at a time."""


async def compare(
    database: Database,
    directory: Directory,
    tree: GroupTree,
    registered: Sequence[RegisteredLocation],
    *,
    root: str,
) -> list[Drift]:
    """Roles that a person has in one of the two alone. Reads the members of every role's group."""
    began = datetime.now(UTC)
    places = [
        (location.id, role, group)
        for location in registered
        for role in sorted(rules.at(location.kind, is_root=location.is_root))
        if (group := tree.by_path.get(group_path(role, location.path))) is not None
    ]
    members = await _members_of(directory, [group for _, _, group in places])
    in_directory = {
        (location_id, role, person.subject): person
        for (location_id, role, _), people in zip(places, members, strict=True)
        for person in people
        if not person.user_name.startswith(MACHINE)
    }
    async with database.transaction([root]) as tx:
        recorded = await effects.standing(tx, at=began, told_since=began)
    known = {(each.location_id, each.role, each.subject) for each in recorded}
    unrecorded = [
        Drift(location_id=key[0], role=key[1], subject=key[2], user_name=person.user_name, kind=UNRECORDED)
        for key, person in in_directory.items()
        if key not in known
    ]
    missing = {
        (each.location_id, each.role, each.subject): Drift(
            location_id=each.location_id,
            role=each.role,
            subject=each.subject,
            user_name=each.user_name,
            kind=MISSING,
        )
        for each in recorded
        # What the directory was told since the reading began, it may have got after it was read.
        if each.is_active and each.joined_at is not None and each.joined_at < began
    }
    return [*unrecorded, *(drift for key, drift in missing.items() if key not in in_directory)]


async def _members_of(directory: Directory, groups: Sequence[Group]) -> list[tuple[DirectoryPerson, ...]]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def members(group: Group) -> tuple[DirectoryPerson, ...]:
        async with turn:
            try:
                return await directory.members(group)
            except NotInDirectory:
                # It was taken away since the tree was read.
                return ()

    return list(await asyncio.gather(*map(members, groups)))


async def keep(database: Database, found: Sequence[Drift], *, root: str, at: datetime) -> None:
    """Keep what is new, and of what was seen before, when it was over."""
    async with database.transaction([root]) as tx:
        before = await effects.drift_now(tx)
        now, known = {each.key for each in found}, {each.key for each in before}
        for each in found:
            if each.key not in known:
                await effects.add_drift(tx, each, at=at)
        await effects.end_drift(tx, [each for each in before if each.key not in now], at=at)
