"""Contents of files by their SHA-256, in a bucket or a folder: written once, never changed, never deleted from here.

The store is asked from threads of ours. Its own asynchronous calls end in threads that come back to Python, and where
Python has ended meanwhile, abort: one process in six that ended after it had put something.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from inventory.domain.evidence import digest

__all__ = ["Vault"]


class Vault:
    """One store of contents. Equal contents are kept once; who may see them is the database's business."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(
        cls,
        url: str | None,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        key_id: str | None = None,
        secret: str | None = None,
    ) -> "Vault":
        """The one at that address: file:///folder or s3://bucket/prefix."""
        if url is None or not url.startswith("s3:"):
            return cls(LocalStore.from_url(url or "", mkdir=True))
        # Without keys of its own it takes what the machine gives: a role of the pod, or AWS_… variables.
        given = {"endpoint": endpoint, "region": region, "access_key_id": key_id, "secret_access_key": secret}
        more: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        allow_http = (endpoint or "").startswith("http://")
        return cls(S3Store.from_url(url, client_options={"allow_http": allow_http, "timeout": "30s"}, **more))

    @classmethod
    def in_memory(cls) -> "Vault":
        """For tests, and for what is to leave nothing behind."""
        return cls(MemoryStore())

    async def put(self, content: bytes) -> str:
        """Keep contents; their SHA-256. The same again changes nothing."""
        key = digest(content)
        try:
            await asyncio.to_thread(obstore.put, self._store, _path(key), content, mode="create")
        except AlreadyExistsError:
            # It may be a damaged copy: then this one mends it.
            if await self.get(key) != content:
                await asyncio.to_thread(obstore.put, self._store, _path(key), content, mode="overwrite")
        return key

    async def get(self, key: str) -> bytes | None:
        """Contents as they are stored, None where there are none."""
        try:
            return await asyncio.to_thread(lambda: bytes(obstore.get(self._store, _path(key)).bytes()))
        except (NotFoundError, FileNotFoundError):
            return None

    async def stored(self) -> AsyncIterator[str]:
        """Everything that is stored."""
        async for group in obstore.list(self._store, prefix="sha256"):
            for found in group:
                yield str(found["path"]).rpartition("/")[2]


def _path(key: str) -> str:
    """Folders of two letters, so that none has millions of files."""
    return f"sha256/{key[:2]}/{key[2:4]}/{key}"
