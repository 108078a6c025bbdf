"""The platform asked as somebody, and what it says when it says no."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["Gateway", "Refused", "told"]


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
        headers = {"Authorization": f"Bearer {self.token()}"}
        body = {"query": document, "variables": variables}
        try:
            answer = self.client.post(self.url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Refused(f"{self.url} can't be asked: {error}") from error
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
    return f"{error['extensions']['code']}: {error['message']}"
