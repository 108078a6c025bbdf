"""Making the directory say what the record says: level-triggered, so that nothing is lost by being away.

Two loops. The quick one looks for memberships of which the directory was not told what holds now (decided, begun,
ended, expired) and tells it. The sweep compares the whole directory with the record: it makes the groups of new
locations, and lists what was changed by hand. Of several processes one works at a time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from access import outgoing
from access.directory.interface import Directory, DirectoryAway, GroupTree, NotInDirectory
from access.domain.membership import State
from access.reconciling import drift as drifting
from access.reconciling import groups
from access.reconciling.adopting import adopt
from access.roles import group_path
from access.store import effects, locations
from access.store.locations import RegisteredLocation
from access.store.locks import try_lock
from chassis import outbox
from chassis.database import Database
from chassis.locations import place
from chassis.telemetry import log, span

__all__ = ["Worker"]

BATCH = 50
"""Memberships told in one look."""
RETRY_MIN_S, RETRY_MAX_S = 1.0, 60.0
PUT_OFF_S = 60.0


@dataclass(slots=True, kw_only=True)
class Worker:
    """Keeps one directory in step with one record."""

    database: Database
    directory: Directory
    root: str
    apply_interval_s: float
    sweep_interval_s: float
    drift: str
    """report, restore, undo or adopt"""
    _put_off: dict[str, float] = field(default_factory=dict)
    """Memberships of persons whom the directory does not have, and until when they wait."""
    _seen: frozenset[tuple[str, str]] = frozenset()
    """Locations and their paths at the last look."""
    _placed: frozenset[tuple[str, str]] = frozenset()
    """Those whose groups are in place."""
    _sweep_now: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Both loops, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._forever(self.apply, interval_s=self.apply_interval_s))
            loops.create_task(self._forever(self.sweep, interval_s=self.sweep_interval_s, wake=self._sweep_now))

    async def apply(self) -> int:
        """Make the groups of new locations, and tell the directory of at most a batch of memberships.

        Returns of how many. Raises DirectoryAway.
        """
        await self._follow_register()
        now = time.monotonic()
        self._put_off = {key: until for key, until in self._put_off.items() if until > now}
        async with self.database.transaction([self.root]) as tx:
            due = await effects.to_apply(tx, at=datetime.now(UTC), limit=BATCH, besides=self._put_off)
        told = 0
        for membership, _ in due:
            told += await self._tell(membership.id)
        return told

    async def _tell(self, membership_id: str) -> bool:
        """Whether the directory was told. Telling it twice changes nothing; recording that twice would."""
        async with self._mine(f"membership {membership_id}") as tx:
            if tx is None:
                return False
            now = datetime.now(UTC)
            due = await effects.to_apply(tx, at=now, limit=1, only=membership_id)
            if not due:
                return False
            ((membership, effect),) = due
            where = await place(tx, membership.location_id)
            if where is None:
                message = f"membership {membership_id} is at {membership.location_id}, which is not registered"
                raise RuntimeError(message)
            path = group_path(membership.role, where.path)
            with span(f"tell directory {effect}"):
                try:
                    if effect == effects.JOINED:
                        await self._join(membership.member.subject or "", path)
                    elif not await effects.is_covered(tx, membership, at=now):
                        await self.directory.leave(membership.member.subject or "", path)
                except NotInDirectory:
                    log.warning("directory has no such person")
                    self._put_off[membership_id] = time.monotonic() + PUT_OFF_S
                    return False
            await effects.add_effect(tx, membership, effect, at=datetime.now(UTC))
            if effect == effects.LEFT and membership.state_at(now) is State.EXPIRED:
                await outbox.add(tx, outgoing.membership_expired(membership, at=now), now=now)
        log.info("directory told", effect=effect)
        return True

    async def _join(self, subject: str, path: str) -> None:
        """Raises NotInDirectory where the person is gone."""
        try:
            await self.directory.join(subject, path)
        except NotInDirectory:
            # Or the group of a location that was registered a moment ago is not there yet.
            await self._put_groups()
            await self.directory.join(subject, path)

    async def _follow_register(self) -> None:
        """Put the groups of locations in place that are registered, or elsewhere, since the last time.

        Locations come in crowds: a look without a change comes first.
        """
        async with self.database.transaction([self.root]) as tx:
            registered = frozenset((each.id, each.path) for each in await locations.registered(tx))
        is_quiet, self._seen = registered == self._seen, registered
        if is_quiet and registered != self._placed:
            await self._put_groups()
            self._placed = registered
            self._sweep_now.set()

    async def _put_groups(self) -> tuple[GroupTree, list[RegisteredLocation]]:
        """The group tree as the register has it; what nothing asks for stays."""
        async with self.database.transaction([self.root]) as tx:
            registered = await locations.registered(tx)
        tree = await self.directory.groups()
        plan = groups.plan_groups(tree, registered)
        if plan.moves or plan.creations:
            tree = await groups.carry_out(self.directory, tree, plan, prune=False)
            log.info("groups put in place", moved=len(plan.moves), made=len(plan.creations))
        return tree, registered

    async def sweep(self) -> None:
        """Make the groups that lack, and list what the directory has otherwise. Raises DirectoryAway."""
        async with self._mine("sweep") as held:
            if held is None:
                return
            tree, registered = await self._put_groups()
            found = await drifting.compare(self.database, self.directory, tree, registered, root=self.root)
            await drifting.keep(self.database, found, root=self.root, at=datetime.now(UTC))
            await self._mend(found, registered)

    async def _mend(self, found: list[effects.Drift], registered: list[RegisteredLocation]) -> None:
        """As configured: put back what was taken away by hand; take away, or record, what was given by hand."""
        paths = {location.id: location.path for location in registered}
        for each in found:
            path = group_path(each.role, paths[each.location_id])
            if each.kind == effects.MISSING and self.drift in {"restore", "undo", "adopt"}:
                await self._join(each.subject, path)
            elif each.kind == effects.UNRECORDED and self.drift == "adopt":
                await adopt(self.database, [each], root=self.root, at=datetime.now(UTC))
            elif each.kind == effects.UNRECORDED and self.drift == "undo":
                await self.directory.leave(each.subject, path)
            else:
                continue
            log.warning("change by hand settled", how=self.drift, kind=each.kind)

    @asynccontextmanager
    async def _mine(self, what: str) -> AsyncIterator[AsyncConnection | None]:
        """A transaction that sees all, with this work to itself; None where another process has it."""
        async with self.database.transaction([self.root]) as tx:
            yield tx if await try_lock(tx, f"worker {what}") else None

    async def _forever(
        self, work: Callable[[], Awaitable[object]], *, interval_s: float, wake: asyncio.Event | None = None
    ) -> None:
        wait_s = interval_s
        while True:
            try:
                await work()
                wait_s = interval_s
            except (DirectoryAway, NotInDirectory) as error:
                wait_s = min(max(2 * wait_s, RETRY_MIN_S), max(RETRY_MAX_S, interval_s))
                log.warning("directory away", error=type(error).__name__, reason=str(error), again_in_s=wait_s)
            if wake is None:
                await asyncio.sleep(wait_s)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), wait_s)
            wake.clear()
