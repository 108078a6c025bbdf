"""Whether the issuer still vouches for those who ask again or keep a socket open: asked once in a while for each token.

A right that was taken away stops then, and not only when the token ends.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

from chassis.access import ANONYMOUS, Principal
from chassis.identity import CACHE_MAX, Identity, InvalidToken, IssuerAway

__all__ = ["Standing", "Vouched"]

RETRY_S = 10.0
"""How long an issuer that could not be asked is left alone by requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The issuer's word at one moment."""

    principal: Principal | None
    """With the rights that it had then; None when the token was no longer active."""
    at: float
    """When it was asked, by the event loop's clock."""


class Standing:
    """What the issuer says of tokens. All requests and sockets of one token share its answers."""

    def __init__(self, identity: Identity, *, fresh_s: float) -> None:
        self._identity = identity
        self._fresh_s = fresh_s
        self._answers: OrderedDict[str, Vouched] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Vouched]] = {}
        self._away_until = 0.0

    async def now(self, principal: Principal) -> Principal:
        """The principal with its rights of the last `fresh_s` seconds; a token as young as that speaks for itself.

        While the issuer can't be asked, a verified token stands for what it says: it has minutes to live.
        Refuses: InvalidToken for one that is no longer active.
        """
        if principal is ANONYMOUS or time.time() < principal.issued_at + self._fresh_s:
            return principal
        clock = asyncio.get_running_loop().time
        if clock() < self._away_until:
            return principal
        try:
            vouched = await self.of(principal)
        except IssuerAway:
            self._away_until = clock() + RETRY_S
            return principal
        if vouched.principal is None:
            raise InvalidToken
        return vouched.principal

    async def of(self, principal: Principal) -> Vouched:
        """The issuer's word of the last `fresh_s` seconds. Refuses: IssuerAway."""
        token = principal.token or ""
        known = self._answers.get(token)
        if known is not None and asyncio.get_running_loop().time() < known.at + self._fresh_s:
            return known
        if token not in self._asking:
            asking = asyncio.create_task(self._ask(principal, token))
            asking.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._asking[token] = asking
        return await asyncio.shield(self._asking[token])

    async def _ask(self, principal: Principal, token: str) -> Vouched:
        try:
            at = asyncio.get_running_loop().time()
            answer = Vouched(principal=await self._identity.introspected(principal), at=at)
        finally:
            del self._asking[token]
        self._answers[token] = answer
        self._answers.move_to_end(token)
        while len(self._answers) > CACHE_MAX:
            self._answers.popitem(last=False)
        return answer
