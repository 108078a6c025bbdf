"""Files on their way in: so many at once, that they have room in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from inventory.domain.errors import UploadsBusy

__all__ = ["Uploads"]


class Uploads:
    """Counts them."""

    def __init__(self, *, most: int = 3) -> None:
        self._most = most
        self._now = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """While one more comes in. Refuses: UploadsBusy."""
        if self._now >= self._most:
            raise UploadsBusy(
                subject="uploads",
                found=f"{self._now} files are coming in",
                expected=f"at most {self._most} at once",
                message="Other files are coming in; send yours again in a moment.",
            )
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1
