"""Answers nats-server about everybody who comes with a token.

One answer is good for a minute: then nats-server ends the connection, and the client, coming back, is looked at
afresh. So a right that was taken away ends within that minute, and a durable consumer misses nothing meanwhile. Several
of us may answer; nats-server asks one.
"""

import asyncio
import time
from dataclasses import dataclass

import nkeys
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from chassis import locations
from chassis.access import Principal
from chassis.accounts import AUTH_REQUEST_SUBJECT, CALLOUT, stream_name
from chassis.callout.claims import Question, RequestMalformed, admission, answer
from chassis.callout.permissions import Permissions, permissions_of
from chassis.database import Database
from chassis.identity import Identity, InvalidToken
from chassis.jetstream import MAX_AGE
from chassis.telemetry import log

__all__ = ["Callout"]

ADMITTED_S = 60
ANSWER_WITHIN_S = 1.6
"""Before nats-server gives up (`AUTH_TIMEOUT_S`), so that its log has the reason."""
AT_ONCE_MAX = 32
ACK_WAIT_S = 30
PENDING_MAX = 1_000


class Refused(Exception):
    """Nobody to let in; the text is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """One that answers."""

    client: Client
    """Connected as `callout`."""
    issuer: nkeys.KeyPair
    identity: Identity
    database: Database

    async def run(self) -> None:
        """Until cancelled."""
        at_once = asyncio.Semaphore(AT_ONCE_MAX)
        questions = await self.client.subscribe(AUTH_REQUEST_SUBJECT, queue=CALLOUT)
        async with asyncio.TaskGroup() as tasks:
            async for message in questions.messages:
                await at_once.acquire()
                tasks.create_task(self._answer(message)).add_done_callback(lambda _: at_once.release())

    async def _answer(self, message: Msg) -> None:
        try:
            question = Question.read(message.data)
        except RequestMalformed as error:
            log.warning("callout was asked something else", reason=str(error))
            return
        now = int(time.time())
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                user = await self._admission(question, now=now)
            reply = answer(self.issuer, question, now=now, user=user)
        except Refused as error:
            log.info("outsider refused", reason=str(error))
            reply = answer(self.issuer, question, now=now, refusal=str(error))
        except Exception as error:  # noqa: BLE001 - the outermost edge: one question's trouble is not the others'
            log.warning("callout can't say", error=type(error).__name__, reason=str(error))
            reply = answer(self.issuer, question, now=now, refusal="the callout could not find out")
        await message.respond(reply)

    async def _admission(self, question: Question, *, now: int) -> str:
        """Refuses: Refused."""
        principal = await self._principal(question.token)
        roots = {grant.location_id for grant in principal.grants}
        # The path is the register's: what a group says of it is text.
        async with self.database.transaction(roots) as tx:
            places = [place for place in await locations.places(tx, sorted(roots)) if place is not None]
        permissions = permissions_of(principal, places)
        if permissions is None:
            message = f"{principal.name} reads nothing anywhere"
            raise Refused(message)
        await asyncio.gather(
            *(self._keep_consumer(permissions, producer, filters) for producer, filters in permissions.filters.items())
        )
        until = min(now + ADMITTED_S, principal.expires_at or now)
        if until <= now:
            message = "the token is at its end"
            raise Refused(message)
        log.info("outsider let in", name=principal.name, consumer=permissions.consumer, until=until)
        return admission(self.issuer, question, permissions, name=principal.name, now=now, until=until)

    async def _principal(self, token: str) -> Principal:
        """Who it is, with the rights of this moment. Refuses: Refused."""
        if not token:
            message = "no token"
            raise Refused(message)
        try:
            claimed = await self.identity.principal(f"Bearer {token}")
            principal = await self.identity.still_holds(claimed)
        except InvalidToken as error:
            message = "not a token to act on"
            raise Refused(message) from error
        if principal is None:
            message = "the issuer does not vouch for the token"
            raise Refused(message)
        return principal

    async def _keep_consumer(self, permissions: Permissions, producer: str, filters: tuple[str, ...]) -> None:
        """Bring the own consumer to the rights of now. It is made here and never there: see `chassis.accounts`.

        Refuses: Refused when it can't be, so that nobody reads by the rights of yesterday.
        """
        config = ConsumerConfig(
            name=permissions.consumer,
            durable_name=permissions.consumer,
            filter_subjects=list(filters),
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=PENDING_MAX,
            inactive_threshold=MAX_AGE.total_seconds(),
        )
        try:
            await self.client.jetstream(timeout=ANSWER_WITHIN_S).add_consumer(stream_name(producer), config)
        except (NotFoundError, NoRespondersError):
            # The producer has not said anything yet.
            log.info("no stream to read", producer=producer)
        except APIError as error:
            message = f"the consumer of {producer} can't be kept: {error.description}"
            raise Refused(message) from error
