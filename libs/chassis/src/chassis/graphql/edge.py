"""The GraphQL edge: one context a request; one transaction a decision, committed here; refusals become answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

import orjson
import strawberry
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader

from chassis import access
from chassis.access import ANONYMOUS, Principal
from chassis.audit.attempt import Attempt
from chassis.audit.writing import RefusalBound, append, append_refusal, decided_at
from chassis.database import Database
from chassis.graphql.types import Refusal
from chassis.identity import Identity
from chassis.locations import places
from chassis.refusals import (
    IdempotencyKeyMalformed,
    IdempotencyKeyReused,
    NotPermitted,
    NotSignedIn,
    TokenNoLongerActive,
)
from chassis.refusals import Refusal as RefusalError
from chassis.tables import idempotency
from chassis.telemetry import log, span
from contracts.access import INTROSPECTED, Capability

__all__ = ["Info", "Once", "RequestContext"]

IDEMPOTENCY_KEY_MAX = 255
"""Characters."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


Result = TypeVar("Result")
Refused = TypeVar("Refused")
Decided = TypeVar("Decided", bound=Identified)
Disclosed = TypeVar("Disclosed", bound=Identified)

Load = Callable[[AsyncConnection, list[Key]], Awaitable[Sequence[Value]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Once(Generic[Decided]):
    """The same request under the same key is carried out once; again, it gives the same result."""

    key: str
    """Given by the caller, kept 30 days."""
    again: Callable[[AsyncConnection, str], Awaitable[Decided]]
    """Loads the earlier result by its id."""


class _SharedLoader(DataLoader[Key, Value]):
    """A loader whose answers one resolver can't take from the others.

    Where a field is refused, its siblings are cancelled; without the shield, so would be everyone who waits for a key
    of theirs.
    """

    def load(self, key: Key) -> Awaitable[Value]:
        return asyncio.shield(super().load(key))


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """Who asks, and the way to the database with that caller's rights."""

    database: Database
    identity: Identity
    principal: Principal
    root: str
    """Code of the root location."""
    reads: Capability = Capability.READ
    """What this service's queries ask for."""
    refusals: RefusalBound = field(default_factory=RefusalBound)
    """Shared by all requests of the process."""
    resources: Any = None
    """What the service's `opens` gave."""
    _loaders: dict[str, DataLoader[Any, Any]] = field(default_factory=dict)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees what the caller may read; sensitive rows where the caller may read those too."""
        sensitive = access.roots(self.principal, Capability.READ_SENSITIVE)
        async with self.database.transaction(access.roots(self.principal, self.reads), sensitive=sensitive) as tx:
            yield tx

    def loader(self, name: str, load: "Load[Key, Value]") -> "DataLoader[Key, Value]":
        """The request's one loader of that name: keys that resolvers ask for together are loaded in one statement."""
        if name not in self._loaders:

            async def batch(keys: list[Key]) -> Sequence[Value]:
                async with self.reading() as tx:
                    return await load(tx, keys)

            self._loaders[name] = _SharedLoader(load_fn=batch)
        return self._loaders[name]

    def forget(self) -> None:
        """What was loaded before may be true no longer: an earlier mutation, or the event before this one."""
        self._loaders.clear()

    async def may_read(self, location_id: str) -> bool:
        """Whether the caller may read at that location (and not only what is published of it)."""
        return await self.may(self.reads, location_id)

    async def may(self, capability: Capability, location_id: str) -> bool:
        """Whether the caller holds the capability at that location."""
        found = await self.loader("places", places).load(location_id)
        return found is not None and access.can(self.principal, capability, found)

    async def decide(
        self,
        capability: Capability,
        use_case: Callable[[AsyncConnection, Principal, datetime], Awaitable[Decided]],
        *,
        request: object,
        to: Callable[[Decided], Result],
        once: Once[Decided] | None = None,
        refused: Callable[[RefusalError], Refused] = Refusal.of,  # type: ignore[assignment]  # a generic default
    ) -> Result | Refused:
        """Carry out a use case in one transaction that reaches only where the caller holds the capability.

        `request` is the mutation's input. What became of it is on the audit record: done, in the same transaction;
        refused, in one of its own. The same again under an idempotency key is not done a second time, and not recorded.

        Answers with a refusal, in order: NotSignedIn; NotPermitted for a capability that the caller holds nowhere;
        TokenNoLongerActive (capabilities that approve, publish or spend ask the issuer first);
        IdempotencyKeyMalformed; IdempotencyKeyReused; then the use case's own.
        """
        attempt = Attempt(principal=self.principal, capability=capability, request=request)
        decided_at.set(None)
        try:
            with span(f"use case {capability}"):
                principal = await self._principal_for(capability)
                async with self.database.transaction(access.roots(principal, capability)) as tx:
                    decided, is_new = await _carry_out(tx, principal, use_case, request=request, once=once)
                    if is_new:
                        where = decided_at.get() or attempt.location_id or self.root
                        await append(tx, attempt.done(decided, location_id=where))
            self.forget()
            return to(decided)
        except RefusalError as refusal:
            log.info("refused", code=refusal.code, capability=capability, principal=self.principal.name)
            await self._record(refusal, attempt)
            return refused(refusal)

    async def disclose(
        self,
        capability: Capability,
        use_case: Callable[[AsyncConnection, Principal, datetime], Awaitable[Disclosed]],
        *,
        request: object,
    ) -> Disclosed:
        """Carry out a reading whose result leaves as a file: it sees what a query sees, and is on the record.

        `request` is what was asked, as a dataclass named as a mutation's input is. What is public is read by anonymous
        callers too, and of those the record says nothing. Refuses as the use case.
        """
        attempt = Attempt(principal=self.principal, capability=capability, request=request)
        decided_at.set(None)
        try:
            with span(f"use case {type(request).__name__}"):
                async with self.reading() as tx:
                    found = await use_case(tx, self.principal, datetime.now(UTC))
                    if self.principal is not ANONYMOUS:
                        where = decided_at.get() or attempt.location_id or self.root
                        await append(tx, attempt.done(found, location_id=where))
        except RefusalError as refusal:
            log.info("refused", code=refusal.code, capability=capability, principal=self.principal.name)
            await self._record(refusal, attempt)
            raise
        return found

    async def _record(self, refusal: RefusalError, attempt: Attempt) -> None:
        """Put a refusal on the audit record, where there is somebody to name."""
        if self.principal is ANONYMOUS:
            # Anyone on the network could fill the record with these.
            return
        if not self.refusals.admits(self.principal.subject):
            log.warning("refusal not recorded", code=refusal.code, principal=self.principal.name, reason="too many")
            return
        where = decided_at.get() or attempt.location_id or self.root
        await append_refusal(self.database, attempt.refused(refusal, location_id=where), root=self.root)

    async def _principal_for(self, capability: Capability) -> Principal:
        if self.principal is ANONYMOUS:
            raise NotSignedIn(capability=capability)
        if not access.roots(self.principal, capability):
            raise NotPermitted(capability=capability, location_id="any location")
        if capability not in INTROSPECTED:
            return self.principal
        principal = await self.identity.still_holds(self.principal)
        if principal is None:
            raise TokenNoLongerActive(capability=capability)
        return principal


async def _carry_out(
    tx: AsyncConnection,
    principal: Principal,
    use_case: Callable[[AsyncConnection, Principal, datetime], Awaitable[Decided]],
    *,
    request: object,
    once: Once[Decided] | None,
) -> tuple[Decided, bool]:
    """What was decided, and whether it was now: under an idempotency key it may have been earlier."""
    now = datetime.now(UTC)
    if once is None:
        return await use_case(tx, principal, now), True
    if not 1 <= len(once.key) <= IDEMPOTENCY_KEY_MAX:
        raise IdempotencyKeyMalformed(length=len(once.key), longest=IDEMPOTENCY_KEY_MAX)
    request_hash = sha256(
        orjson.dumps(request, default=str, option=orjson.OPT_SORT_KEYS) + type(request).__name__.encode()
    ).hexdigest()
    claim = insert(idempotency).values(
        subject=principal.subject, key=once.key, request_hash=request_hash, result_id="", created_at=now
    )
    # Waits here while another request with this key is under way, so that the two can't both be carried out.
    if not (await tx.execute(claim.on_conflict_do_nothing())).rowcount:
        where = (idempotency.c.subject == principal.subject) & (idempotency.c.key == once.key)
        earlier = (await tx.execute(select(idempotency).where(where))).one()
        if earlier.request_hash != request_hash:
            raise IdempotencyKeyReused(key=once.key)
        return await once.again(tx, earlier.result_id), False
    decided = await use_case(tx, principal, now)
    await tx.execute(
        idempotency.update()
        .where((idempotency.c.subject == principal.subject) & (idempotency.c.key == once.key))
        .values(result_id=decided.id)
    )
    return decided, True


Info = strawberry.Info[RequestContext, None]
