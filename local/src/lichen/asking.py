"""The platform asked as somebody, and what it says when it says no."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["Gateway", "Refused", "told"]

WAITS_MAX = 20
"""How often an answer to come later is waited for."""


class Refused(Exception):
    """A service said no, or could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """GraphQL, as somebody with a token."""

    url: str
    token: Callable[[], str]
    """Asked each time: a token lives for minutes, reading may take longer."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    """One for all that is asked: to connect takes longer than most answers."""

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of a query. Refuses: Refused, with the code that the platform gave."""
        body = {"query": document, "variables": variables}
        for _ in range(WAITS_MAX):
            try:
                answer = self.client.post(self.url, json=body, headers={"Authorization": f"Bearer {self.token()}"})
            except httpx.HTTPError as error:
                raise Refused(f"{self.url} can't be asked: {error}") from error
            later = answer.headers.get("Retry-After", "")
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or not later.isdecimal():
                break
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
    try:
        (error,) = answer.json()["errors"]
        said = _said(error)
    except (ValueError, KeyError, TypeError):
        said = f"HTTP {answer.status_code}"
    raise Refused(said)


def _said(error: dict[str, Any]) -> str:
    code = error.get("extensions", {}).get("code", "ERROR")
    return f"{code}: {error['message']}"
