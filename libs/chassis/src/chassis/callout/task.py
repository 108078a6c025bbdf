"""The callout beside a service's requests and events."""

import asyncio

from chassis.accounts import CALLOUT
from chassis.callout.responder import Callout
from chassis.callout.settings import CalloutSettings
from chassis.identity import Identity
from chassis.jetstream import connect
from chassis.keys import key_pair
from chassis.service import Runtime
from chassis.telemetry import log

__all__ = ["answer_for_outsiders"]


async def answer_for_outsiders(runtime: Runtime) -> None:
    """Until cancelled; raises while NATS is down at first. Without its seeds nobody outside is let in."""
    settings = runtime.settings
    if (
        not isinstance(settings, CalloutSettings)
        or settings.nats_callout_seed is None
        or settings.nats_issuer_seed is None
    ):
        log.warning("the callout has no seeds: nobody outside is let in to NATS")
        await asyncio.get_running_loop().create_future()
        return
    client = await connect(settings, name=CALLOUT, seed=settings.nats_callout_seed)
    try:
        await Callout(
            client=client,
            issuer=key_pair(settings.nats_issuer_seed.get_secret_value()),
            identity=Identity(settings),
            database=runtime.database,
        ).run()
    finally:
        await client.close()
