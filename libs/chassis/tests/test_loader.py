import asyncio

import pytest

from chassis.graphql.edge import _SharedLoader


async def test_who_is_cancelled_takes_nothing_from_others_that_wait_for_the_same_key():
    async def batch(keys):
        await asyncio.sleep(0.01)
        return [f"found {key}" for key in keys]

    loader = _SharedLoader(load_fn=batch)

    async def resolve():
        return await loader.load("a")

    refused, sibling = asyncio.create_task(resolve()), asyncio.create_task(resolve())
    await asyncio.sleep(0)
    refused.cancel()

    assert await sibling == "found a"
    with pytest.raises(asyncio.CancelledError):
        await refused
