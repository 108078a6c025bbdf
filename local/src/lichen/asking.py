"""The platform asked as somebody, and what it says when it says no."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["Gateway", "Refused", "told"]

WAITS_MAX = 20
"""How often an answer to come later is waited for."""
WAIT_MAX_S = 90
"""How long for one: limits are by the minute, so whoever asks for more means something else."""


class Refused(Exception):
    """A service said no, or could not be asked."""


_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """GraphQL, as somebody with a token."""

    url: str
    token: Callable[[], str]
    """Asked each time: a token lives for minutes, reading may take longer."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    """One for all that is asked: to connect takes longer than most answers."""

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of a query. An answer to come later is waited for, WAITS_MAX times for WAIT_MAX_S at most.

        Refuses: Refused, with the code that the platform gave.
        """
        body = {"query": document, "variables": variables}
        for _ in range(WAITS_MAX):
            try:
                answer = self.client.post(self.url, json=body, headers={"Authorization": f"Bearer {self.token()}"})
            except httpx.HTTPError as error:
                raise Refused(f"{self.url} can't be asked: {error}") from error
            later = answer.headers.get("Retry-After", "")
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or not later.isdecimal():
                break
            if len(later) > _DIGITS_MAX or int(later) > WAIT_MAX_S:
                raise Refused(f"{_told_no(answer)} (it answers in {later[:20]} s; {WAIT_MAX_S} s are waited at most)")
            # Whoever reads page by page asks faster than a machine may.
            time.sleep(int(later))
        content = told(answer).json()
        if errors := content.get("errors"):
            raise Refused(_said(errors[0]))
        data: dict[str, Any] = content["data"]
        return data


def told(answer: httpx.Response) -> httpx.Response:
    """An answer that is no refusal. Refuses: Refused."""
    if answer.is_success:
        return answer
    raise Refused(_told_no(answer))


def _told_no(answer: httpx.Response) -> str:
    try:
        (error,) = answer.json()["errors"]
        return _said(error)
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _said(error: dict[str, Any]) -> str:
    code = error.get("extensions", {}).get("code", "ERROR")
    return f"{code}: {error['message']}"
