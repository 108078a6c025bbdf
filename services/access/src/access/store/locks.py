"""One at a time, where what is decided rests on what is there."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["lock", "try_lock"]


async def lock(tx: AsyncConnection, key: str) -> None:
    """Until the transaction ends, nobody else holds this key. FOR UPDATE would need the right to update."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def try_lock(tx: AsyncConnection, key: str) -> bool:
    """Whether the key is this transaction's until its end; another holder's is not waited for."""
    return bool(await tx.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}))
