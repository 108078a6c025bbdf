"""The GraphQL edge: one context a request; one transaction a decision, committed here; refusals become answers."""

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

Load = Callable[[AsyncConnection, list[Key]], Awaitable[Sequence[Value]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Once(Generic[Decided]):
    """The same request under the same key is carried out once; again, it gives the same result."""

    key: str
    """Given by the caller, kept 30 days."""
    request: object
    """What was asked: a strawberry input."""
    again: Callable[[AsyncConnection, str], Awaitable[Decided]]
    """Loads the earlier result by its id."""


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

            self._loaders[name] = DataLoader(load_fn=batch)
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
        to: Callable[[Decided], Result],
        once: Once[Decided] | None = None,
        refused: Callable[[RefusalError], Refused] = Refusal.of,  # type: ignore[assignment]  # a generic default
    ) -> Result | Refused:
        """Carry out a use case in one transaction that reaches only where the caller holds the capability.

        Answers with a refusal, in order: NotSignedIn; NotPermitted for a capability that the caller holds nowhere;
        TokenNoLongerActive (capabilities that approve, publish or spend ask the issuer first);
        IdempotencyKeyMalformed; IdempotencyKeyReused; then the use case's own.
        """
        try:
            with span(f"use case {capability}"):
                principal = await self._principal_for(capability)
                async with self.database.transaction(access.roots(principal, capability)) as tx:
                    if once is None:
                        decided = await use_case(tx, principal, datetime.now(UTC))
                    else:
                        decided = await _once(tx, principal, use_case, once)
            self.forget()
            return to(decided)
        except RefusalError as refusal:
            log.info("refused", code=refusal.code, capability=capability, principal=self.principal.name)
            return refused(refusal)

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


async def _once(
    tx: AsyncConnection,
    principal: Principal,
    use_case: Callable[[AsyncConnection, Principal, datetime], Awaitable[Decided]],
    once: Once[Decided],
) -> Decided:
    if not 1 <= len(once.key) <= IDEMPOTENCY_KEY_MAX:
        raise IdempotencyKeyMalformed(length=len(once.key), longest=IDEMPOTENCY_KEY_MAX)
    now = datetime.now(UTC)
    request_hash = sha256(
        orjson.dumps(once.request, default=str, option=orjson.OPT_SORT_KEYS) + type(once.request).__name__.encode()
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
        return await once.again(tx, earlier.result_id)
    decided = await use_case(tx, principal, now)
    await tx.execute(
        idempotency.update()
        .where((idempotency.c.subject == principal.subject) & (idempotency.c.key == once.key))
        .values(result_id=decided.id)
    )
    return decided


Info = strawberry.Info[RequestContext, None]
